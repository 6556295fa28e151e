package keys

// A Tally counts marked places in O(log n) (Fenwick, Softw. Pract. Exp. 1994). It
// has room for one place less than its length.
type Tally []int32

// NewTally returns a tally of n places, none of them marked.
func NewTally(n int) Tally { return make(Tally, n+1) }

// Mark marks place i.
func (t Tally) Mark(i int) {
	for i++; i < len(t); i += i & -i {
		t[i]++
	}
}

// Below returns how many places below i are marked.
func (t Tally) Below(i int) int {
	n := int32(0)
	for ; i > 0; i -= i & -i {
		n += t[i]
	}
	return int(n)
}
