package atomicity

import (
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/history"
)

// plainK is the definition, read aloud: it tries every order of the operations, and
// returns the least k, or 0 if there is none.
func plainK(h history.History) int {
	h = slices.DeleteFunc(slices.Clone(h), func(o history.Op) bool { return !o.Observes() && !o.MayMutate() })
	for i := range h {
		h[i].Client = i
	}
	p := plain{h: h, placed: make([]bool, len(h)), states: []history.Value{{}}}
	p.place(1)
	return p.best
}

type plain struct {
	h      history.History
	placed []bool
	states []history.Value
	best   int
}

// place tries what may come next; k is what the order so far needs.
func (p *plain) place(k int) {
	if p.best > 0 && k >= p.best {
		return
	}
	if !slices.ContainsFunc(p.h, func(o history.Op) bool { return o.Status == history.OK && !p.placed[o.Client] }) {
		p.best = k
		return
	}
	for i, o := range p.h {
		if refused := o.Kind == history.CAS && o.Observes() && o.Out.Equal(o.Expect); refused || p.placed[o.Client] || p.tooEarly(i) {
			continue
		}
		p.placed[o.Client] = true
		if o.Observes() {
			for back := 1; back <= len(p.states); back++ {
				if p.states[len(p.states)-back].Equal(o.Out) {
					p.place(max(k, back))
					break
				}
			}
		} else {
			next := o.In
			if o.Kind == history.Append {
				next = history.Value{List: append(slices.Clone(p.states[len(p.states)-1].List), o.In.Num)}
			}
			p.states = append(p.states, next)
			p.place(k)
			p.states = p.states[:len(p.states)-1]
		}
		p.placed[o.Client] = false
	}
}

// tooEarly reports whether something that is not placed yet was over before i was called.
func (p *plain) tooEarly(i int) bool {
	return slices.ContainsFunc(p.h, func(o history.Op) bool {
		return !p.placed[o.Client] && o.Status == history.OK && o.Return < p.h[i].Call
	})
}

func TestKAgreesWithTheDefinition(t *testing.T) {
	for _, f := range families {
		if f.name == "swaps" {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 8))
			counts, exact := map[int]int{}, map[int]int{}
			for range *crossChecks {
				h := f.generate(rng)
				h = h[:min(len(h), 8)]
				got, want := Measure(h).K, plainK(h)
				counts[want]++
				if k, ok := got.Exact(); ok && k == want || want == 0 {
					exact[want]++
				}
				switch {
				case got.Infinite != (want == 0):
				case want == 0:
					continue
				case want <= 2 && (got.Lower != want || got.Upper != want):
				case f.name == "list" && got.Lower != got.Upper:
				case got.Lower <= want && want <= got.Upper:
					continue
				}
				t.Fatalf("k is %+v, want %d, for\n%s", got, want, dump(h))
			}
			t.Logf("k %v, of which exact %v", counts, exact)
			for k := range 4 {
				if counts[k] < *crossChecks/200 {
					t.Errorf("only %d histories with k=%d: the generator is lopsided", counts[k], k)
				}
			}
		})
	}
}

// plainSpread tries every order of the zones that respects real time.
func plainSpread(zones []zone, order []zone) int {
	if len(zones) == 0 {
		k := 1
		for i, a := range order {
			for j, b := range order {
				if b.first < a.last {
					k = max(k, j-i+1)
				}
			}
		}
		return k
	}
	best := 0
	for i, z := range zones {
		if slices.ContainsFunc(zones, func(other zone) bool { return other != z && other.first < z.call }) {
			continue
		}
		rest := slices.Delete(slices.Clone(zones), i, i+1)
		if k := plainSpread(rest, append(slices.Clone(order), z)); best == 0 || k < best {
			best = k
		}
	}
	return best
}

// crowd returns zones of writes many of which run at once, read long after.
func crowd(rng *rand.Rand) []zone {
	zones := make([]zone, 3+rng.IntN(5))
	width := 1 + rng.IntN(30)
	for i := range zones {
		call := history.Time(rng.IntN(30))
		first := call + history.Time(rng.IntN(width))
		last := max(call, first+history.Time(rng.IntN(width)-rng.IntN(20)))
		zones[i] = zone{call, first, last, int32(i)}
	}
	return zones
}

func TestBoundsOfKAgreeWithTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	counts, exact := map[int]int{}, map[int]int{}
	var r rows
	for range *crossChecks / 4 {
		zones := crowd(rng)
		want := plainSpread(zones, nil)
		r.fill(slices.Clone(zones))
		two := r.twoAtomic()
		lower, upper := r.bounds()
		if two != (want <= 2) || want > 1 && lower > want || upper < want || want == 2 && upper > 2 {
			t.Fatalf("k is %d to %d, 2-atomic %v; want %d, for %v", lower, upper, two, want, zones)
		}
		if two {
			checkOrder(t, &r)
		} else {
			checkBounds(t, &r, lower, upper)
		}
		counts[want]++
		if lower == upper {
			exact[want]++
		}
	}
	t.Logf("k %v, of which exact %v", counts, exact)
	for k := 1; k < 5; k++ {
		if counts[k] < *crossChecks/400 {
			t.Errorf("only %d times k=%d: the generator is lopsided", counts[k], k)
		}
	}
}

// checkOrder checks that the order in which zones were taken is 2-atomic and respects real time.
func checkOrder(t *testing.T, r *rows) {
	t.Helper()
	if !r.twoAtomic() {
		t.Fatal("once 2-atomic, and now not")
	}
	for n, i := range r.taken {
		r.zones[i].place = int32(len(r.taken) - n)
		for _, earlier := range r.taken[n:] {
			if r.zones[i].first < r.zones[earlier].call {
				t.Fatalf("%+v stands behind %+v", r.zones[i], r.zones[earlier])
			}
		}
	}
	if k := r.spread(); len(r.taken) != len(r.zones) || k > 2 {
		t.Fatalf("the order %v of %v is %d-atomic", r.taken, r.zones, k)
	}
}

// checkBounds compares the bounds with their definitions.
func checkBounds(t *testing.T, r *rows, lower, upper int) {
	t.Helper()
	between, overlap, returned := 1, 1, 1
	for i, a := range r.zones {
		newer, open := 1, 0
		for j, b := range r.zones {
			if b.call > a.first && b.first < a.last {
				newer++
			}
			if b.first < a.last {
				returned = max(returned, j-i+1)
			}
			if b.first <= a.first && b.last > a.first {
				open++
			}
		}
		between, overlap = max(between, newer), max(overlap, open)
	}
	if lower != max(3, between, overlap) || upper > returned {
		t.Fatalf("bounds %d and %d, though %d are between, %d overlap, and in order of return it is %d: %v", lower, upper, between, overlap, returned, r.zones)
	}
}
