package fault

import (
	"slices"
	"time"

	"faultline/models/store"
	"faultline/sim"
)

// maxRandom is the most faults of a random plan.
const maxRandom = 5

// Random draws a plan of one to five faults of the catalogue, none of which
// breaks one of the assumptions to stay within. Faults that overlap may break
// more than each alone: run the plan with Budget.StayWithin too. The same stream
// gives the same plan. Where nothing may happen at all the plan is empty.
func Random(r *sim.Stream, within []store.Assumption, c Cluster, until time.Duration) []Fault {
	var plan []Fault
	const tries = 50
	wanted := 1 + r.IntN(maxRandom)
	for range tries {
		if len(plan) == wanted {
			break
		}
		f := randomFault(r, c, until)
		if f.Check(c) == nil && !breaksAny(f.Breaks(c), within) {
			plan = append(plan, f)
		}
	}
	return Named(plan)
}

func breaksAny(broken, within []store.Assumption) bool {
	return slices.ContainsFunc(broken, func(a store.Assumption) bool { return slices.Contains(within, a) })
}

// randomFault draws a fault with typical settings, at a time that leaves room for it.
func randomFault(r *sim.Stream, c Cluster, until time.Duration) Fault {
	kind := planned[r.IntN(len(planned))]
	values := store.Values{}
	for i := range kind.Params {
		values[kind.Params[i].Name] = kind.Params[i].sample(r)
	}
	if kind == partition {
		values["groups"] = randomGroups(r, c)
	}
	values["at"] = part(r, until)
	if r.IntN(2) == 0 { // half of the plans come again and again
		values["at"], values["every"] = time.Duration(0), until/repeats+part(r, until/repeats)
	}
	if kind.Param("for") != nil {
		values["for"] = until/longest + part(r, until/repeats)
	}
	return Fault{Kind: kind, Values: values}
}

// Times of random faults, as parts of the fault phase.
const (
	repeats = 5   // the mean time between two occurrences is a fifth to two fifths of the phase
	longest = 100 // each lasts at least a hundredth
)

// part draws a part of a duration, in whole milliseconds.
func part(r *sim.Stream, d time.Duration) time.Duration {
	return time.Duration(r.IntN(int(d/time.Millisecond)+1)) * time.Millisecond
}

// randomGroups deals the replicas into two or three groups.
func randomGroups(r *sim.Stream, c Cluster) [][]string {
	groups := make([][]string, 2+r.IntN(2))
	for i := range c.Replicas {
		g := r.IntN(len(groups))
		groups[g] = append(groups[g], replicaName(i))
	}
	return groups
}
