package fault

import (
	"errors"
	"fmt"

	"faultline/models/store"
	"faultline/sim"
)

// surge strikes nothing: it is the load that goes wrong.
var surge = &Kind{
	Name: "surge", Family: "load", byHand: true,
	Doc: "Operations arrive at another rate than the workload's: more of them, or fewer. Several surges multiply.",
	Params: params([]Param{
		intParam("percent", "The rate meanwhile, in percent of the workload's: 200 is twice as many.", 200, 1, maxSurge),
	}, timing()),
	plan: func(w *World, v settings, _ *sim.Stream) strike {
		percent := int64(v.Int("percent"))
		return strike{label: fmt.Sprintf("%d %% of the load", percent), begin: func() func() {
			w.surge(append(w.surges, percent))
			return func() { w.surge(remove(w.surges, percent)) }
		}}
	},
	breaks: func(settings, Cluster) ([]store.Assumption, int) { return nil, 0 },
	check: func(_ settings, c Cluster) error {
		if !c.Open {
			return errors.New("clients that wait for an answer before they ask again (a closed loop) have no rate that could change; give the workload a rate, such as 200/s")
		}
		return nil
	},
}

// maxSurge bounds a surge, and all together, in percent.
const maxSurge = 100_000

// surge tells the workload at which rate to ask.
func (w *World) surge(percents []int64) {
	w.surges = percents
	rate := 1.0
	for _, p := range percents {
		rate = min(float64(rate*float64(p)/100), maxSurge/100)
	}
	w.cast.Surge(rate)
}
