package fault

import (
	"time"

	"faultline/sim"
)

// A patient is one node and all that faults do to it at the moment. Faults that
// overlap are counted, so that the end of one never ends another: a node that
// was crashed twice restarts when both crashes are over.
type patient struct {
	world    *World
	id       sim.NodeID
	crashes  int
	pauses   int
	lies     int
	slowCPU  []int64 // factors
	quotas   []int64 // of the processor's time, in thousandths
	slowDisk []int64
	offset   time.Duration // of the clock, by steps and offsets
	ppm      int64         // drift of the clock
	drifts   int
	frozen   int
	wrong    clockError
}

// patient returns the record of the node at id.
func (w *World) patient(id sim.NodeID) *patient {
	p := w.patients[id]
	if p == nil {
		p = &patient{world: w, id: id}
		w.patients[id] = p
	}
	return p
}

// crash takes the node down; wipe replaces its disk too.
func (p *patient) crash(loss sim.Loss, wipe bool) {
	p.crashes++
	p.world.sim.Crash(p.id, loss)
	if wipe {
		p.world.sim.Wipe(p.id)
	}
}

func (p *patient) restart() {
	p.crashes--
	p.run()
}

func (p *patient) pause() {
	p.pauses++
	p.run()
}

func (p *patient) resume() {
	p.pauses--
	p.run()
}

// run makes the node run, or not, as its faults have it. A node that restarts in
// a pause is paused again at once: its machine still stands still.
func (p *patient) run() {
	s := p.world.sim
	switch {
	case p.crashes > 0:
	case p.pauses > 0:
		s.Restart(p.id)
		s.Pause(p.id)
	default:
		s.Restart(p.id)
		s.Resume(p.id)
	}
}

func (p *patient) lie(by int) {
	p.lies += by
	p.world.sim.LieAboutSync(p.id, p.lies > 0)
}

// What a processor and a disk are taken to need that otherwise take no time at
// all, so that slowing them down shows.
const (
	healthyCPU  = 20 * time.Microsecond
	healthySync = time.Millisecond
)

const thousandths = 1000

// maxSlow bounds the product of all factors on one node.
const maxSlow = 1_000_000

// slow sets the speed of processor and disk from the factors in force.
func (p *patient) slow() {
	cost, law := p.healthy()
	factor := product(p.slowCPU)
	if cost == 0 && (factor > 1 || len(p.quotas) > 0) {
		cost = healthyCPU
	}
	factor *= thousandths
	for _, share := range p.quotas {
		factor = min(factor*thousandths/share, maxSlow*thousandths)
	}
	if factor := product(p.slowDisk); factor > 1 {
		law = slowed{law, factor}
	}
	p.world.sim.SetCPU(p.id, cost)
	p.world.sim.SlowCPU(p.id, factor)
	p.world.sim.SetDisk(p.id, law)
}

// healthy returns what the node's processor and disk need while it is well. Work costs the master nothing.
func (p *patient) healthy() (cpu time.Duration, disk sim.Delays) {
	if p.id == p.world.cast.Master {
		return 0, nil
	}
	return p.world.cast.CPU, p.world.cast.Disk
}

// slowed is a law of delays that takes factor times as long.
type slowed struct {
	law    sim.Delays // nil: healthySync
	factor int64
}

// Sample implements sim.Delays.
func (s slowed) Sample(bits uint64) time.Duration {
	d := healthySync
	if s.law != nil {
		d = s.law.Sample(bits)
	}
	return d * time.Duration(s.factor)
}

func product(factors []int64) int64 {
	x := int64(1)
	for _, f := range factors {
		x = min(x*f, maxSlow)
	}
	return x
}

// remove takes one factor off a list.
func remove(factors []int64, factor int64) []int64 {
	for i, f := range factors {
		if f == factor {
			return append(factors[:i:i], factors[i+1:]...)
		}
	}
	return factors
}

func (p *patient) clock() *sim.Clock { return p.world.sim.ClockOf(p.id) }

func (p *patient) step(by time.Duration) {
	p.offset += by
	p.clock().Step(by)
}

// drift changes the drift; by is -1 to end an earlier change.
func (p *patient) drift(ppm int64, by int) {
	p.drifts += by
	p.ppm += ppm * int64(by)
	p.clock().Drift(max(-maxDrift, min(maxDrift, p.ppm)))
	p.correct()
}

func (p *patient) freeze() {
	p.frozen++
	p.clock().Freeze()
}

func (p *patient) thaw() {
	p.frozen--
	if p.frozen == 0 {
		p.clock().Thaw()
	}
	p.correct()
}

// correct takes away what drifts and freezes have left, once the last of them is
// over: the time daemon works again. Offsets that are still on stay.
func (p *patient) correct() {
	if p.drifts == 0 && p.frozen == 0 {
		p.clock().Sync()
		p.clock().Step(p.offset)
	}
}

// cure ends what no fault ends by itself: steps of the clock.
func (p *patient) cure() {
	p.offset, p.wrong = 0, clockError{}
	p.correct()
	p.run()
}
