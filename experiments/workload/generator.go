package workload

import (
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
	keys  *cumulative
	kinds *cumulative
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
//
// A guide says between which entries draws with the same first bits end up (Chen and
// Asau, "On Generating Random Variates from an Empirical Distribution", AIIE
// Transactions 1974): most draws need no search, whose turns a processor cannot foresee.
type cumulative struct {
	entries []uint64
	guide   [1<<guideBits + 1]int32
}

const (
	unit      = 1 << 63
	guideBits = 8
	guided    = 63 - guideBits // bits of a draw that the guide does not look at
)

// accumulate makes the table of weights, at least one of which must be positive.
func accumulate(weights []float64) *cumulative {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	c, sum := &cumulative{entries: make([]uint64, len(weights))}, 0.0
	for i, w := range weights {
		sum += w // the same additions as before, so that it ends with total exactly
		c.entries[i] = uint64(sum / total * unit)
	}
	above := 0 // the first entry above the draws that begin with these bits
	for first := range c.guide {
		for above < len(weights)-1 && c.entries[above] <= uint64(first)<<guided {
			above++
		}
		c.guide[first] = int32(above)
	}
	return c
}

// pick maps 64 uniform random bits to an outcome: the first whose entry is above the draw.
func (c *cumulative) pick(bits uint64) int {
	draw := bits >> 1
	low, high := c.guide[draw>>guided], c.guide[draw>>guided+1]
	for low < high {
		if middle := (low + high) / 2; c.entries[middle] <= draw {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return int(low)
}
