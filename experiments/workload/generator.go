package workload

import (
	"slices"
	"strconv"
	"time"

	"faultline/checker/history"
	"faultline/sim"
	"faultline/sim/dist"
)

// A Generator draws the operations of a Workload. It never changes: any number
// of clients and runs may share it.
type Generator struct {
	names []string
	keys  cumulative
	kinds cumulative
	gap   *dist.Law
	think *dist.Law
	probe *dist.Law
}

// Generator returns the generator of w. It panics if w.Check finds a mistake.
func (w Workload) Generator() *Generator {
	if err := w.Check(); err != nil {
		panic("workload: " + err.Error())
	}
	g := &Generator{
		names: make([]string, w.Keys),
		keys:  accumulate(w.Law.weights(w.Keys)),
		kinds: accumulate(w.Mix.weights()),
		gap:   dist.Constant(0),
		think: w.Think,
		probe: w.Probe,
	}
	for i := range g.names {
		g.names[i] = "k" + strconv.Itoa(i)
	}
	if w.Open() {
		g.gap = dist.Exponential(time.Duration(float64(time.Second) / w.Rate))
	}
	if g.think == nil {
		g.think = dist.Constant(0)
	}
	return g
}

// Next draws a client's next operation. It always takes two draws: one for the kind, one for the key.
func (g *Generator) Next(r *sim.Stream) (kind history.Kind, key string) {
	kind = history.Kind(g.kinds.pick(r.Uint64()))
	return kind, g.names[g.keys.pick(r.Uint64())]
}

// Gap draws the time between two arrivals of an open loop, over all clients
// together; n clients that draw for themselves each wait n times as long. In a
// closed loop it is 0.
func (g *Generator) Gap(r *sim.Stream) time.Duration { return g.gap.Sample(r.Uint64()) }

// Think draws the time that a client of a closed loop waits after an answer.
func (g *Generator) Think(r *sim.Stream) time.Duration { return g.think.Sample(r.Uint64()) }

// Key draws a key.
func (g *Generator) Key(r *sim.Stream) string { return g.names[g.keys.pick(r.Uint64())] }

// Probe draws the time from the acknowledgement of a probe's write to its read.
func (g *Generator) Probe(r *sim.Stream) time.Duration { return g.probe.Sample(r.Uint64()) }

// Keys returns all keys, for reading them back at the end. The result is read only.
func (g *Generator) Keys() []string { return g.names }

// A cumulative is an inverse table: entry i is the probability of 0 to i, in
// units of 2^-63. An outcome without weight has the same entry as the one before
// it, so it is never picked.
type cumulative []uint64

const unit = 1 << 63

// accumulate makes the table of weights, at least one of which must be positive.
func accumulate(weights []float64) cumulative {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	table, sum := make(cumulative, len(weights)), 0.0
	for i, w := range weights {
		sum += w // the same additions as before, so that it ends with total exactly
		table[i] = uint64(sum / total * unit)
	}
	return table
}

// pick maps 64 uniform random bits to an outcome.
func (c cumulative) pick(bits uint64) int {
	// The first entry above the draw: the search never finds an equal one, which would be too low.
	i, _ := slices.BinarySearchFunc(c, bits>>1, func(entry, draw uint64) int {
		if entry <= draw {
			return -1
		}
		return 1
	})
	return i
}
