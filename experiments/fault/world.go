package fault

import (
	"maps"
	"slices"
	"time"

	"faultline/models/store"
	"faultline/net"
	"faultline/sim"
)

// A Cast is who is there to be struck, and what they are like while healthy.
type Cast struct {
	Replicas []sim.NodeID // n1, n2, ...
	Groups   []Group      // of them
	Master   sim.NodeID   // master; sim.None if there is none
	Clients  []sim.NodeID // c1, c2, ...: machines; what the network has colocated with one is on its side
	Nearest  []sim.NodeID // by client: the replica that it asks first; may be empty
	End      sim.Time     // of the fault phase: nothing begins then or later

	// Surge is told the rate at which operations are to arrive from now on, as a
	// multiple of the workload's; nil in a closed loop.
	Surge func(rate float64)

	ClockBound time.Duration // the error that the clock service claims at most
	CPU        time.Duration // what a healthy replica needs to handle a message
	Disk       sim.Delays    // what a sync takes on a healthy disk; nil: no time
}

// cluster returns the numbers of the cast.
func (c *Cast) cluster() Cluster {
	return Cluster{Replicas: len(c.Replicas), Groups: c.Groups, Clients: len(c.Clients), Open: c.Surge != nil, Master: c.Master != sim.None, ClockBound: c.ClockBound}
}

// A Budget bounds what the faults of a run take down together. A replica is down
// while it is crashed or paused, or can talk to fewer than a majority.
type Budget struct {
	// Down is how many replicas may be down at once by faults that come at random
	// (every). One that would exceed it waits for its next turn. 0 means a
	// minority; a fault that takes down more all by itself, such as a power loss,
	// then strikes when nobody else is down. Unlimited sets no bound. Faults at a
	// fixed time always strike: who names a time means it.
	Down int
	// StayWithin are assumptions not to break: an occurrence of any fault that
	// would, alone or together with what is active, is skipped.
	StayWithin []store.Assumption
}

// Unlimited is a Budget.Down without bound.
const Unlimited = -1

// A Band is the time of one occurrence, for charts.
type Band struct {
	From, To sim.Time
	Label    string // who was struck and how: crash n2
}

// Counts are how many occurrences there were.
type Counts struct {
	Struck  int // begun
	Waited  int // held back by Budget.Down
	Skipped int // held back by Budget.StayWithin
}

// A World is what fault scripts may touch in one run, and what they did to it.
type World struct {
	sim    *sim.Sim
	net    *net.Network
	cast   Cast
	budget Budget

	patients map[sim.NodeID]*patient
	active   []*occurrence
	surges   []int64 // those under way, in percent
	doses    []*dose // of poison, that are about
	culprits []int   // clients whose requests were poison
	bands    []*Band
	counts   Counts
	broken   []store.Assumption
	over     bool // everything was healed for good
}

// An occurrence is a strike under way.
type occurrence struct {
	strike strike
	end    func()
	band   *Band
	ended  bool
}

// NewWorld returns the world of a run in which nothing is wrong yet.
func NewWorld(s *sim.Sim, n *net.Network, c Cast, b Budget) *World {
	return &World{sim: s, net: n, cast: c, budget: b, patients: map[sim.NodeID]*patient{}}
}

// Bands returns when which fault was active so far, in order of their beginnings.
func (w *World) Bands() []Band {
	var bands []Band
	for _, b := range w.bands {
		band := *b
		if band.To == sim.Forever {
			band.To = w.sim.Now()
		}
		bands = append(bands, band)
	}
	return bands
}

// Counts returns how many occurrences there were so far.
func (w *World) Counts() Counts { return w.counts }

// Broken returns the assumptions that the faults broke so far, alone or together.
func (w *World) Broken() []store.Assumption { return slices.Clone(w.broken) }

// allows reports whether a strike may begin now, and counts it if not.
func (w *World) allows(f Fault, s *strike, v settings) bool {
	for _, a := range w.breaks(f, s, v) {
		if slices.Contains(w.budget.StayWithin, a) {
			w.counts.Skipped++
			return false
		}
	}
	if v.Duration("every") > 0 && !w.affords(s) {
		w.counts.Waited++
		return false
	}
	return true
}

// affords reports whether a strike stays within Budget.Down.
func (w *World) affords(s *strike) bool {
	down := w.down(s)
	switch most := w.budget.Down; {
	case most < 0:
		return true
	case most > 0:
		return down <= most || down == w.down(nil)
	}
	before := w.down(nil)
	return down <= w.cast.cluster().minority() || before == 0 || down == before
}

// breaks returns the assumptions that a strike breaks, together with what is active.
func (w *World) breaks(f Fault, s *strike, v settings) []store.Assumption {
	c := w.cast.cluster()
	broken, alone := f.Kind.breaks(v, c)
	if max(alone, w.down(s)) > c.minority() {
		broken = append(broken, store.MajorityAlive)
	}
	for _, id := range s.clocks {
		broken = append(broken, w.patient(id).wrong.plus(s.wrong).breaks(c)...)
	}
	return broken
}

func (w *World) begin(f Fault, s strike, v settings) *occurrence {
	for _, a := range w.breaks(f, &s, v) {
		if !slices.Contains(w.broken, a) {
			w.broken = append(w.broken, a)
		}
	}
	w.counts.Struck++
	o := &occurrence{strike: s, band: &Band{From: w.sim.Now(), To: sim.Forever, Label: s.label}}
	w.bands = append(w.bands, o.band)
	w.active = append(w.active, o)
	o.end = s.begin()
	return o
}

// end ends an occurrence, once.
func (w *World) end(o *occurrence) {
	if o.ended {
		return
	}
	o.ended = true
	o.band.To = w.sim.Now()
	w.active = slices.DeleteFunc(w.active, func(a *occurrence) bool { return a == o })
	o.end()
}

// HealAll ends all faults for good: cuts are healed, nodes run, disks are
// honest, clocks are right, and the network is as it was by nature. Scripts that
// still sleep do nothing more.
func HealAll(w *World) {
	w.over = true
	for len(w.active) > 0 {
		w.end(w.active[0])
	}
	w.net.HealAll()
	for _, id := range w.treated() {
		w.patient(id).cure()
	}
}

// treated returns the nodes that were ever struck, in order.
func (w *World) treated() []sim.NodeID { return slices.Sorted(maps.Keys(w.patients)) }

// down returns how many replicas are down by the active faults, and by one more if it is not nil.
func (w *World) down(more *strike) int {
	strikes := make([]*strike, 0, len(w.active)+1)
	for _, o := range w.active {
		strikes = append(strikes, &o.strike)
	}
	if more != nil {
		strikes = append(strikes, more)
	}
	return countDown(w.cast.Replicas, strikes)
}
