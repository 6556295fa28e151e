package fault

import (
	"time"

	"faultline/models/store"
	"faultline/sim"
)

var flapping = &Kind{
	Name: "flapping", Family: "partitions",
	Doc: "A partition comes and goes, faster than the store can settle.",
	Params: params([]Param{
		choiceParam("shape", "Which partition.", "isolate", "isolate", "halves"),
		replicaTarget(targetRandom), clientsParam(clientsMajority),
		durationParam("down", "How long it stays cut each time.", 500*time.Millisecond, time.Millisecond, 50*time.Millisecond, 500*time.Millisecond),
		durationParam("up", "How long it stays whole each time.", 500*time.Millisecond, time.Millisecond, 50*time.Millisecond, 500*time.Millisecond),
	}, timing()),
	plan: func(w *World, v settings, r *sim.Stream) strike {
		s := flappingShape(v).plan(w, v, r)
		s.label = "flapping " + s.label
		return flap(s, v.Duration("down"), v.Duration("up"))
	},
	breaks: func(v settings, c Cluster) ([]store.Assumption, int) { return flappingShape(v).breaks(v, c) },
	check:  func(v settings, c Cluster) error { return flappingShape(v).check(v, c) },
}

func flappingShape(v settings) *Kind {
	if v.Choice("shape") == halves.Name {
		return halves
	}
	return isolate
}

// flap returns the strike that begins and ends s over and over.
func flap(s strike, down, up time.Duration) strike {
	begin, heal := s.begin, func() {}
	s.begin = func() func() { return func() { heal() } }
	s.hold = func(p *sim.Proc, until sim.Time, over func() bool) {
		for !over() && p.Now() < until {
			heal = begin()
			p.SleepUntil(min(until, p.Now().Add(down)))
			heal()
			heal = func() {}
			p.SleepUntil(min(until, p.Now().Add(up)))
		}
	}
	return s
}
