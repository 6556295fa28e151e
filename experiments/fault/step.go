package fault

import (
	"fmt"
	"slices"
	"strings"

	"faultline/models/store"
	"faultline/sim"
)

// crashAtStep strikes at the boundary between two steps, where a crash at a given
// time would hardly ever hit. One experiment that sweeps step over all of them has
// tried every order of events that a single crash can bring about.
var crashAtStep = &Kind{
	Name: "crash-at-step", Family: "nodes", byHand: true,
	Doc: "A node crashes when it has done a step of its work and has not begun the next, the first time after at; it restarts when the fault ends. Only for stores that name their steps: see faultline describe.",
	Params: params([]Param{
		{Param: store.Param{Name: "step", Doc: "The step after which it crashes.", Default: ""}},
		intParam("nth", "At the how-maniest time that the step is done.", 1, 1, 1_000_000, 1),
		diskParam()}, timing()),
	plan:   planCrashAtStep,
	breaks: func(settings, Cluster) ([]store.Assumption, int) { return []store.Assumption{store.NoCrash}, 1 },
	check: func(v settings, c Cluster) error {
		switch step := v.Choice("step"); {
		case len(c.Steps) == 0:
			return fmt.Errorf("this store names no steps to crash at; see faultline describe outbox for one that does, or use the fault crash")
		case !slices.Contains(c.Steps, step):
			return fmt.Errorf("step is %q: it must be one of %s", step, strings.Join(c.Steps, ", "))
		}
		return nil
	},
}

func planCrashAtStep(w *World, v settings, _ *sim.Stream) strike {
	step, disk := v.Choice("step"), v.Choice("disk")
	a := &ambush{world: w, step: step, nth: v.Int("nth"), loss: losses[disk], wipe: disk == diskWiped}
	return strike{
		label: "crash at " + step,
		begin: a.lay,
		hold: func(p *sim.Proc, _ sim.Time, over func() bool) {
			a.proc = p
			p.Wait()
			until := w.cast.End
			if d := v.Duration("for"); d > 0 {
				until = min(until, p.Now().Add(d))
			}
			p.SleepUntil(until)
		},
	}
}

// An ambush waits for a node to come to a step.
type ambush struct {
	world *World
	step  string
	nth   int
	loss  sim.Loss
	wipe  bool
	band  *Band
	proc  *sim.Proc
	hit   *patient // who came
	over  bool
}

// lay has every replica watched that goes through steps.
func (a *ambush) lay() (end func()) {
	w := a.world
	a.band = w.bands[len(w.bands)-1]
	for _, id := range w.cast.Replicas {
		if s, ok := w.sim.Handler(id).(store.Stepper); ok {
			s.Watch(a.step, a.nth, func() { w.sim.At(w.sim.Now(), func() { a.strike(id) }) })
		}
	}
	return func() {
		a.over = true
		if a.hit != nil {
			a.hit.restart()
			return
		}
		// Nobody came to the step, so nothing was struck.
		w.bands = slices.DeleteFunc(w.bands, func(b *Band) bool { return b == a.band })
		w.counts.Struck--
	}
}

// strike crashes the node that has come. It does so outside of its handler.
func (a *ambush) strike(id sim.NodeID) {
	if a.over || a.hit != nil {
		return
	}
	a.hit = a.world.patient(id)
	a.band.From = a.world.sim.Now()
	a.hit.crash(a.loss, a.wipe)
	a.proc.Wake()
}
