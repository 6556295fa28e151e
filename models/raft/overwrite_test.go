package raft

import (
	"fmt"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"faultline/models/store"
	"faultline/sim"
)

// An overwriting replica lets the library hold its elections: it overwrites the
// timeout that the library drew from crypto/rand by the one that this package
// drew, and calls Tick. It also shows the library every heartbeat at once. It reaches into unexported fields of the library. If they
// are renamed this test says so; then see whether TickQuiesced, which is marked
// as deprecated, still does what election.go takes it to do.
type overwriting struct{ *replica }

func (o overwriting) Timer(e sim.Env, t sim.TimerID) {
	if t != o.ticker || o.leads() || o.node == nil {
		o.replica.Timer(e, t)
		return
	}
	defer o.guard(e)
	o.ticker = e.After(o.tickTime)
	if o.settling != 0 {
		o.settle(e)
	}
	o.age++
	o.rejected = rejection{}
	library := reflect.ValueOf(o.node).Elem().FieldByName("raft").Elem()
	*field(library, "randomizedElectionTimeout") = o.election.patient
	o.node.Tick()
	o.settle(e)
}

func (o overwriting) Receive(e sim.Env, from sim.NodeID, msg any) {
	o.replica.Receive(e, from, msg)
	if o.node != nil && o.quiet.beat != nil {
		o.quiet.catchUp(o.node)
		o.settle(e)
	}
}

// field returns where an unexported int of the library is kept.
func field(of reflect.Value, name string) *int {
	v := of.FieldByName(name)
	if v.Kind() != reflect.Int {
		panic(fmt.Sprintf("the library has no int field %s any more", name))
	}
	return (*int)(unsafe.Pointer(v.UnsafeAddr()))
}

// An unsteady wire is cut here and there, so that there are many elections.
type unsteady struct {
	rand *sim.Stream
	deaf [5]bool
}

func (w *unsteady) Carry(from, to sim.NodeID, _ any) sim.Fate {
	if w.deaf[from] || w.deaf[to] || w.rand.Chance(0.02) {
		return sim.Lost
	}
	return sim.Arrives(time.Millisecond + time.Duration(w.rand.IntN(int(30*time.Millisecond))))
}

// elections returns the trace hash of a run full of elections, and how many there were.
func elections(seed uint64, set store.Values, wrap func(*replica) sim.Handler) (hash uint64, held int) {
	s := sim.New(seed)
	defer s.Close()
	w := &unsteady{rand: s.Stream("wire")}
	s.Use(w)
	cfg := store.Config{Master: sim.None, Values: Model.Defaults(set)}
	for i := range sim.NodeID(5) {
		cfg.Replicas = append(cfg.Replicas, i)
	}
	replicas := [5]*replica{}
	for i, id := range cfg.Replicas {
		s.Add(id, func() sim.Handler {
			replicas[i] = newReplica(cfg, id)
			return wrap(replicas[i])
		})
	}
	s.Go(sim.None, "faults", func(p *sim.Proc) {
		for {
			p.Sleep(time.Duration(p.Rand().IntN(int(3 * time.Second))))
			victim := p.Rand().IntN(5)
			w.deaf[victim] = !w.deaf[victim]
			if p.Rand().Chance(0.2) {
				s.Crash(sim.NodeID(victim), sim.LoseUnsynced)
				s.Restart(sim.NodeID(victim))
			}
		}
	})
	s.Run(sim.Time(2 * time.Minute))
	for _, r := range replicas {
		held = max(held, int(r.term))
	}
	return s.Hash(), held
}

// Elections that are counted outside the library are those that it would hold
// itself, with the same timeouts: the same events at the same instants.
func TestElectionsAreThoseOfTheLibrary(t *testing.T) {
	total := 0
	for i, set := range []store.Values{
		nil,
		{"prevote": false},
		{"check_quorum": false},
		{"prevote": false, "check_quorum": false},
		{"heartbeat": 20 * time.Millisecond, "election_timeout": 100 * time.Millisecond},
	} {
		for seed := range uint64(6) {
			ours, held := elections(seed, set, func(r *replica) sim.Handler { return r })
			theirs, _ := elections(seed, set, func(r *replica) sim.Handler { return overwriting{r} })
			if ours != theirs {
				t.Errorf("variant %d, seed %d: trace %x, by the library %x", i, seed, ours, theirs)
			}
			total += held
		}
	}
	t.Logf("%d terms", total)
	if total < 500 {
		t.Errorf("only %d terms: this shows little", total)
	}
}
