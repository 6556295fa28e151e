package atomicity

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/keys"
	"faultline/checker/linear"
)

// without returns h without the operations of the mask, which are numbered as in ops.
func without(h history.History, ops []int, mask int) history.History {
	gone := make([]bool, len(h))
	for n, i := range ops {
		gone[i] = mask>>n&1 == 1
	}
	var rest history.History
	for i := range h {
		if !gone[i] {
			rest = append(rest, h[i])
		}
	}
	return rest
}

// plainRemoval tries to remove nothing, then each operation, then each two, and so on.
func plainRemoval(h history.History) int {
	var ops []int
	for i := range h {
		if h[i].Status == history.OK {
			ops = append(ops, i)
		}
	}
	for n := 0; ; n++ {
		for mask := range 1 << len(ops) {
			if ones(mask) == n && linear.Check(without(h, ops, mask), judge.Budget{}).Verdict == judge.Holds {
				return n
			}
		}
	}
}

func ones(mask int) (n int) {
	for ; mask > 0; mask &= mask - 1 {
		n++
	}
	return n
}

// troubled returns a register with many wrong answers.
func troubled(rng *rand.Rand) history.History {
	n := 4 + rng.IntN(6)
	h := make(history.History, n)
	var written []int64
	at, spread := history.Time(0), 1+rng.Int64N(12)
	for i := range h {
		at += history.Time(rng.IntN(5))
		end := at + history.Time(rng.Int64N(spread))
		if v := int64(i + 1); len(written) == 0 || rng.IntN(5) < 2 {
			h[i] = write(i, v, at, end)
			if rng.IntN(8) == 0 {
				h[i] = unknown(h[i])
			}
			written = append(written, v)
		} else {
			h[i] = read(i, written[max(0, len(written)-1-rng.IntN(3))], at, end)
		}
		if rng.IntN(15) == 0 {
			h[i] = read(i, rng.Int64N(10), at, end)
		}
	}
	return h
}

func TestRemovalAgreesWithTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	counts, late, lower, upper, exact := map[int]int{}, map[int]int{}, map[int]int{}, map[int]int{}, map[int]int{}
	for range *crossChecks {
		h := troubled(rng)
		s, want := Measure(h), plainRemoval(h)
		got := s.Removal
		if got.Lower != want || got.Upper != want || len(got.Ops) != want || !slices.IsSorted(got.Ops) {
			t.Fatalf("%+v, want %d, for\n%s", got, want, dump(h))
		}
		if linear.Check(without(h, got.Ops, -1), judge.Budget{}).Verdict != judge.Holds {
			t.Fatalf("without %v it is not linearizable:\n%s", got.Ops, dump(h))
		}
		counts[want]++
		if low, up, ok := bounds(t, h); ok {
			if low > want || up < want {
				t.Fatalf("bounds %d and %d of %d, for\n%s", low, up, want, dump(h))
			}
			late[want]++
			if low == want {
				lower[want]++
			}
			if up == want {
				upper[want]++
			}
			if low == up {
				exact[want]++
			}
		}
	}
	t.Logf("removals %v; of %v with late reads, without the search, lower bounds are exact for %v, upper bounds for %v, both for %v", counts, late, lower, upper, exact)
	for n := range 4 {
		if counts[n] < *crossChecks/100 {
			t.Errorf("only %d histories with %d removals: the generator is lopsided", counts[n], n)
		}
	}
}

func TestRemovalFromListsAgreesWithTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	counts, lower, upper := map[int]int{}, map[int]int{}, map[int]int{}
	for i := range *crossChecks {
		h := families[2].generate(rng)
		if i%2 == 0 {
			h = branched(rng)
		}
		h = h[:min(len(h), 9)]
		got, want := Measure(h).Removal, plainRemoval(h)
		if got.Lower > want || got.Upper < want || len(got.Ops) != got.Upper || !slices.IsSorted(got.Ops) {
			t.Fatalf("%+v, want %d, for\n%s", got, want, dump(h))
		}
		if linear.Check(without(h, got.Ops, -1), judge.Budget{}).Verdict != judge.Holds {
			t.Fatalf("without %v it is not linearizable:\n%s", got.Ops, dump(h))
		}
		counts[want]++
		if got.Lower == want {
			lower[want]++
		}
		if got.Upper == want {
			upper[want]++
		}
	}
	t.Logf("removals %v; lower bounds are exact for %v, upper bounds for %v", counts, lower, upper)
	for n := range 4 {
		if counts[n] < *crossChecks/100 {
			t.Errorf("only %d histories with %d removals: the generator is lopsided", counts[n], n)
		}
	}
}

// branched returns a list of which two replicas go on apart, for a while or for good.
func branched(rng *rand.Rand) history.History {
	var h history.History
	var lists [2][]int64
	at, spread := history.Time(0), 1+rng.Int64N(8)
	apart := rng.IntN(6)
	for i := range 5 + rng.IntN(5) {
		at += history.Time(rng.IntN(5))
		end, side := at+history.Time(rng.Int64N(spread)), 0
		if i >= apart {
			side = rng.IntN(2)
		}
		if rng.IntN(2) == 0 {
			o := add(i, int64(i+1), at, end)
			if rng.IntN(8) == 0 {
				o = unknown(o)
			}
			lists[side] = append(slices.Clone(lists[side]), int64(i+1))
			h = append(h, o)
		} else {
			h = append(h, list(i, at, end, lists[side]...))
		}
		if i < apart {
			lists[1] = lists[0]
		}
	}
	return h
}

// bounds returns the bounds without the search, and checks what they rest on. They
// are not there if no read is late.
func bounds(t *testing.T, h history.History) (lower, upper int, ok bool) {
	t.Helper()
	k := keys.Of(h)[0]
	m := measurer{h: h}
	m.register(&k)
	m.join()
	m.delta()
	if len(m.score.Late) == 0 {
		return 0, 0, false
	}
	var wrong []int
	for _, w := range m.score.Wrong {
		wrong = append(wrong, w.Op)
	}
	r := &m.remover
	r.conflicted(&m)
	r.fill(&m, false)
	lower, upper = len(wrong)+r.disjoint.lower(r), len(h)
	for name, key := range map[string]func(*group) uint64{
		"first": func(g *group) uint64 { return unsigned(g.first) },
		"call":  func(g *group) uint64 { return unsigned(r.write(g).call) },
	} {
		gone := r.cover.least(r, key)
		if want := r.plainCover(key); len(gone) != want {
			t.Fatalf("in order of %s, %v have to go, want %d, for\n%s", name, gone, want, dump(h))
		}
		ops := slices.Clone(wrong)
		for _, i := range gone {
			ops = append(ops, int(r.items[i].op))
		}
		if linear.Check(without(h, ops, -1), judge.Budget{}).Verdict != judge.Holds {
			t.Fatalf("in order of %s, without %v it is not linearizable:\n%s", name, ops, dump(h))
		}
		upper = min(upper, len(ops))
	}
	return lower, upper, true
}

// plainCover tries to keep every set of items, if groups come in order of key.
func (r *remover) plainCover(key func(*group) uint64) int {
	place := make([]int, len(r.groups))
	order := make([]int, len(r.groups))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(key(&r.groups[a]), key(&r.groups[b])) })
	for at, g := range order {
		place[g] = at
	}
	best := len(r.items)
	for mask := range 1 << len(r.items) {
		kept := func(i int) bool { return mask>>i&1 == 1 }
		gone, fits := 0, true
		for i, x := range r.items {
			write := int(r.groups[r.of[i]].from)
			if !kept(i) {
				if !x.free {
					gone++
				}
				continue
			}
			fits = fits && kept(write)
			for j, y := range r.items {
				if kept(j) && place[r.of[i]] < place[r.of[j]] && y.ret < x.call {
					fits = false
				}
			}
		}
		if fits {
			best = min(best, gone)
		}
	}
	return best
}
