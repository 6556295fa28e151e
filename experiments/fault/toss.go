package fault

import (
	"fmt"
	"time"

	"faultline/models/store"
	"faultline/sim"
)

// coinToss is the fault of the formulas for the availability of quorums: each
// replica is down with a probability, whatever the others are.
var coinToss = &Kind{
	Name: "coin-toss", Family: "nodes", byHand: true,
	Doc: "Again and again it is tossed for every replica, by itself, whether it is up or has crashed.",
	Params: params([]Param{
		shareParam("down", "The probability that a replica is down.", 0.1),
		durationParam("span", "How long each toss holds.", time.Second, time.Millisecond),
		diskParam(),
	}, timing()),
	plan: func(w *World, v settings, _ *sim.Stream) strike {
		share := v.share("down")
		s := strike{label: fmt.Sprintf("each down with %g %%", float64(100*share)), takes: w.cast.Replicas}
		return w.toss(s, share, v.Duration("span"), v.Choice("disk"))
	},
	breaks: func(v settings, c Cluster) ([]store.Assumption, int) {
		broken := []store.Assumption{store.NoCrash}
		if v.Choice("disk") == diskWiped {
			broken = append(broken, store.DisksSurvive)
		}
		return broken, c.Replicas
	},
}

// toss returns the strike that tosses for every replica, over and over. Who is down
// by two tosses running is not up between them.
func (w *World) toss(s strike, share float64, span time.Duration, disk string) strike {
	const half = 1 << 63
	limit := uint64(share * half)
	var down []sim.NodeID
	turn := func(next []sim.NodeID) {
		last := down
		down = next
		for _, id := range down {
			w.patient(id).crash(losses[disk], disk == diskWiped)
		}
		for _, id := range last {
			w.patient(id).restart()
		}
	}
	s.begin = func() func() { return func() { turn(nil) } }
	s.hold = func(p *sim.Proc, until sim.Time, over func() bool) {
		for !over() && p.Now() < until {
			var next []sim.NodeID
			for _, id := range w.cast.Replicas {
				if p.Rand().Uint64()>>1 < limit {
					next = append(next, id)
				}
			}
			turn(next)
			p.SleepUntil(min(until, p.Now().Add(span)))
		}
	}
	return s
}
