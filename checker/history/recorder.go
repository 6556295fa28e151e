package history

import (
	"fmt"
	"slices"
)

const (
	firstOps     = 256  // room for operations to begin with
	slabAttempts = 1024 // how many attempts a Recorder allocates at a time
)

// A Recorder writes down operations as they happen. Its zero value is ready.
// It reads no clock: the caller stamps true time.
type Recorder struct {
	ops   History
	slabs [][]Attempt // attempts of all operations, in blocks that never move
	slab  int         // the block being filled
}

// NewRecorder returns an empty recorder.
func NewRecorder() *Recorder { return new(Recorder) }

// Call notes that op was called at op.Call and returns its handle. Until Return,
// the operation is Unknown. Calls come in order of time; Call panics otherwise.
func (r *Recorder) Call(op Op) int {
	if n := len(r.ops); n > 0 && op.Call < r.ops[n-1].Call {
		panic(fmt.Sprintf("history: call at %d after a call at %d", op.Call, r.ops[n-1].Call))
	}
	op.Return, op.Status, op.Attempts = Never, Unknown, nil
	if len(r.ops) == cap(r.ops) {
		r.ops = slices.Grow(r.ops, max(firstOps, len(r.ops))) // append grows long slices by a quarter, and copies them four times as often
	}
	r.ops = append(r.ops, op)
	return len(r.ops) - 1
}

// Attempt adds one request to the operation of the handle. It may come after
// the operation returned, when a straggler answers.
func (r *Recorder) Attempt(handle int, a Attempt) {
	op := &r.ops[handle]
	if len(op.Attempts) == cap(op.Attempts) {
		op.Attempts = append(r.room(max(1, 2*cap(op.Attempts))), op.Attempts...)
	}
	op.Attempts = append(op.Attempts, a)
}

// room returns an empty slice with space for n attempts out of the slabs: one
// allocation serves about a thousand operations.
func (r *Recorder) room(n int) []Attempt {
	for ; r.slab < len(r.slabs); r.slab++ {
		if s := r.slabs[r.slab]; len(s)+n <= cap(s) {
			r.slabs[r.slab] = s[:len(s)+n]
			return s[len(s) : len(s) : len(s)+n]
		}
	}
	r.slabs = append(r.slabs, make([]Attempt, 0, max(n, slabAttempts)))
	return r.room(n)
}

// Return notes at which time the operation of the handle ended, how, and what it
// returned or found (out; for reads and compare-and-sets). A client that gives up
// returns Unknown: such an operation stays open for ever, whatever at is.
func (r *Recorder) Return(handle int, at Time, status Status, out Value, swapped bool) {
	op := &r.ops[handle]
	if op.Status != Unknown {
		panic(fmt.Sprintf("history: operation %d returned twice, at %d and %d", handle, op.Return, at))
	}
	if status == Unknown {
		return
	}
	if at < op.Call {
		panic(fmt.Sprintf("history: operation %d called at %d returned at %d", handle, op.Call, at))
	}
	op.Return, op.Status, op.Out, op.Swapped = at, status, out, swapped
}

// Rank notes the place, in the store's own order of versions, of what the
// operation of the handle read or wrote.
func (r *Recorder) Rank(handle int, v Version) { r.ops[handle].Version = v }

// History returns what was recorded, ordered by call. It is the recorder's own
// memory: read it, and do not use it after Reset.
func (r *Recorder) History() History { return r.ops[:len(r.ops):len(r.ops)] }

// Reset forgets everything but keeps the memory for the next run.
func (r *Recorder) Reset() {
	r.ops = r.ops[:0]
	for i := range r.slabs {
		r.slabs[i] = r.slabs[i][:0]
	}
	r.slab = 0
}
