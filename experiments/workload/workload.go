// Package workload is what clients ask for: which operations, on which keys, how
// often. It knows nothing of stores, and sends nothing itself.
//
// A Workload is a description; Generator turns it into integer tables, once for
// any number of runs. Every draw comes from the stream of the client that asks,
// and every operation takes the same number of draws: another mix of kinds asks
// for the same keys, another law of keys for the same kinds.
package workload

import (
	"fmt"
	"time"

	"faultline/checker/history"
	"faultline/net/policy"
	"faultline/sim/dist"
)

// Bounds of a Workload; beyond them it is surely a mistake.
const (
	MaxClients = 1000
	MaxKeys    = 100_000
	MaxRate    = 1e6 // operations per second
)

// A Workload says what clients ask for during one run.
type Workload struct {
	Clients  int           // client machines, 1 to MaxClients
	Duration time.Duration // how long they go on asking

	Keys int    // keys k0, k1, ...: 1 to MaxKeys
	Law  KeyLaw // which of them an operation is about
	Mix  Mix    // what it does

	// Rate, if not 0, makes an open loop: operations arrive at random (a Poisson
	// process), Rate per second over all clients together, and each is carried out
	// at once, whether or not earlier ones are done. With 0 the loop is closed:
	// each client asks again when it has its answer, after a time of thinking.
	Rate  float64
	Think *dist.Law // in a closed loop; nil: none

	// Probe, if not nil, makes probes of t-visibility in place of a mix: a client
	// drawn at random writes and, so long after the acknowledgement, a client drawn
	// at random reads the same key. There is one probe at a time.
	Probe *dist.Law

	// Optimistic, if not nil, makes optimistic updates in place of a mix.
	Optimistic *Optimistic
}

// Optimistic is an update without a lock (Kung and Robinson, TODS 1981): a client
// reads a key and sets it by compare-and-set to a value of its own. If another
// came between, it waits and begins again with the read.
type Optimistic struct {
	Backoff policy.Backoff // the wait before the n-th repetition of an update
	Updates int            // of each client, after which it rests; 0: any number
}

// A Mix is how often an operation is of which kind: weights, of which only the
// ratios count. Reads: 9, Writes: 1 is the same as 0.9 and 0.1.
type Mix struct {
	Reads, Writes, CAS, Appends float64
}

// weights returns the weights by kind.
func (m Mix) weights() []float64 {
	return []float64{history.Read: m.Reads, history.Write: m.Writes, history.CAS: m.CAS, history.Append: m.Appends}
}

// Kinds returns the kinds of operations that the mix holds.
func (m Mix) Kinds() []history.Kind {
	var kinds []history.Kind
	for kind, weight := range m.weights() {
		if weight > 0 {
			kinds = append(kinds, history.Kind(kind))
		}
	}
	return kinds
}

// Open reports whether operations arrive at a rate of their own.
func (w Workload) Open() bool { return w.Rate > 0 }

// Check returns what is wrong with w and how to mend it, or nil.
func (w Workload) Check() error {
	switch {
	case w.Clients < 1 || w.Clients > MaxClients:
		return fmt.Errorf("clients: %d is not from 1 to %d", w.Clients, MaxClients)
	case w.Duration <= 0:
		return fmt.Errorf("duration: %v is not positive", w.Duration)
	case w.Keys < 1 || w.Keys > MaxKeys:
		return fmt.Errorf("keys: %d is not from 1 to %d", w.Keys, MaxKeys)
	case !(w.Rate >= 0 && w.Rate <= MaxRate):
		return fmt.Errorf("rate: %v per second is not from 0 to %v", w.Rate, MaxRate)
	case w.Open() && w.Think != nil:
		return fmt.Errorf("think: clients of an open loop (rate: %v per second) do not think; leave out think or rate", w.Rate)
	}
	if o := w.Optimistic; o != nil && (o.Updates < 0 || w.Open() || w.Probe != nil) {
		return fmt.Errorf("optimistic: %d updates of each client, in a closed loop without probes", o.Updates)
	}
	if err := w.Mix.check(); err != nil {
		return err
	}
	return w.Law.check(w.Keys)
}

func (m Mix) check() error {
	sum := 0.0
	for kind, weight := range m.weights() {
		if !(weight >= 0 && weight <= maxWeight) {
			return fmt.Errorf("mix: the weight of %ss is %v, not from 0 to %v", history.Kind(kind), weight, maxWeight)
		}
		sum += weight
	}
	if sum == 0 {
		return fmt.Errorf("mix: there is no operation in it; give reads or writes a weight")
	}
	if m.Appends > 0 && m.Writes+m.CAS > 0 {
		return fmt.Errorf("mix: a key holds a list of appended numbers or one written number; leave out appends, or writes and cas")
	}
	return nil
}

// maxWeight bounds a weight, so that the sum of all is far from infinite.
const maxWeight = 1e6
