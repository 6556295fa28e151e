package fault

import (
	"fmt"
	"time"

	"faultline/models/store"
	"faultline/sim"
)

// MaxDriftRate is the drift, in parts per million, up to which a fault leaves
// store.ClockRate unbroken: ten times what a bad oscillator drifts by, and what a
// model that measures leases must allow for.
const MaxDriftRate = 1000

// maxDrift is the most that sim.Clock can drift by, in parts per million.
const maxDrift = 900_000

// A clockError is how wrong a clock may become through one fault or several: they add up.
type clockError struct {
	most   time.Duration // the reading may be off by this
	rate   int64         // the oscillator, by this many parts per million
	uneven bool          // the reading jumps or stands still
}

func (e clockError) plus(other clockError) clockError {
	return clockError{e.most + other.most, e.rate + other.rate, e.uneven || other.uneven}
}

func (e clockError) minus(other clockError) clockError {
	return clockError{e.most - other.most, e.rate - other.rate, e.uneven}
}

// breaks returns the assumptions that such an error breaks. A reading that jumps
// or stands still is no steady measure of time either, unless the jump is within
// the claimed bound.
func (e clockError) breaks(c Cluster) []store.Assumption {
	var broken []store.Assumption
	if e.most > c.ClockBound {
		broken = append(broken, store.ClockBound)
	}
	if e.rate > MaxDriftRate || e.uneven && e.most > c.ClockBound {
		broken = append(broken, store.ClockRate)
	}
	return broken
}

// clockBreaks is breaks of a kind from the error that its settings make.
func clockBreaks(wrong func(settings) clockError) func(settings, Cluster) ([]store.Assumption, int) {
	return func(v settings, c Cluster) ([]store.Assumption, int) { return wrong(v).breaks(c), 0 }
}

// planClock plans a strike on clocks; undo is nil if nothing ends it but HealAll.
func planClock(label func(settings) string, wrong func(settings) clockError, do, undo func(*patient, settings)) func(*World, settings, *sim.Stream) strike {
	return func(w *World, v settings, r *sim.Stream) strike {
		e := wrong(v)
		s := w.onServers(label(v), v, r,
			func(p *patient) { p.wrong = p.wrong.plus(e); do(p, v) },
			func(p *patient) {
				if undo != nil {
					p.wrong = p.wrong.minus(e)
					undo(p, v)
				}
			})
		s.clocks, s.wrong = s.targets, e
		return s.strike
	}
}

func offsetError(name string) func(settings) clockError {
	return func(v settings) clockError { return clockError{most: v.Duration(name).Abs(), uneven: true} }
}

func offsetParam(name, doc string) Param {
	return durationParam(name, doc, 100*time.Millisecond, -maxTime,
		5*time.Millisecond, -5*time.Millisecond, 100*time.Millisecond, -100*time.Millisecond, 2*time.Second)
}

var clockOffset = &Kind{
	Name: "clock-offset", Family: "clocks",
	Doc: "A node's clock is ahead of true time (or behind, if negative) while the fault lasts.",
	Params: params([]Param{replicaTarget(targetRandom),
		offsetParam("offset", "How far ahead; negative: behind.")}, timing()),
	plan: planClock(
		func(v settings) string { return fmt.Sprintf("clock %+v of", v.Duration("offset")) },
		offsetError("offset"),
		func(p *patient, v settings) { p.step(v.Duration("offset")) },
		func(p *patient, v settings) { p.step(-v.Duration("offset")) }),
	breaks: clockBreaks(offsetError("offset")),
	check:  checkTarget,
}

var clockStep = &Kind{
	Name: "clock-step", Family: "clocks", moment: true,
	Doc: "A node's clock jumps, and stays wrong until all faults are healed.",
	Params: params([]Param{replicaTarget(targetRandom),
		offsetParam("by", "How far it jumps; negative: back.")}, momentTiming()),
	plan: planClock(
		func(v settings) string { return fmt.Sprintf("clock step %+v of", v.Duration("by")) },
		offsetError("by"),
		func(p *patient, v settings) { p.step(v.Duration("by")) }, nil),
	breaks: clockBreaks(offsetError("by")),
	check:  checkTarget,
}

func driftError(v settings) clockError {
	rate := max(v.Int("ppm"), -v.Int("ppm"))
	const million = 1_000_000
	return clockError{most: lasts(v) / million * time.Duration(rate), rate: int64(rate)}
}

// lasts returns how long an occurrence may last.
func lasts(v settings) time.Duration {
	if d := v.Duration("for"); d > 0 {
		return d
	}
	return maxTime
}

var clockDrift = &Kind{
	Name: "clock-drift", Family: "clocks",
	Doc: "A node's oscillator is too fast (or slow, if negative), for timers too. When the fault ends, its clock is set right.",
	Params: params([]Param{replicaTarget(targetRandom),
		intParam("ppm", "By how many parts per million it is too fast; negative: too slow.", 10_000, -maxDrift, maxDrift, 100, -100, 10_000, -10_000, 200_000)}, timing()),
	plan: planClock(
		func(v settings) string { return fmt.Sprintf("clock drift %+d ppm of", v.Int("ppm")) },
		driftError,
		func(p *patient, v settings) { p.drift(int64(v.Int("ppm")), 1) },
		func(p *patient, v settings) { p.drift(int64(v.Int("ppm")), -1) }),
	breaks: clockBreaks(driftError),
	check:  checkTarget,
}

func freezeError(v settings) clockError { return clockError{most: lasts(v), uneven: true} }

var clockFreeze = &Kind{
	Name: "clock-freeze", Family: "clocks",
	Doc:    "A node's clock stands still; its timers go on. When the fault ends, its clock is set right.",
	Params: params([]Param{replicaTarget(targetRandom)}, timing()),
	plan: planClock(
		func(settings) string { return "clock freeze of" },
		freezeError,
		func(p *patient, _ settings) { p.freeze() },
		func(p *patient, _ settings) { p.thaw() }),
	breaks: clockBreaks(freezeError),
	check:  checkTarget,
}
