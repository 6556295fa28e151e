// Package fault is what goes wrong in a run, as scripts in a catalogue. It knows
// nothing of particular stores: it aims at roles (the leader, a minority), which
// handlers tell it, and says for each fault which assumptions that breaks.
//
// Every fault is timed in the same way and does, for each of its occurrences:
//
//	wait for its time            (at; or at random, every so often)
//	choose whom to strike        (target; draws come from the script's own stream)
//	ask whether that is allowed  (World: the budget, the assumptions to stay within)
//	begin, wait (for), end       (ending one fault never ends another)
package fault

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"faultline/models/store"
	"faultline/sim"
	"faultline/sim/dist"
)

// A Kind is an entry of the catalogue: one way in which things go wrong.
type Kind struct {
	Name   string // as in experiment files
	Doc    string // one sentence
	Family string // partitions, nodes, links or clocks
	Params []Param

	// plan chooses whom to strike and how. It draws from r alone, and changes nothing.
	plan func(w *World, v settings, r *sim.Stream) strike
	// breaks returns the assumptions that one occurrence breaks, MajorityAlive
	// left out, and how many replicas it takes down.
	breaks func(v settings, c Cluster) (broken []store.Assumption, down int)
	// check returns what is wrong with the settings in a cluster beyond their types and ranges. May be nil.
	check func(v settings, c Cluster) error
	// moment is true of faults that are over as soon as they have begun.
	moment bool
	// byHand is true of faults that random plans leave out, since they show only where
	// experiments ask for it: what a plan draws stays the same without them.
	byHand bool
}

// A Fault is a kind with its settings.
type Fault struct {
	Kind   *Kind
	Values store.Values // what is missing has its default
	Name   string       // of the script and its random stream; see Named
}

// A Group is replicas that have a name together: those of a service, or of the store beneath services.
type Group struct {
	Name     string
	From, To int // replicas [From, To), counted from 0
}

// A Cluster is what there is to strike.
type Cluster struct {
	Replicas   int
	Clients    int
	Groups     []Group
	Open       bool          // operations arrive at a rate of their own
	Master     bool          // the store has a configuration master
	Steps      []string      // between which the store's machines can crash; see store.Stepper
	ClockBound time.Duration // the error that the clock service claims at most; 0: it claims nothing, and no clock is right
}

// A strike is one occurrence of a fault, chosen but not begun.
type strike struct {
	label  string       // who was struck and how, for the charts
	nobody bool         // there is no such target now, so nothing to begin
	takes  []sim.NodeID // nodes that are down meanwhile
	cuts   []cut        // links between nodes that are cut meanwhile
	clocks []sim.NodeID // nodes whose clocks are wrong meanwhile, by
	wrong  clockError

	begin func() (end func())
	// hold replaces waiting, for faults that go on and off. It returns at until, or when over reports true.
	hold func(p *sim.Proc, until sim.Time, over func() bool)
}

// Named gives every fault without a name that of its kind, with a number if there
// are several of it: halves, halves 2. A fault that keeps its name keeps its
// luck, whichever others are removed.
func Named(faults []Fault) []Fault {
	named, seen := slices.Clone(faults), map[string]int{}
	for i := range named {
		f := &named[i]
		if f.Name != "" {
			continue
		}
		seen[f.Kind.Name]++
		f.Name = f.Kind.Name
		if n := seen[f.Kind.Name]; n > 1 {
			f.Name = fmt.Sprintf("%s %d", f.Name, n)
		}
	}
	return named
}

// Label says in a few words what the fault is: crash leader, every 10s.
func (f Fault) Label() string {
	v := f.settings()
	label := f.Kind.Name
	if target, ok := v.Values["target"].(string); ok && target != "random" {
		label += " " + target
	}
	if every := v.Duration("every"); every > 0 {
		label += fmt.Sprintf(", every %v", every)
	}
	return label
}

// Breaks returns the assumptions that the fault breaks by itself. Several faults
// that overlap may break more; World.Broken tells what a run did break.
func (f Fault) Breaks(c Cluster) []store.Assumption {
	broken, down := f.Kind.breaks(f.settings(), c)
	if down > c.minority() {
		broken = append(broken, store.MajorityAlive)
	}
	return broken
}

// minority returns the size of the largest minority of the replicas.
func (c Cluster) minority() int { return (c.Replicas - 1) / 2 }

// Check returns what is wrong with the fault's settings and how to mend it, or nil.
func (f Fault) Check(c Cluster) error {
	for _, name := range sortedNames(f.Values) {
		if f.Kind.Param(name) == nil {
			return fmt.Errorf("%s has no setting %q; it has %v", f.Kind.Name, name, f.Kind.paramNames())
		}
	}
	v := f.settings()
	for i := range f.Kind.Params {
		p := &f.Kind.Params[i]
		if err := p.Check(v.Values[p.Name]); err != nil {
			return fmt.Errorf("%s: %s: %w", f.Kind.Name, p.Name, err)
		}
	}
	if v.Duration("every") > 0 && !f.Kind.moment && v.Duration("for") == 0 {
		return fmt.Errorf("%s: for is 0, which means until the end, so it cannot come again every %v; leave out one of them", f.Kind.Name, v.Duration("every"))
	}
	if f.Kind.check != nil {
		if err := f.Kind.check(v, c); err != nil {
			return fmt.Errorf("%s: %w", f.Kind.Name, err)
		}
	}
	return nil
}

// Run is the fault's script: it strikes at its times until the fault phase ends.
func (f Fault) Run(p *sim.Proc, w *World) {
	v := f.settings()
	every := v.Duration("every")
	next := sim.Time(v.Duration("at"))
	if every > 0 {
		next = next.Add(gap(p.Rand(), every))
	}
	for next < w.cast.End {
		p.SleepUntil(next)
		if w.over {
			return
		}
		f.strike(p, w, v)
		if every == 0 {
			return
		}
		next = max(p.Now(), next.Add(gap(p.Rand(), every)))
	}
}

// strike is one occurrence, from the choice of the target to its end.
func (f Fault) strike(p *sim.Proc, w *World, v settings) {
	s, ok := f.aim(p, w, v)
	if !ok || !w.allows(f, &s, v) {
		return
	}
	o := w.begin(f, s, v)
	if f.Kind.moment {
		w.end(o)
		return
	}
	until := w.cast.End
	if d := v.Duration("for"); d > 0 {
		until = min(until, p.Now().Add(d))
	}
	if s.hold != nil {
		s.hold(p, until, func() bool { return o.ended })
	} else {
		p.SleepUntil(until)
	}
	w.end(o)
}

// aim plans a strike, and waits while there is nobody to strike: between two leaders.
func (f Fault) aim(p *sim.Proc, w *World, v settings) (strike, bool) {
	for {
		s := f.Kind.plan(w, v, p.Rand())
		if !s.nobody {
			return s, true
		}
		p.Sleep(aimAgain)
		if w.over || p.Now() >= w.cast.End {
			return strike{}, false
		}
	}
}

// aimAgain is how long a fault waits before it looks again for a leader.
const aimAgain = 10 * time.Millisecond

// gap draws the time between two occurrences of a Poisson process.
func gap(r *sim.Stream, mean time.Duration) time.Duration {
	hi, lo := bits.Mul64(uint64(unitGap.Sample(r.Uint64())), uint64(mean))
	return time.Duration(hi<<(64-gapBits) | lo>>gapBits)
}

const gapBits = 30

var unitGap = dist.Exponential(1 << gapBits)
