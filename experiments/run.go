package experiments

import (
	"slices"
	"strconv"
	"time"

	"faultline/checker/converge"
	"faultline/checker/history"
	"faultline/experiments/fault"
	"faultline/experiments/workload"
	"faultline/models/store"
	"faultline/net"
	"faultline/results"
	"faultline/sim"
)

// A run is one scenario and seed on its way.
type run struct {
	scenario *Scenario
	config   store.Config
	sim      *sim.Sim
	net      *net.Network
	world    *fault.World
	clients  []*client
	work     *workload.Generator

	meter     *meter // nil without services
	record    *history.Recorder
	arrivals  []sim.Time // by handle of the recorder: when the operation was wanted
	attempts  int
	rates     []Rate
	rate      float64 // at which operations arrive now, as a multiple of the workload's
	elected   []Election
	values    int64 // the latest value written: each is new
	dedups    bool  // the store applies a retried write once
	guards    bool  // replicas stand behind guards
	remembers bool  // clients remember what they saw, for compare-and-sets
	stopped   bool  // clients begin no more operations
}

// An Outcome is what a run left behind.
type Outcome struct {
	Seed     uint64
	Hash     uint64             // of the trace and the history
	History  history.History    // of all operations, the final reads included
	Final    history.History    // the final reads alone: one of every key, after heal and settle
	Arrivals []sim.Time         // by operation of History: when it was wanted; latency counts from here
	Replicas []converge.Replica // what the replicas that can tell held at the end
	Booked   []converge.Item    // intents that were entered for good, if a replica keeps such a book
	Reports  map[string]float64 // what replicas counted, by metric
	Bands    []fault.Band       // when which fault was active
	Beyond   []store.Assumption
	Healed   sim.Time // when the fault phase ended
	Ended    sim.Time
	Attempts int // requests that clients sent, the final reads not counted
	Sim      sim.Stats
	Net      net.Stats
	Work     WorkStats
	Servers  sim.ServerStats // of all replicas that are servers, over the workload
	Workers  int             // of theirs
	Edges    []results.Edge  // who asked whom, over the workload; empty without services
	Culprits []int           // clients, from 1, whose requests were poison
	Rates    []Rate          // at which operations arrived, in an open loop: the first from the beginning
	Elected  []Election      // who began to lead, and when; empty where nobody is elected
}

// WorkStats are the costs of the workload; the warm-up and the settling phase are not counted.
type WorkStats struct {
	Sent, Syncs, Bytes uint64
}

// Run carries out a scenario with a seed. The store warms up before time 0. Then
// there are two phases: the workload with the faults; and, after everything is
// healed, the store settles, and every key is read once more.
func Run(sc *Scenario, seed uint64) *Outcome { return new(Runner).Run(sc, seed) }

// Watch is Run with a tracer that sees all that happens.
func Watch(sc *Scenario, seed uint64, t sim.Tracer) *Outcome {
	r := new(Runner).prepare(sc, seed)
	defer r.sim.Close()
	r.sim.Trace(t)
	return r.play()
}

// A Runner carries out runs one after the other, each in the memory of the one
// before. Its zero value is ready; each goroutine needs its own.
type Runner struct {
	sim      sim.Sim
	net      net.Network
	record   history.Recorder
	arrivals []sim.Time
	boxes    store.Boxes
}

// Run is Run in the memory of earlier runs. The Outcome's History, Final and
// Arrivals are good until the next one.
func (m *Runner) Run(sc *Scenario, seed uint64) *Outcome {
	r := m.prepare(sc, seed)
	defer r.sim.Close()
	o := r.play()
	m.arrivals = r.arrivals
	return o
}

func (r *run) play() *Outcome {
	sc := r.scenario
	end := sim.Time(sc.Workload.Duration)
	r.sim.Run(-1)
	before, served := r.costs(), r.served()
	r.askAll()
	for _, f := range sc.Faults {
		name := "fault " + f.Name
		r.sim.Go(sim.None, name, func(p *sim.Proc) { f.Run(p, r.world) })
	}
	r.sim.Run(end)
	r.stopped = true
	costs := r.costs().minus(before)
	served = r.served().Minus(served)
	fault.HealAll(r.world)
	r.sim.Run(end.Add(sc.Settle))
	final, attempts := len(r.record.History()), r.attempts
	r.readAll()
	o := r.outcome(end, final, costs)
	o.Servers, o.Workers, o.Elected = served, r.workers(), r.elected
	o.Rates = r.rates
	o.Culprits = r.world.Culprits()
	o.Edges = r.meter.edges()
	o.Attempts = attempts
	return o
}

// askAll starts the clients' scripts.
func (r *run) askAll() {
	if r.scenario.Workload.Probe != nil {
		r.probe()
		return
	}
	for _, c := range r.clients {
		r.ask(c)
	}
}

// ask starts a client's scripts.
func (r *run) ask(c *client) {
	if r.scenario.Workload.Optimistic != nil {
		c.open(func(s *session) { s.updates() })
		return
	}
	if !r.scenario.Workload.Open() {
		work := r.workStream(c.index)
		c.openSteps(func(s *session) { s.closedLoop(work) })
		return
	}
	c.arrivals = r.sim.Go(sim.None, "arrivals of client "+strconv.Itoa(c.index), func(p *sim.Proc) { c.openLoop(p) })
}

// closedLoop asks again as soon as there is an answer, after a time of thinking.
func (c *session) closedLoop(rand *sim.Stream) {
	if c.proc.AwaitTime(0) { // the warm-up ended the instant before
		return
	}
	for {
		if c.asking {
			if !c.goOn() || c.proc.AwaitTime(c.proc.Now().Add(c.run.work.Think(rand))) {
				return
			}
		}
		if c.run.stopped {
			return
		}
		kind, key := c.run.work.Next(rand)
		c.begin(job{kind, key, c.proc.Now()})
	}
}

// openLoop takes operations as they arrive and gives each to an idle session, or to a new one.
func (c *client) openLoop(p *sim.Proc) {
	work, rand := c.run.work, c.run.workStream(c.index)
	for {
		c.pass(p, work.Gap(rand)*time.Duration(len(c.run.clients)))
		if c.run.stopped {
			return
		}
		kind, key := work.Next(rand)
		c.give(job{kind, key, p.Now()})
	}
}

// pass waits for as long as the gap between two arrivals is at the rate of the
// moment. When that changes, what is left of the gap shrinks or grows with it: the
// arrivals remain a Poisson process, of a rate that varies.
func (c *client) pass(p *sim.Proc, gap time.Duration) {
	for {
		began, rate := p.Now(), c.run.rate
		due := began.Add(time.Duration(float64(gap) / rate))
		p.WaitUntil(due)
		if p.Now() >= due {
			return
		}
		gap -= time.Duration(float64(p.Now().Sub(began)) * rate)
	}
}

// surge changes the rate of the workload.
func (r *run) surge(rate float64) {
	r.rate = rate
	r.rates = append(r.rates, Rate{r.sim.Now(), float64(rate * r.scenario.Workload.Rate)})
	for _, c := range r.clients {
		c.arrivals.Wake()
	}
}

// workStream returns the stream from which a client draws what it asks for. Its
// retries and its messages draw from others, so the same client asks for the
// same things of every store.
func (r *run) workStream(client int) *sim.Stream {
	return r.sim.Stream("workload of client " + strconv.Itoa(client))
}

// give has a job carried out by an idle session, or by a new one if none is idle.
func (c *client) give(j job) {
	if n := len(c.idle); n > 0 {
		s := c.idle[n-1]
		c.idle = c.idle[:n-1]
		s.job = j
		s.proc.Wake()
		return
	}
	c.openSteps((*session).serve).job = j
}

// serve carries out the job that the session was given, and is idle then.
func (c *session) serve() {
	if !c.asking {
		c.begin(c.job)
	}
	if c.goOn() {
		c.idle = append(c.idle, c)
		c.proc.AwaitWake()
	}
}

// readAll reads every key once, with as many tries as it takes within reason.
func (r *run) readAll() {
	const tries = 10
	keys, tried := r.work.Keys(), 0
	r.clients[0].openSteps(func(s *session) {
		for len(keys) > 0 {
			if s.asking {
				if !s.goOn() {
					return
				}
				if tried++; tried == tries || s.intent.reply.Status == history.OK {
					keys, tried = keys[1:], 0
					continue
				}
			}
			s.begin(job{history.Read, keys[0], s.proc.Now()})
		}
		r.sim.Halt()
	})
	for len(keys) > 0 {
		r.sim.Run(sim.Forever)
	}
}

// nextValue returns a value that nothing was ever written with in this run.
func (r *run) nextValue() int64 {
	r.values++
	return r.values
}

// An Election is a replica's beginning to lead.
type Election struct {
	At   sim.Time
	Node sim.NodeID
	Term int // or view, from 1
}

func (r *run) costs() WorkStats {
	stats := r.sim.Stats()
	return WorkStats{Sent: stats.Sent, Syncs: stats.Syncs, Bytes: r.net.Stats().Bytes}
}

// served adds up what servers did so far.
func (r *run) served() (all sim.ServerStats) {
	for _, id := range r.config.Replicas {
		all = all.Plus(r.sim.ServerStats(id))
	}
	return all
}

// workers counts those of all servers.
func (r *run) workers() (n int) {
	for i := range r.config.Replicas {
		if rules := r.scenario.serverOf(i); rules != nil {
			n += max(rules.Workers, 1)
		}
	}
	return n
}

func (w WorkStats) minus(v WorkStats) WorkStats {
	return WorkStats{w.Sent - v.Sent, w.Syncs - v.Syncs, w.Bytes - v.Bytes}
}

func (r *run) outcome(healed sim.Time, final int, costs WorkStats) *Outcome {
	h := r.record.History()
	return &Outcome{
		Seed: r.sim.Seed(), Hash: sim.Mix(r.sim.Hash() ^ h.Digest()),
		History: h, Final: h[final:], Arrivals: r.arrivals, Replicas: r.contents(),
		Booked: r.booked(), Reports: r.reports(),
		Bands: r.world.Bands(), Beyond: r.beyond(), Healed: healed, Ended: r.sim.Now(),
		Sim: r.sim.Stats(), Net: r.net.Stats(), Work: costs,
	}
}

// contents asks the replicas what they hold.
func (r *run) contents() []converge.Replica {
	var replicas []converge.Replica
	for _, id := range r.config.Replicas {
		d, ok := r.sim.Handler(id).(store.Dumper)
		if !ok {
			continue
		}
		replica := converge.Replica{Node: int(id)}
		if p, ok := d.(store.Partial); ok {
			replica.Home = p.Home
		}
		d.Dump(func(key string, v history.Value) {
			replica.Items = append(replica.Items, converge.Item{Key: key, Value: v})
		})
		replicas = append(replicas, replica)
	}
	return replicas
}

// beyond lists the assumptions of the store that the run's faults broke.
func (r *run) beyond() []store.Assumption {
	var beyond []store.Assumption
	for _, a := range r.scenario.Model.Assumes(r.config) {
		if slices.Contains(r.world.Broken(), a) {
			beyond = append(beyond, a)
		}
	}
	return beyond
}
