package service

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/net/call"
	"faultline/net/policy"
	"faultline/sim"
)

const ms = time.Millisecond

func configOf(replicas int) store.Config {
	c := store.Config{Master: sim.None, Values: store.Values{}}
	for id := range sim.NodeID(replicas) {
		c.Replicas = append(c.Replicas, id)
	}
	return c
}

// A back is the only replica of a store, or of a service played by hand: it acts on each request
// as its script says: ok, no (it refuses) or silence, each after a millisecond. The last act is for all that follow.
type back struct {
	stage  *stage
	script []string
	due    map[sim.TimerID]func()
}

func (b *back) Start(sim.Env)                  { b.due = map[sim.TimerID]func(){} }
func (b *back) Timer(_ sim.Env, t sim.TimerID) { b.due[t]() }
func (b *back) Receive(e sim.Env, from sim.NodeID, msg any) {
	if _, is := msg.(call.Cancel); is {
		b.stage.note("store is told to stop")
		return
	}
	req := msg.(*store.Request)
	act := b.script[0]
	if len(b.script) > 1 {
		b.script = b.script[1:]
	}
	b.stage.note("store gets %v %v attempt %d: %s", req.Kind, req.Token, req.Attempt, act)
	b.due[e.After(ms)] = func() {
		switch act {
		case "ok":
			e.Send(from, req.Answer(history.Num(7), history.Version{}))
		case "no":
			e.Send(from, req.Refuse(sim.None))
		}
	}
}

// A stage is where stories about a graph play: the store's replica is node 0, the
// services' are those after it, and the client is told what becomes of its requests.
type stage struct {
	*sim.Sim
	world *world
	log   []string
	asked call.ID
}

const client = 50

func newStage(t *testing.T, g *Graph, script ...string) *stage {
	t.Helper()
	if err := g.Check(len(script) > 0); err != nil {
		t.Fatal(err)
	}
	s := &stage{Sim: sim.New(1)}
	leaf := &store.Model{
		Name: "back", Kinds: []history.Kind{history.Read, history.Write},
		AppliesOnce: func(store.Config) bool { return true },
		Replica:     func(store.Config, sim.NodeID) sim.Handler { return &back{stage: s, script: script} },
		Route:       func(c store.Config, _ *history.Op, _ *store.View) []sim.NodeID { return c.Replicas },
	}
	below := min(len(script), 1)
	s.world = &world{Graph: g, leaf: leaf, below: below}
	c := configOf(below + g.Nodes())
	for _, id := range c.Replicas {
		s.Add(id, func() sim.Handler { return s.world.replica(c, id) })
		if i := int(id) - below; i >= 0 {
			if sv, _ := g.Of(i); sv.Server != nil {
				s.SetServer(id, *sv.Server)
			}
		}
	}
	s.AddDesk(client, func(msg any) *sim.Proc {
		r := msg.(*store.Reply)
		s.note("client hears of %d: %v %d", r.ID, r.Status, r.Value.Num)
		return nil
	})
	s.Run(0)
	return s
}

func (s *stage) note(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf("%d: ", s.Now()/sim.Time(ms))+fmt.Sprintf(format, args...))
}

// ask sends a request to the first replica of the first service at an instant, in ms.
func (s *stage) ask(at int, kind history.Kind) {
	s.asked++
	req := &store.Request{Kind: kind, Key: "x", In: history.Num(9)}
	req.ID, req.Attempt, req.Token = s.asked, 1, call.Token{Client: client, Seq: uint64(s.asked)}
	s.At(sim.Time(at)*sim.Time(ms), func() { s.Inject(client, sim.NodeID(s.world.below), req) })
}

func (s *stage) expect(t *testing.T, want ...string) {
	t.Helper()
	s.Run(s.Now().Add(10 * time.Second))
	s.Close()
	if !slices.Equal(s.log, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(s.log, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// timed makes every service take so many ms for each request.
func timed(g *Graph, takes int) *Graph {
	for i := range g.Services {
		g.Services[i].Server = &sim.Server{Service: exactly(takes)}
	}
	return g
}

type exactly int

func (e exactly) Sample(uint64) time.Duration { return time.Duration(e) * ms }

func attempts(n int) policy.Policy {
	return policy.Policy{Retry: policy.Retry{MaxAttempts: n, AttemptTimeout: 20 * ms}}
}

// each sets something of all calls of a graph.
func each(g *Graph, set func(*Call)) *Graph {
	for i := range g.Services {
		for _, c := range g.Services[i].calls() {
			c.Policy = attempts(1)
			set(c)
		}
	}
	return g
}

func plain(g *Graph) *Graph { return each(g, func(*Call) {}) }

func TestCallsInSequenceAndAtOnce(t *testing.T) {
	s := newStage(t, timed(plain(graph("front: a b", "a:", "b:")), 5))
	s.ask(0, history.Read)
	s.expect(t, "15: client hears of 1: ok 0")
	s = newStage(t, timed(plain(graph("front: a+b", "a:", "b:")), 5))
	s.ask(0, history.Read)
	s.expect(t, "10: client hears of 1: ok 0")
}

// The store sees the client's token, through however many layers.
func TestTheOperationGoesDownUnderItsToken(t *testing.T) {
	s := newStage(t, plain(graph("front: mid", "mid: store")), "ok")
	s.ask(0, history.Write)
	s.expect(t, "0: store gets write 50.1 attempt 1: ok", "1: client hears of 1: ok 7")
}

func TestWithoutAKeyTheTokenIsGone(t *testing.T) {
	s := newStage(t, each(graph("front: store"), func(c *Call) { c.NoKey = true }), "ok")
	s.ask(0, history.Write)
	s.expect(t, "0: store gets write 0.0 attempt 1: ok", "1: client hears of 1: ok 7")
}

func TestALayerRetries(t *testing.T) {
	s := newStage(t, each(graph("front: store"), func(c *Call) { c.Policy = attempts(3) }), "silence", "no", "ok")
	s.ask(0, history.Write)
	s.expect(t, "0: store gets write 50.1 attempt 1: silence", "20: store gets write 50.1 attempt 2: no",
		"21: store gets write 50.1 attempt 3: ok", "22: client hears of 1: ok 7")
}

// Retries in every layer multiply: 2 attempts in each of 3 layers are 8.
func TestRetriesInEveryLayerMultiply(t *testing.T) {
	g := each(graph("front: mid", "mid: low", "low: store"), func(c *Call) { c.Policy = attempts(2) })
	s := newStage(t, g, "no")
	s.ask(0, history.Read)
	s.Run(sim.Time(time.Second))
	if asked := len(s.log) - 1; asked != 8 {
		t.Errorf("the store was asked %d times, want 8:\n%s", asked, strings.Join(s.log, "\n"))
	}
}

// What was certainly not carried out is refused; what may have been is in doubt.
func TestFailureAndDoubt(t *testing.T) {
	for _, c := range []struct {
		act, want string
		kind      history.Kind
	}{
		{"no", "1: client hears of 1: failed 0", history.Write},
		{"silence", "20: client hears of 1: unknown 0", history.Write},
		{"silence", "20: client hears of 1: failed 0", history.Read},
	} {
		s := newStage(t, plain(graph("front: store")), c.act)
		s.ask(0, c.kind)
		s.expect(t, fmt.Sprintf("0: store gets %v 50.1 attempt 1: %s", c.kind, c.act), c.want)
	}
}

// The write has happened when a later call fails: to say that it failed would be a lie.
func TestAHardCallThatFailsAfterTheWrite(t *testing.T) {
	s := newStage(t, plain(graph("front: store audit", "audit:")), "ok")
	s.Crash(3, sim.KeepAll)
	s.Crash(4, sim.KeepAll)
	s.ask(0, history.Write)
	s.expect(t, "0: store gets write 50.1 attempt 1: ok", "21: client hears of 1: unknown 0")
}

func TestASoftCallMayFail(t *testing.T) {
	s := newStage(t, plain(graph("front: audit? store", "audit:")), "ok")
	s.Crash(3, sim.KeepAll)
	s.Crash(4, sim.KeepAll)
	s.ask(0, history.Write)
	s.expect(t, "20: store gets write 50.1 attempt 1: ok", "21: client hears of 1: ok 7")
}

func TestAHardCallThatFailsFirstKeepsTheWriteAway(t *testing.T) {
	s := newStage(t, plain(graph("front: audit store", "audit:")), "ok")
	s.Crash(3, sim.KeepAll)
	s.Crash(4, sim.KeepAll)
	s.ask(0, history.Write)
	s.expect(t, "20: client hears of 1: failed 0")
}

func cached(change func(*Call)) *Graph {
	return each(graph("front: store"), func(c *Call) { c.Cache = 100 * ms; change(c) })
}

// Reads are answered by the cache until it is too old, a write or a flush makes it forget.
func TestCache(t *testing.T) {
	s := newStage(t, cached(func(*Call) {}), "ok")
	for _, at := range []int{0, 50, 110, 130} {
		s.ask(at, history.Read)
	}
	s.ask(140, history.Write)
	s.ask(150, history.Read)
	s.At(sim.Time(160*ms), func() { s.Handler(1).(store.Flusher).Flush() })
	s.ask(170, history.Read)
	s.expect(t, "0: store gets read 50.1 attempt 1: ok", "1: client hears of 1: ok 7", "50: client hears of 2: ok 7",
		"110: store gets read 50.3 attempt 1: ok", "111: client hears of 3: ok 7", "130: client hears of 4: ok 7",
		"140: store gets write 50.5 attempt 1: ok", "141: client hears of 5: ok 7",
		"150: store gets read 50.6 attempt 1: ok", "151: client hears of 6: ok 7",
		"170: store gets read 50.7 attempt 1: ok", "171: client hears of 7: ok 7")
}

func TestStampede(t *testing.T) {
	for _, coalesce := range []bool{false, true} {
		s := newStage(t, cached(func(c *Call) { c.Coalesce = coalesce }), "ok")
		for range 3 {
			s.ask(0, history.Read)
		}
		want := []string{"0: store gets read 50.1 attempt 1: ok", "0: store gets read 50.2 attempt 1: ok", "0: store gets read 50.3 attempt 1: ok"}
		if coalesce {
			want = want[:1]
		}
		s.expect(t, append(want, "1: client hears of 1: ok 7", "1: client hears of 2: ok 7", "1: client hears of 3: ok 7")...)
	}
}

func TestStaleAnswersWillDoIfTheCallFails(t *testing.T) {
	s := newStage(t, cached(func(c *Call) { c.Stale = true }), "ok", "no")
	s.ask(0, history.Read)
	s.ask(200, history.Read)
	s.expect(t, "0: store gets read 50.1 attempt 1: ok", "1: client hears of 1: ok 7",
		"200: store gets read 50.2 attempt 1: no", "201: client hears of 2: ok 7")
}

// Static stability: requests need the last answer alone, once there was one.
func TestRefreshedAnswersOutliveTheirSource(t *testing.T) {
	g := timed(each(graph("front: config", "config:"), func(c *Call) { c.Refresh = 100 * ms }), 1)
	s := newStage(t, g)
	s.ask(0, history.Read) // before the first answer
	s.ask(5, history.Read)
	s.At(sim.Time(50*ms), func() { s.Crash(2, sim.KeepAll); s.Crash(3, sim.KeepAll) })
	s.ask(900, history.Read)
	s.expect(t, "1: client hears of 1: failed 0", "6: client hears of 2: ok 0", "901: client hears of 3: ok 0")
}

func TestNoMoreThanSoManyAtOnce(t *testing.T) {
	g := plain(graph("front: store"))
	g.Services[0].Concurrent = 1
	s := newStage(t, g, "ok")
	s.ask(0, history.Write)
	s.ask(0, history.Write)
	s.ask(5, history.Write)
	s.expect(t, "0: store gets write 50.1 attempt 1: ok", "0: client hears of 2: failed 0", "1: client hears of 1: ok 7",
		"5: store gets write 50.3 attempt 1: ok", "6: client hears of 3: ok 7")
}

// A bulkhead keeps the failure of one dependency away from what needs another.
func TestBulkhead(t *testing.T) {
	g := each(graph("front: store"), func(c *Call) {
		c.Policy.Limiter = policy.LimiterPolicy{Rule: policy.Fixed, Initial: 1}
	})
	s := newStage(t, g, "silence")
	s.ask(0, history.Read)
	s.ask(1, history.Read)
	s.expect(t, "0: store gets read 50.1 attempt 1: silence", "1: client hears of 2: failed 0", "20: client hears of 1: failed 0")
}

// A copy of a request is not a second one, even after the first was refused.
func TestDoubledRequests(t *testing.T) {
	s := newStage(t, plain(graph("front: store")), "no", "ok")
	s.ask(0, history.Write)
	s.asked--
	s.ask(5, history.Write)
	s.expect(t, "0: store gets write 50.1 attempt 1: no", "1: client hears of 1: failed 0")
}

// A service that crashed does not take late answers for those to its new calls.
func TestACrashForgetsCalls(t *testing.T) {
	s := newStage(t, plain(graph("front: store")), "ok")
	s.ask(0, history.Read)
	s.At(sim.Time(ms/2), func() { s.Crash(1, sim.KeepAll); s.Restart(1) })
	s.ask(1, history.Read)
	s.expect(t, "0: store gets read 50.1 attempt 1: ok", "1: store gets read 50.2 attempt 1: ok", "2: client hears of 2: ok 7")
}

// Deadlines that are passed on let those below drop what nobody waits for.
func TestDeadlinesArePassedOn(t *testing.T) {
	for _, passOn := range []bool{false, true} {
		g := each(graph("front: a", "a:"), func(c *Call) { c.PassOn = passOn })
		s := newStage(t, g)
		var got sim.Time
		s.Trace(func(tr sim.Trace) {
			if req, ok := tr.Msg.(*store.Request); ok && tr.Node == 2 {
				got = req.Deadline
			}
		})
		req := &store.Request{Kind: history.Read}
		req.ID, req.Deadline = 1, sim.Time(5*ms)
		s.Inject(client, 0, req)
		s.Run(sim.Time(ms))
		want := sim.Time(20 * ms)
		if passOn {
			want = sim.Time(5 * ms)
		}
		if got != want {
			t.Errorf("passed on %v: the one called hears of a deadline at %v, want %v", passOn, got, want)
		}
	}
}
