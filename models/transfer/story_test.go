package transfer_test

import (
	"slices"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/experiments"
	"faultline/models/store"
	"faultline/models/store/storetest"
	"faultline/models/transfer"
)

// Machines are a, the coordinator, b, the debit bank, and c, the credit bank. Every
// second credit is refused.
func newStage(t *testing.T, set store.Values) *storetest.Stage {
	values := store.Values{"refuse": 2}
	for name, v := range set { // any order: a copy of a map is a map
		values[name] = v
	}
	return storetest.NewStage(t, &transfer.Model, 3, "", values)
}

// balance returns the transfers in the account at a bank.
func balance(s *storetest.Stage, bank string) []int64 { return s.Holds(bank).List }

// A saga shows a debit that is refunded later; two-phase commit does not.
func TestDirtyRead(t *testing.T) {
	for _, c := range []struct {
		commit string
		dirty  bool
	}{{"saga", true}, {"two-phase", false}} {
		s := newStage(t, store.Values{"commit": c.commit})
		refused := s.Send("a", s.Request(history.Append, 2))
		s.Do("run 2500us") // it is on its way to the credit bank
		read := s.Ask("b", s.Request(history.Read, 0))
		if got := len(read.Value.List) > 0; got != c.dirty || read.Status != history.OK {
			t.Errorf("%s: while it is under way a read shows %v (%v), want a dirty one: %v", c.commit, read.Value, read.Status, c.dirty)
		}
		if r := s.Reply(refused); r.Status != history.Failed {
			t.Errorf("%s: a transfer that is refused: %v", c.commit, r.Status)
		}
		s.Do("run 10ms")
		if b, cr := balance(s, "b"), balance(s, "c"); len(b)+len(cr) > 0 {
			t.Errorf("%s: in the end the accounts hold %v and %v, want nothing", c.commit, b, cr)
		}
	}
}

// Both banks are prepared, and the coordinator is down: reads wait until it is back.
// What it had not decided on is aborted.
func TestTwoPhaseCommitBlocks(t *testing.T) {
	s := newStage(t, store.Values{"commit": "two-phase"})
	s.Send("a", s.Request(history.Append, 1))
	s.Do("run 2500us", "crash a")
	read := s.Send("b", s.Request(history.Read, 0))
	s.Do("run 10s")
	if r := s.Replied(read); r.Status != history.Unknown {
		t.Errorf("a read of an account that is in doubt is answered: %v %v", r.Status, r.Value)
	}
	s.Do("restart a", "run 1s")
	if r := s.Replied(read); r.Status != history.OK || len(r.Value.List) > 0 {
		t.Errorf("once the coordinator is back: %v %v, want an empty account", r.Status, r.Value)
	}
}

// The decision is in the log and the client has its answer, but the banks were not
// told: when the coordinator is back, both carry it out.
func TestDecisionSurvivesTheCoordinator(t *testing.T) {
	s := newStage(t, store.Values{"commit": "two-phase"})
	charge := s.Send("a", s.Request(history.Append, 1))
	s.Do("run 5ms", "cut a b", "cut a c", "run 1ms")
	if s.Replied(charge).Status != history.OK {
		t.Fatalf("not decided after 6 ms: %v", s.Replied(charge))
	}
	s.Do("crash a", "run 1s", "heal", "restart a", "run 1s")
	if b, c := balance(s, "b"), balance(s, "c"); !slices.Equal(b, []int64{1}) || !slices.Equal(c, b) {
		t.Errorf("the accounts hold %v and %v, want the transfer in both", b, c)
	}
}

// The answer to a refund is lost, so it is asked for again. A bank that gives as
// often as it is asked makes money; one ask too few loses it.
func TestCompensation(t *testing.T) {
	for _, c := range []struct {
		how  string
		want int // transfers in the debit bank's account
	}{{"forever", 0}, {"once", 1}, {"blindly", 1}} {
		s := newStage(t, store.Values{"compensate": c.how})
		s.Send("a", s.Request(history.Append, 2))
		switch c.how {
		case "once": // the ask is lost
			s.Do("run 3500us", "cut a b", "run 10ms", "heal")
		default: // the answer is
			s.Do("run 5500us", "cut a b", "run 10ms", "heal")
		}
		s.Do("run 2s")
		if got := balance(s, "b"); len(got) != c.want {
			t.Errorf("%s: the account of the debit bank holds %v, want %d", c.how, got, c.want)
		}
	}
}

// With refusals and random faults no money is lost or made, in either protocol.
func TestMoneyIsConserved(t *testing.T) {
	for _, commit := range []string{"saga", "two-phase"} {
		refusals := 0
		for seed := range uint64(15) {
			set := store.Values{"commit": commit, "refuse": 3}
			sc := storetest.Harm(storetest.Scenario(&transfer.Model, set, seed), seed)
			sc.Policy.MaxAttempts = 3
			sc.Settle = 20 * time.Second
			row := experiments.Score(sc, experiments.Run(sc, seed))
			if got := row.Verdicts[experiments.PropConverges]; got != "holds" {
				t.Errorf("%s, seed %d: %s: %s", commit, seed, got, row.Evidence[experiments.PropConverges])
			}
			if commit == "two-phase" && (row.Metrics["dirty"] > 0 || row.Verdicts[experiments.PropLinearizable] != "holds") {
				t.Errorf("%s, seed %d: %v dirty reads; linearizable %s", commit, seed, row.Metrics["dirty"], row.Evidence[experiments.PropLinearizable])
			}
			refusals += row.Ops.Failed
		}
		if refusals == 0 {
			t.Errorf("%s: nothing was refused", commit)
		}
	}
}
