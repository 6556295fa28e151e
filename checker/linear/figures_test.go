package linear

import (
	"cmp"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/anishathalye/porcupine"

	"faultline/checker/history"
	"faultline/checker/judge"
)

// BenchmarkFigures prints how this package compares with porcupine on the logs
// that porcupine brings along: the best of several runs of each, on the same
// history, in the same process. Reading the files is not in the times; what
// either side makes of a history once it is in memory is.
//
//	go test ./checker/linear -run '^$' -bench Figures -benchtime 1x
func BenchmarkFigures(b *testing.B) {
	dir := porcupineDir(b)
	b.Run("etcd", func(b *testing.B) {
		benchmarkLogs(b, filepath.Join(dir, "test_data", "jepsen", "*.log"), history.FormatJepsen, asRegister)
	})
	b.Run("million", benchmarkMillion)
	b.Run("kv", func(b *testing.B) {
		benchmarkLogs(b, filepath.Join(dir, "test_data", "kv", "*.txt"), history.FormatKV, asText)
	})
}

// benchmarkMillion judges a register of a million operations of 50 clients, where
// porcupine gives up from a few hundred on.
func benchmarkMillion(b *testing.B) {
	for _, cas := range []bool{false, true} {
		h := load(1_000_000, 50, 1, cas)
		for _, order := range []bool{false, true} {
			b.Run(fmt.Sprintf("cas=%v/order=%v", cas, order), func(b *testing.B) {
				best, bytes := time.Duration(1<<62), uint64(0)
				for b.Loop() {
					for range rounds {
						var before, after runtime.MemStats
						runtime.ReadMemStats(&before)
						start := time.Now()
						if r := Check(h, judge.Budget{Order: order}); r.Verdict != judge.Holds {
							b.Fatal(r.Evidence.Text)
						}
						best = min(best, time.Since(start))
						runtime.ReadMemStats(&after)
						bytes = after.TotalAlloc - before.TotalAlloc
					}
				}
				fmt.Printf("\n%d operations: at best %v, %d MB allocated\n", len(h), best, bytes>>20)
			})
		}
	}
}

// A rival is what porcupine needs to judge a history.
type rival func(history.History) (porcupine.Model, []porcupine.Event)

type figure struct {
	name    string
	verdict judge.Verdict
	engine  string
	steps   int
	ours    time.Duration // for the verdict alone, as porcupine gives it
	proof   time.Duration // for the verdict with a witness or an order
	theirs  time.Duration
}

func (f *figure) ratio() float64 { return float64(f.theirs) / float64(f.ours) }

func benchmarkLogs(b *testing.B, pattern string, format history.Format, as rival) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		b.Fatalf("no logs at %s: %v", pattern, err)
	}
	for b.Loop() {
		var all []figure
		for _, file := range files {
			if strings.HasSuffix(file, "etcd_095.log") {
				continue // no verdict is known of this one
			}
			all = append(all, compare(b, file, format, as))
		}
		report(b, all)
	}
}

const rounds = 15

func compare(b *testing.B, file string, format history.Format, as rival) figure {
	h := readFile(b, file, format)
	model, events := as(h)
	f := figure{name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), ours: 1 << 62, proof: 1 << 62, theirs: 1 << 62}
	for range rounds {
		start := time.Now()
		r := Check(h, judge.Budget{Brief: true})
		f.ours = min(f.ours, time.Since(start))
		start = time.Now()
		Check(h, judge.Budget{Order: true})
		f.proof = min(f.proof, time.Since(start))
		f.verdict, f.engine, f.steps = r.Verdict, r.Engine, r.Steps
		start = time.Now()
		holds := porcupine.CheckEvents(model, events)
		f.theirs = min(f.theirs, time.Since(start))
		if holds != (r.Verdict == judge.Holds) {
			b.Fatalf("%s: %v by %s, porcupine says %v", file, r.Verdict, r.Engine, holds)
		}
	}
	return f
}

func report(b *testing.B, all []figure) {
	var ours, theirs time.Duration
	for _, f := range all {
		ours, theirs = ours+f.ours, theirs+f.theirs
	}
	slices.SortStableFunc(all, func(x, y figure) int { return cmp.Compare(x.ratio(), y.ratio()) })
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "log\tverdict\tengine\tsteps\tours\twith proof\tporcupine\tratio\t")
	for _, f := range all {
		fmt.Fprintf(w, "%s\t%v\t%s\t%d\t%v\t%v\t%v\t%.1f\t\n", f.name, f.verdict, f.engine, f.steps, f.ours, f.proof, f.theirs, f.ratio())
	}
	w.Flush()
	total, median, worst := float64(theirs)/float64(ours), all[len(all)/2].ratio(), all[0].ratio()
	fmt.Printf("\n%s%d logs: in total %.1f times porcupine's speed (%v to %v), at the median %.1f times, at worst %.2f times\n", &text, len(all), total, ours, theirs, median, worst)
	b.ReportMetric(total, "x-total")
	b.ReportMetric(median, "x-median")
	b.ReportMetric(worst, "x-worst")
}

// eventsOf puts calls and answers in order of time. What was not answered ends
// after all else; what failed was never there.
func eventsOf(h history.History, in, out func(*history.Op) any) []porcupine.Event {
	type stamped struct {
		at history.Time
		porcupine.Event
	}
	var all []stamped
	for i := range h {
		op := &h[i]
		if !matters(op) {
			continue
		}
		all = append(all,
			stamped{op.Call, porcupine.Event{ClientId: op.Process, Kind: porcupine.CallEvent, Value: in(op), Id: i}},
			stamped{returned(op), porcupine.Event{ClientId: op.Process, Kind: porcupine.ReturnEvent, Value: out(op), Id: i}})
	}
	slices.SortStableFunc(all, func(a, b stamped) int { return cmp.Compare(a.at, b.at) })
	events := make([]porcupine.Event, len(all))
	for i, e := range all {
		events[i] = e.Event
	}
	return events
}

// The register of integers that porcupine's own tests use for etcd.
type (
	registerIn  struct{ kind, expect, in int }
	registerOut struct {
		swapped, unknown bool
		value            int
	}
)

const nothing = -1_000_000

var intRegister = porcupine.Model{
	Init: func() any { return nothing },
	Step: func(state, input, output any) (bool, any) {
		st, in, out := state.(int), input.(registerIn), output.(registerOut)
		switch history.Kind(in.kind) {
		case history.Read:
			return out.value == st, st
		case history.Write:
			return true, in.in
		}
		ok := in.expect == st == out.swapped || out.unknown
		if in.expect == st {
			st = in.in
		}
		return ok, st
	},
}

func asRegister(h history.History) (porcupine.Model, []porcupine.Event) {
	number := func(v history.Value) int {
		switch {
		case len(v.List) > 0:
			return int(v.List[0])
		case v.Num == 0:
			return nothing
		default:
			return int(v.Num)
		}
	}
	return intRegister, eventsOf(h,
		func(op *history.Op) any { return registerIn{int(op.Kind), number(op.Expect), number(op.In)} },
		func(op *history.Op) any {
			return registerOut{op.Swapped, op.Status == history.Unknown, number(op.Out)}
		})
}

// The store of strings that porcupine's own tests use, keys apart.
type textIn struct {
	kind      history.Kind
	key, text string
}

var textStore = porcupine.Model{
	PartitionEvent: func(events []porcupine.Event) [][]porcupine.Event {
		keyOf, number := map[int]int{}, map[string]int{}
		var parts [][]porcupine.Event
		for _, e := range events {
			if e.Kind == porcupine.CallEvent {
				key := e.Value.(textIn).key
				n, ok := number[key]
				if !ok {
					n = len(parts)
					number[key], parts = n, append(parts, nil)
				}
				keyOf[e.Id] = n
			}
			parts[keyOf[e.Id]] = append(parts[keyOf[e.Id]], e)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		in := input.(textIn)
		switch in.kind {
		case history.Read:
			return output.(string) == state.(string), state
		case history.Write:
			return true, in.text
		default:
			return true, state.(string) + in.text
		}
	},
	Hash: func(state any) uint64 {
		h := uint64(14695981039346656037) // FNV-1a, as porcupine's own model
		for _, c := range []byte(state.(string)) {
			h = (h ^ uint64(c)) * 1099511628211
		}
		return h
	},
}

func asText(h history.History) (porcupine.Model, []porcupine.Event) {
	text := func(v history.Value) string {
		var b strings.Builder
		for _, x := range v.List {
			fmt.Fprintf(&b, "x %d y", x)
		}
		return b.String()
	}
	return textStore, eventsOf(h,
		func(op *history.Op) any {
			in := op.In
			if op.Kind == history.Append {
				in = history.Value{List: []int64{in.Num}}
			}
			return textIn{op.Kind, op.Key, text(in)}
		},
		func(op *history.Op) any { return text(op.Out) })
}
