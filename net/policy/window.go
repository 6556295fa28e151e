package policy

import "time"

// windowParts is how many parts a sliding window has: what it holds is forgotten a
// tenth at a time, as in Finagle's WindowedAdder.
const windowParts = 10

// A tally counts calls by how they went.
type tally struct{ calls, failures, slow int64 }

func (t *tally) add(u tally) {
	t.calls += u.calls
	t.failures += u.failures
	t.slow += u.slow
}

// A window tallies the latest span of time.
type window struct {
	slice time.Duration      // width of a part
	at    int64              // number of the part that is being filled
	parts [windowParts]tally // by number modulo windowParts
	sum   tally              // of all parts
}

// newWindow returns an empty window of the given width.
func newWindow(width time.Duration) window { return window{slice: max(1, width/windowParts)} }

// roll forgets the parts that are too old by now.
func (w *window) roll(now time.Duration) {
	at := int64(now / w.slice)
	for steps := min(at-w.at, windowParts); steps > 0; steps-- {
		w.at++
		old := &w.parts[w.at%windowParts]
		w.sum.add(tally{-old.calls, -old.failures, -old.slow})
		*old = tally{}
	}
	if at > w.at {
		w.at = at // all parts were forgotten; their numbers move on
	}
}

// add tallies something that happens now.
func (w *window) add(now time.Duration, t tally) {
	w.roll(now)
	w.parts[w.at%windowParts].add(t)
	w.sum.add(t)
}

// total returns the tally of the window that ends now.
func (w *window) total(now time.Duration) tally {
	w.roll(now)
	return w.sum
}
