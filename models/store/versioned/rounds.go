package versioned

import "faultline/sim"

// Rounds are the operations that a coordinator carries out, named by consecutive
// numbers: messages say to which of them they belong.
type Rounds[O any] struct {
	last uint64 // the latest round
	open []*O   // of the latest rounds, in order; nil where the operation is finished
	free []*O
}

// Begin begins a life: rounds count from anywhere, for answers to an earlier life
// must not count for this one, and no two writes may share a stamp.
func (r *Rounds[O]) Begin(rand *sim.Stream) { r.last = Round(rand) }

// New returns memory for an operation, which the next Add may add.
func (r *Rounds[O]) New() *O {
	n := len(r.free)
	if n == 0 {
		return new(O)
	}
	op := r.free[n-1]
	r.free = r.free[:n-1]
	return op
}

// Next returns the round of the operation that is added next.
func (r *Rounds[O]) Next() uint64 { return r.last + 1 }

// Add adds an operation, under the next round.
func (r *Rounds[O]) Add(op *O) {
	r.last++
	r.open = append(r.open, op)
}

// Find returns the operation of a round, or nil if there is none or it is finished.
func (r *Rounds[O]) Find(round uint64) *O {
	first := r.last - uint64(len(r.open)) + 1
	if at := round - first; at < uint64(len(r.open)) {
		return r.open[at]
	}
	return nil
}

// Finish ends the operation of a round, which must be open.
func (r *Rounds[O]) Finish(round uint64) {
	first := r.last - uint64(len(r.open)) + 1
	r.open[round-first] = nil
}

// Recycle takes back an operation that is finished, and that nobody looks at any
// more once the handler returns: New hands it out as it is.
func (r *Rounds[O]) Recycle(op *O) { r.free = append(r.free, op) }

// Open returns the operations that are not finished, in order, among nils. It
// drops what is finished at the front.
func (r *Rounds[O]) Open() []*O {
	done := 0
	for done < len(r.open) && r.open[done] == nil {
		done++
	}
	r.open = r.open[:copy(r.open, r.open[done:])]
	return r.open
}
