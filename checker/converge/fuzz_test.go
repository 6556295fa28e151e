package converge

import (
	"math/rand/v2"
	"slices"
	"testing"

	"faultline/checker/execution/executiontest"
	"faultline/checker/history"
	"faultline/checker/keys"
)

func FuzzConverge(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f.Add(tape(rng))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkTape(t, data) })
}

func TestAnyHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		checkTape(t, tape(rng))
	}
}

func tape(rng *rand.Rand) []byte {
	data := make([]byte, 3+4*(2+rng.IntN(12)))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// checkTape compares what is lost of a history of one key, and for how long its reads
// disagreed, with the definitions. The last reads are the final ones.
func checkTape(t *testing.T, data []byte) {
	t.Helper()
	if len(data) < 3 {
		return
	}
	kind := []history.Kind{history.Write, history.Append}[data[0]%2]
	h := executiontest.Distinct(data[3:], 14, 4, 1, history.Read, kind)
	var finals history.History
	for range data[1] % 4 {
		if n := len(h); n > 0 && h[n-1].Kind == history.Read {
			finals, h = append(finals, h[n-1]), h[:n-1]
		}
	}
	healed := history.Time(data[2])
	l := LostWrites(h, finals)
	if l.Ranked > 0 || len(l.Dropped) > 0 {
		t.Fatalf("%+v rests on versions that are not there:\n%v", l, h)
	}
	if len(l.Unjudged) == 0 {
		var got []int
		for _, x := range l.Lost {
			got = append(got, x.Op)
		}
		if want := plainLost(known(h, finals)); !slices.Equal(got, want) {
			t.Fatalf("lost %v, want %v, of\n%v\nwith %v", got, want, h, finals)
		}
	}
	stale := []int{}
	for i := range h {
		if h[i].Observes() && i%3 == int(data[1]/4)%3 {
			stale = append(stale, i)
		}
	}
	got, want := AfterHeal(h, keys.Of(h), finals, healed, stale), plainAfterHeal(h, finals, healed, stale)
	if got != want {
		t.Fatalf("%+v, want %+v, of\n%v\nwith %v, healed at %v, stale %v", got, want, h, finals, healed, stale)
	}
}

// known leaves out what plainLost knows nothing of: what failed, and writes that were
// acknowledged after the last look.
func known(h, finals history.History) (_, ok history.History) {
	looked := beginning
	for _, f := range finals {
		if f.Observes() {
			ok, looked = append(ok, f), max(looked, f.Call)
		}
	}
	h = slices.Clone(h)
	for i := range h {
		if h[i].Status == history.OK && h[i].Kind != history.Read && h[i].Return > looked || h[i].Status == history.Failed {
			h[i].Status = history.Unknown // never lost
			if h[i].Return <= looked {
				h[i].In = history.Num(-1) // and never there
			}
		}
	}
	return h, ok
}

// plainAfterHeal is the definition, read aloud, for one key.
func plainAfterHeal(h, finals history.History, healed history.Time, stale []int) Convergence {
	c := Convergence{Last: -1, Settled: true}
	var last []history.Value
	for _, f := range finals {
		if f.Observes() {
			last = append(last, f.Out)
		}
	}
	if !slices.ContainsFunc(h, func(o history.Op) bool { return o.MayMutate() || o.Observes() }) {
		return c // nothing is known of the key
	}
	quiet := len(last) > 0
	for _, o := range h {
		quiet = quiet && !(o.MayMutate() && (o.Status == history.Unknown || o.Return >= healed))
	}
	agree := true
	for _, v := range last {
		agree = agree && v.Equal(last[0])
	}
	c.Settled = agree
	for i, o := range h {
		if !o.Observes() || o.Call <= healed {
			continue
		}
		if len(last) > 0 {
			c.Reads++
		}
		same := len(last) > 0 && agree && o.Out.Equal(last[0])
		if !same && (quiet && agree || slices.Contains(stale, i)) && o.Call.Sub(healed) >= c.Time {
			if c.Last < 0 || o.Call > h[c.Last].Call {
				c.Last, c.Time = i, o.Call.Sub(healed)
			}
		}
	}
	return c
}
