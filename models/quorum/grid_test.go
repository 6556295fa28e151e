package quorum

import (
	"math"
	"math/bits"
	"testing"
)

// Every write quorum of a grid meets every other one, and every read quorum.
func TestQuorumsOfAGridMeet(t *testing.T) {
	for _, shape := range []struct{ rows, columns int }{{1, 3}, {3, 1}, {2, 2}, {2, 3}, {3, 2}} {
		c := coordinator{ring: ring{n: shape.rows * shape.columns}, columns: shape.columns}
		all := uint64(1) << c.n
		for w := range all {
			for other := range all {
				if w&other == 0 && c.coversGrid(w, true) && c.coversGrid(other, false) {
					t.Fatalf("%+v: a write by %b and a read by %b do not meet", shape, w, other)
				}
				if w&other == 0 && c.coversGrid(w, true) && c.coversGrid(other, true) {
					t.Fatalf("%+v: writes by %b and %b do not meet", shape, w, other)
				}
			}
		}
	}
}

// Of three by three replicas, each up nine times of ten, a write finds a quorum
// with (1-q^3)^3 - (1-q^3-p^3)^3, and a read with the first of the two.
func TestAvailabilityOfAGrid(t *testing.T) {
	c := coordinator{ring: ring{n: 9}, columns: 3}
	const p, q = 0.9, 0.1
	read, write := 0.0, 0.0
	for up := range uint64(1) << c.n {
		chance := math.Pow(p, float64(bits.OnesCount64(up))) * math.Pow(q, float64(c.n-bits.OnesCount64(up)))
		if c.coversGrid(up, false) {
			read += chance
		}
		if c.coversGrid(up, true) {
			write += chance
		}
	}
	covered, full := 1-math.Pow(q, 3), math.Pow(p, 3)
	if want := math.Pow(covered, 3); math.Abs(read-want) > 1e-12 {
		t.Errorf("reads find a quorum with %.6f, want %.6f", read, want)
	}
	if want := math.Pow(covered, 3) - math.Pow(covered-full, 3); math.Abs(write-want) > 1e-12 {
		t.Errorf("writes find a quorum with %.6f, want %.6f", write, want)
	}
}
