package workload

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"faultline/checker/history"
	"faultline/sim"
	"faultline/sim/dist"
)

const draws = 200_000

// closeTo fails the test unless a share observed in n draws is within five
// standard deviations of what it should be.
func closeTo(t *testing.T, what string, seen, n int, want float64) {
	t.Helper()
	got := float64(seen) / float64(n)
	if off := 5*math.Sqrt(want*(1-want)/float64(n)) + 1e-12; math.Abs(got-want) > off {
		t.Errorf("%s: %d of %d draws = %.5f, want %.5f +- %.5f", what, seen, n, got, want, off)
	}
}

func base() Workload {
	return Workload{Clients: 3, Duration: time.Second, Keys: 4, Mix: Mix{Reads: 1, Writes: 1}}
}

func counts(w Workload) (kinds map[history.Kind]int, keys map[string]int) {
	g, r := w.Generator(), sim.NewStream(1, "client 0")
	kinds, keys = map[history.Kind]int{}, map[string]int{}
	for range draws {
		kind, key := g.Next(r)
		kinds[kind]++
		keys[key]++
	}
	return kinds, keys
}

func TestMixGivesTheShares(t *testing.T) {
	w := base()
	w.Mix = Mix{Reads: 6, Writes: 3, CAS: 1}
	kinds, keys := counts(w)
	closeTo(t, "reads", kinds[history.Read], draws, 0.6)
	closeTo(t, "writes", kinds[history.Write], draws, 0.3)
	closeTo(t, "cas", kinds[history.CAS], draws, 0.1)
	if kinds[history.Append] != 0 {
		t.Errorf("%d appends without weight", kinds[history.Append])
	}
	for _, key := range []string{"k0", "k1", "k2", "k3"} {
		closeTo(t, key, keys[key], draws, 0.25)
	}
}

func TestHotKeysGetTheirShareAndTheTailTheRest(t *testing.T) {
	w := base()
	w.Keys, w.Law = 12, KeyLaw{Kind: HotKeys, Hot: 2, Share: 0.8}
	_, keys := counts(w)
	closeTo(t, "a hot key", keys["k1"], draws, 0.4)
	closeTo(t, "a cold key", keys["k11"], draws, 0.02)
}

func TestAllKeysHotIsUniform(t *testing.T) {
	w := base()
	for _, share := range []float64{0, 0.5} { // the cold tail has nobody to ask for
		w.Law = KeyLaw{Kind: HotKeys, Hot: 4, Share: share}
		_, keys := counts(w)
		closeTo(t, "k3", keys["k3"], draws, 0.25)
	}
}

func TestZipfAgainstTheory(t *testing.T) {
	for _, theta := range []float64{0.5, 0.99, 1, 2} {
		w := base()
		w.Keys, w.Law = 50, KeyLaw{Kind: Zipf, Theta: theta}
		_, keys := counts(w)
		harmonic := 0.0
		for i := 1; i <= w.Keys; i++ {
			harmonic += math.Pow(float64(i), -theta)
		}
		for _, i := range []int{1, 2, 3, 10, 50} {
			key := fmt.Sprintf("k%d", i-1)
			closeTo(t, fmt.Sprintf("zipf(%v) %s", theta, key), keys[key], draws, math.Pow(float64(i), -theta)/harmonic)
		}
	}
}

func TestPowerIsThatOfMath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.Float64Range(1, MaxKeys).Draw(t, "x"), rapid.Float64Range(0, MaxTheta).Draw(t, "y")
		got, want := power(x, y), math.Pow(x, y)
		if math.Abs(got/want-1) > 1e-13 {
			t.Fatalf("power(%v, %v) = %v, want %v", x, y, got, want)
		}
	})
}

// The tables decide traces, so their bits must be the same on every platform.
func TestTablesAreTheSameEverywhere(t *testing.T) {
	w := base()
	w.Keys, w.Law = 1000, KeyLaw{Kind: Zipf, Theta: 0.99}
	hash := uint64(0)
	for _, entry := range w.Generator().keys.entries {
		hash = sim.Mix(hash ^ entry)
	}
	const golden = 0x987d59f6e654e0e
	if hash != golden {
		t.Errorf("hash of the table of zipf(0.99) is %#x, want %#x", hash, uint64(golden))
	}
}

func TestPickAtTheBorders(t *testing.T) {
	table := accumulate([]float64{0, 1, 0, 1, 0})
	for _, c := range []struct {
		bits uint64
		want int
	}{{0, 1}, {1<<63 - 1, 1}, {1 << 63, 3}, {math.MaxUint64, 3}} {
		if got := table.pick(c.bits); got != c.want {
			t.Errorf("pick(%#x) = %d, want %d", c.bits, got, c.want)
		}
	}
}

// The guide must lead to where looking at one entry after the other ends, also
// right at an entry and where the first bits of a draw change.
func TestPickFindsTheFirstEntryAboveTheDraw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(0, maxWeight), 1, 20).Draw(t, "weights")
		weights[rapid.IntRange(0, len(weights)-1).Draw(t, "positive")] = 1
		c := accumulate(weights)
		draw := rapid.OneOf(
			rapid.Uint64Max(unit-1),
			rapid.Custom(func(t *rapid.T) uint64 {
				return rapid.SampledFrom(c.entries).Draw(t, "entry") + rapid.Uint64Max(2).Draw(t, "beside") - 1
			}),
			rapid.Custom(func(t *rapid.T) uint64 { return rapid.Uint64Max(1<<guideBits-1).Draw(t, "first bits") << guided }),
		).Filter(func(draw uint64) bool { return draw < unit }).Draw(t, "draw")
		want := slices.IndexFunc(c.entries, func(entry uint64) bool { return entry > draw })
		if got := c.pick(draw<<1 | 1); got != want || weights[got] == 0 {
			t.Fatalf("%d of %v, want %d", got, weights, want)
		}
	})
}

func TestArrivalsComeAtTheRate(t *testing.T) {
	w := base()
	w.Rate = 100
	g, r := w.Generator(), sim.NewStream(1, "arrivals 0")
	sum, long := time.Duration(0), 0
	for range draws {
		gap := g.Gap(r)
		sum += gap
		if gap > 20*time.Millisecond { // twice the mean: e^-2 of an exponential law
			long++
		}
	}
	mean := sum / draws
	if mean < 9900*time.Microsecond || mean > 10100*time.Microsecond {
		t.Errorf("mean gap is %v, want 10ms", mean)
	}
	closeTo(t, "gaps over 20ms", long, draws, math.Exp(-2))
}

func TestClosedLoopHasNoGapsAndThinksByItsLaw(t *testing.T) {
	w := base()
	w.Think = dist.Constant(5 * time.Millisecond)
	g, r := w.Generator(), sim.NewStream(1, "client 0")
	if gap, think := g.Gap(r), g.Think(r); gap != 0 || think != 5*time.Millisecond {
		t.Errorf("gap %v, think %v, want 0s and 5ms", gap, think)
	}
	w.Think = nil
	if think := w.Generator().Think(r); think != 0 {
		t.Errorf("thinks %v without a law", think)
	}
}

// operations returns the first kinds and keys that a client asks for.
func operations(w Workload) (kinds []history.Kind, keys []string) {
	g, r := w.Generator(), sim.NewStream(7, "client 0")
	for range 50 {
		kind, key := g.Next(r)
		kinds, keys = append(kinds, kind), append(keys, key)
	}
	return kinds, keys
}

func TestOneSettingShiftsNothingElse(t *testing.T) {
	kinds, keys := operations(base())
	again, alike := operations(base())
	if fmt.Sprint(kinds, keys) != fmt.Sprint(again, alike) {
		t.Fatal("the same stream drew other operations")
	}

	mixed := base()
	mixed.Mix = Mix{Reads: 9, Writes: 1}
	otherKinds, sameKeys := operations(mixed)
	if fmt.Sprint(keys) != fmt.Sprint(sameKeys) {
		t.Errorf("another mix changed the keys:\n%v\n%v", keys, sameKeys)
	}
	if fmt.Sprint(kinds) == fmt.Sprint(otherKinds) {
		t.Error("another mix drew the same kinds")
	}

	skewed := base()
	skewed.Law, skewed.Rate, skewed.Clients = KeyLaw{Kind: Zipf, Theta: 2}, 10, 9
	sameKinds, otherKeys := operations(skewed)
	if fmt.Sprint(kinds) != fmt.Sprint(sameKinds) {
		t.Errorf("another law of keys changed the kinds:\n%v\n%v", kinds, sameKinds)
	}
	if fmt.Sprint(keys) == fmt.Sprint(otherKeys) {
		t.Error("another law drew the same keys")
	}
}

func TestCheckNamesTheMistake(t *testing.T) {
	for _, c := range []struct {
		want  string
		spoil func(w *Workload)
	}{
		{"clients: 0 is not from 1 to 1000", func(w *Workload) { w.Clients = 0 }},
		{"duration: 0s is not positive", func(w *Workload) { w.Duration = 0 }},
		{"keys: 100001 is not from 1 to 100000", func(w *Workload) { w.Keys = 100_001 }},
		{"rate: NaN per second", func(w *Workload) { w.Rate = math.NaN() }},
		{"leave out think or rate", func(w *Workload) { w.Rate, w.Think = 1, dist.Constant(0) }},
		{"mix: the weight of writes is -1", func(w *Workload) { w.Mix.Writes = -1 }},
		{"mix: there is no operation in it", func(w *Workload) { w.Mix = Mix{} }},
		{"leave out appends, or writes and cas", func(w *Workload) { w.Mix.Appends = 1 }},
		{"law: theta of zipf is 6, not from 0 to 5", func(w *Workload) { w.Law = KeyLaw{Kind: Zipf, Theta: 6} }},
		{"law: 5 hot keys, not from 1 to 4", func(w *Workload) { w.Law = KeyLaw{Kind: HotKeys, Hot: 5} }},
		{"law: the share of the hot keys is 1.1", func(w *Workload) { w.Law = KeyLaw{Kind: HotKeys, Hot: 1, Share: 1.1} }},
		{"law: no law of keys has the number 9", func(w *Workload) { w.Law = KeyLaw{Kind: 9} }},
	} {
		w := base()
		c.spoil(&w)
		if err := w.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if err := base().Check(); err != nil {
		t.Error(err)
	}
}

func TestParseLaw(t *testing.T) {
	for text, want := range map[string]KeyLaw{
		"uniform":       {},
		" zipf( 0.99 )": {Kind: Zipf, Theta: 0.99},
		"hot(2, 80%)":   {Kind: HotKeys, Hot: 2, Share: 0.8},
	} {
		got, err := ParseLaw(text)
		if err != nil || got != want {
			t.Errorf("ParseLaw(%q) = %v, %v, want %v", text, got, err, want)
		}
		if again, err := ParseLaw(got.String()); err != nil || again != got {
			t.Errorf("%q reads as %v, %v", got.String(), again, err)
		}
	}
	for text, want := range map[string]string{
		"zipfian(1)":  "unknown law of keys",
		"zipf(1":      "closing bracket",
		"zipf":        "0 values in brackets where zipf(theta) has 1",
		"uniform()":   "1 values in brackets where uniform has 0",
		"zipf(NaN)":   "not a number",
		"zipf(-1)":    "theta of zipf is -1",
		"hot(x, 0.5)": "not a number of keys",
		"hot(1, 2)":   "share of the hot keys is 2",
		"":            "unknown law of keys",
	} {
		if _, err := ParseLaw(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseLaw(%q): got %v, want %q", text, err, want)
		}
	}
}

func TestCatalogue(t *testing.T) {
	for _, p := range All {
		if err := p.Workload.Check(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if found, ok := Find(p.Name); !ok || found != p {
			t.Errorf("Find(%q) finds another", p.Name)
		}
		if !strings.HasSuffix(p.Doc, ".") {
			t.Errorf("%s: the doc is no sentence: %q", p.Name, p.Doc)
		}
	}
	if _, ok := Find("nothing"); ok {
		t.Error("found a preset that does not exist")
	}
	for _, l := range Laws {
		if _, err := ParseLaw(l.Example); err != nil {
			t.Errorf("the example of %s: %v", l.Name, err)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	preset, _ := Find("zipf")
	g, r := preset.Workload.Generator(), sim.NewStream(1, "client 0")
	b.ReportAllocs()
	for b.Loop() {
		g.Next(r)
	}
}
