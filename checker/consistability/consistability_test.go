package consistability

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"faultline/checker/history"
)

const ms = time.Millisecond

func op(kind history.Kind, status history.Status, call, ret int) history.Op {
	o := history.Op{Kind: kind, Key: "x", Status: status, Call: history.Time(call) * history.Time(ms), Return: history.Time(ret) * history.Time(ms)}
	if status == history.Unknown {
		o.Attempts = []history.Attempt{{Call: o.Call, Return: o.Return}}
		o.Return = history.Never
	}
	return o
}

func all(int) bool { return true }

func TestAStory(t *testing.T) {
	const ok, lost = history.OK, history.Unknown
	h := history.History{
		op(history.Write, ok, 0, 10), op(history.Read, ok, 20, 30), op(history.Read, ok, 40, 50), op(history.Read, ok, 60, 70), // one is late
		op(history.Write, lost, 120, 160), op(history.Write, ok, 150, 380), // and then it hangs
		op(history.Read, ok, 420, 430),
		op(history.Read, ok, 700, 710), op(history.Read, ok, 800, 810),
	}
	s := Measure(h, 800*history.Time(ms), 100*ms, []Fault{{2, 5 * ms}, {2, 30 * ms}, {8, 1}}, all)
	got := ""
	for _, w := range s.Windows {
		got += fmt.Sprintf("%v %d %d %d %d %d %v %v\n", w.From, w.Called, w.OK, w.Judged, w.Inconsistent, w.Wrong, w.Delta, w.Waiting)
	}
	const want = `0 ns 4 4 3 1 1 30ms false
100 ms 2 1 0 0 0 0s false
200 ms 0 0 0 0 0 0s true
300 ms 0 0 0 0 0 0s false
400 ms 1 1 1 0 0 0s false
500 ms 0 0 0 0 0 0s false
600 ms 0 0 0 0 0 0s false
700 ms 1 1 1 0 0 0s false
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	const scores = "0.650 0.700 0.889"
	if got := fmt.Sprintf("%.3f %.3f %.3f", s.Value(), s.Availability(), s.Consistency()); got != scores {
		t.Errorf("goodness, availability, consistency %s, want %s", got, scores)
	}
	var levels []string
	for _, l := range s.Distribution() {
		levels = append(levels, fmt.Sprintf("%v: %.2f %.2f %.2f", l.AtLeast, l.Consistency, l.Availability, l.Both))
	}
	const distribution = "[1: 0.67 0.60 0.40 0.999: 0.67 0.60 0.40 0.99: 0.67 0.60 0.40 0.95: 0.67 0.60 0.40 0.9: 0.67 0.60 0.40 0.75: 0.67 0.60 0.60 0.5: 1.00 0.80 0.80]"
	if got := fmt.Sprint(levels); got != distribution {
		t.Errorf("distribution %s", got)
	}
}

func TestWidths(t *testing.T) {
	for _, c := range []struct {
		first, last int
		end         history.Time
		width, want time.Duration
		windows     int
	}{
		{0, 100, history.Never, 0, 250 * ms, 1},
		{0, 1000, history.Never, 0, 250 * ms, 5},
		{-10, 10, history.Never, 0, 250 * ms, 2},
		{0, 60_000, history.Never, 0, 250 * ms, 241},
		{0, 60_001, history.Never, 0, 500 * ms, 121},
		{0, 3_600_000, history.Never, 0, 15 * time.Second, 241},
		{0, 100_000, history.Never, 1 * ms, 2 * ms, 50_001},
		{0, 1000, 500 * history.Time(ms), 100 * ms, 100 * ms, 5},
		{1_600_000_000_000, 1_600_000_000_100, history.Never, 10 * ms, 10 * ms, 11},
	} {
		h := history.History{op(history.Write, history.OK, c.first, c.first), op(history.Write, history.OK, c.first, c.last)}
		s := Measure(h, c.end, c.width, nil, all)
		if s.Width != c.want || len(s.Windows) != c.windows {
			t.Errorf("from %d to %d by %v: %d windows of %v, want %d of %v", c.first, c.last, c.width, len(s.Windows), s.Width, c.windows, c.want)
		}
	}
	far := history.History{{Call: math.MinInt64, Return: 0, Status: history.OK}, {Call: math.MaxInt64 - 1, Return: math.MaxInt64 - 1, Status: history.OK}}
	if s := Measure(far, history.Never, 1, nil, all); len(s.Windows) > maxWindows {
		t.Errorf("%d windows", len(s.Windows))
	}
	if s := Measure(nil, history.Never, 0, nil, all); s.Value() != 1 || s.Availability() != 1 || s.Consistency() != 1 || s.Distribution()[0].Both != 1 {
		t.Error("an empty history is not perfect")
	}
}

func TestAgreesWithTheDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	waiting := 0
	for range 20_000 {
		data := make([]byte, 2+4*rng.IntN(12))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		waiting += checkTape(t, data)
	}
	if waiting < 1000 {
		t.Errorf("%d windows of waiting: the generator is lopsided", waiting)
	}
}

func FuzzMeasure(f *testing.F) {
	f.Add([]byte{200, 3, 1, 0, 20, 40, 5, 3, 90, 2, 120, 9, 7, 130, 4, 200, 10, 1})
	f.Add([]byte("windows in which somebody waits, and others in which nobody does"))
	f.Fuzz(func(t *testing.T, data []byte) { checkTape(t, data) })
}

// checkTape compares the windows of a history with their definition, and what is
// summed up with what it is summed up from. It returns how many windows were of waiting.
func checkTape(t *testing.T, data []byte) (waiting int) {
	t.Helper()
	if len(data) < 2 {
		return 0
	}
	end := history.Time(data[0]) * 2 * history.Time(ms)
	var h history.History
	var faults []Fault
	for rest := data[2:]; len(rest) >= 4 && len(h) < 40; rest = rest[4:] {
		call := int(rest[1]) + int(rest[0]>>7)*256
		h = append(h, op(history.Kind(rest[0]%2), history.Status(rest[0]>>1%3), call, call+int(rest[2]%60)))
		for range rest[3] % 3 {
			faults = append(faults, Fault{int(rest[3]>>2) % len(h), time.Duration(rest[3] >> 5)})
		}
	}
	judged := func(i int) bool { return i%5 > int(data[1]%5) }
	s := Measure(h, end, 10*ms, faults, judged)
	called := 0
	for n, w := range s.Windows {
		if want := plainWindow(h, end, w.From, faults, judged); w != want {
			t.Fatalf("window %d is %+v, want %+v, of %v, %v", n, w, want, h, faults)
		}
		if n > 0 && w.From != s.Windows[n-1].From+history.Time(10*ms) {
			t.Fatalf("there is a gap before window %d, of %v", n, h)
		}
		called += w.Called
		if w.Waiting {
			waiting++
		}
	}
	before := slices.DeleteFunc(slices.Clone(h), func(o history.Op) bool { return o.Call >= end })
	if called != len(before) {
		t.Fatalf("%d operations of %d in windows", called, len(before))
	}
	value, available := plainMean(s.Windows)
	if math.Abs(s.Value()-value) > 1e-9 || math.Abs(s.Availability()-available) > 1e-9 || s.Value() > s.Availability()+1e-9 {
		t.Fatalf("goodness %v and availability %v, want %v and %v, of %v, %v", s.Value(), s.Availability(), value, available, h, faults)
	}
	last := 0.0
	for _, l := range s.Distribution() {
		if l.Both < last || l.Both > l.Availability || l.Both < 0 || l.Availability > 1 || l.Consistency > 1 {
			t.Fatalf("distribution %+v of %v, %v", s.Distribution(), h, faults)
		}
		last = l.Both
	}
	return waiting
}

// plainMean is the definition, read aloud.
func plainMean(windows []Window) (value, available float64) {
	n := 0.0
	for _, w := range windows {
		if w.Called == 0 && !w.Waiting {
			continue
		}
		n++
		if w.Called > 0 {
			value += float64(w.OK-w.Inconsistent) / float64(w.Called)
			available += float64(w.OK) / float64(w.Called)
		}
	}
	if n == 0 {
		return 1, 1
	}
	return value / n, available / n
}

// plainWindow is the definition, read aloud.
func plainWindow(h history.History, end, from history.Time, faults []Fault, judged func(int) bool) Window {
	w := Window{From: from}
	to := from + history.Time(10*ms)
	for i, o := range h {
		over := o.Return
		if o.Status == history.Unknown {
			over = o.Attempts[0].Return
		}
		if o.Call < from && over >= to && o.Call < end {
			w.Waiting = true
		}
		if o.Call < from || o.Call >= to || o.Call >= end {
			continue
		}
		w.Called++
		if o.Status != history.OK {
			continue
		}
		w.OK++
		read := o.Kind == history.Read && judged(i)
		if read {
			w.Judged++
		}
		wrong := false
		for _, f := range faults {
			if f.Op == i {
				wrong = true
				w.Delta = max(w.Delta, f.By)
			}
		}
		if wrong {
			w.Inconsistent++
			if read {
				w.Wrong++
			}
		}
	}
	w.Waiting = w.Waiting && w.Called == 0
	return w
}
