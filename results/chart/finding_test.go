package chart

import (
	"fmt"
	"testing"

	"faultline/results"
)

// A quick store gives exactly these values, one for each seed.
type quick struct {
	name      string
	succeeded []float64
	p99       float64
	lost      float64
	verdict   string
}

func setOf(stores ...quick) *results.Set {
	var rows []results.Row
	for i, q := range stores {
		for seed, v := range q.succeeded {
			verdict := results.Holds
			if seed == 0 { // the first seed decides
				verdict = q.verdict
			}
			rows = append(rows, results.Row{
				Cell: i, Series: q.name, Model: q.name, Seed: uint64(seed + 1),
				Verdicts: map[string]string{"linearizable": verdict},
				Metrics:  map[string]float64{"succeeded": v, "p99": q.p99 + float64(seed), "lost": q.lost},
				Timeline: results.Timeline{WindowMS: 1000, Called: []int{100, 100}, OK: []int{100, int(100 * v)}},
				Faults:   []results.Band{{FromMS: 1000, ToMS: 2000, Label: "partition"}},
			})
		}
	}
	return results.NewSet(testManifest("quick", 3), rows)
}

var (
	good = []float64{0.98, 0.99, 0.985, 0.99, 0.98}
	fair = []float64{0.80, 0.90, 0.85, 0.88, 0.82}
	same = []float64{0.90, 0.80, 0.82, 0.88, 0.85} // the mean of fair, in other seeds
)

// A title says what the rows say, and no more.
func TestFindings(t *testing.T) {
	h, v, u := results.Holds, results.Violated, results.Undecided
	for _, c := range []struct {
		kind string
		set  *results.Set
		want string
	}{
		{"frontier", setOf(quick{"raft", fair, 50, 0, h}, quick{"lww", good, 5, 12, v}),
			"raft stays linearizable; lww answers more (98.5%; raft: 85%) but loses 12 acknowledged writes a run"},
		{"frontier", setOf(quick{"raft", fair, 50, 0, h}, quick{"quorum", good, 5, 0, v}),
			"raft stays linearizable; quorum answers more (98.5%; raft: 85%) but is not linearizable in 1 of 5 runs"},
		{"frontier", setOf(quick{"raft", good, 50, 0, h}, quick{"lww", fair, 5, 0, v}), // no more answers, but faster ones
			"raft stays linearizable; lww has better p99 latency (7 ms; raft: 52 ms) but is not linearizable in 1 of 5 runs"},
		{"frontier", setOf(quick{"raft", fair, 50, 0, h}, quick{"lww", same, 50, 0, v}), // a difference within the intervals is none
			"raft stays linearizable; lww does not, and is not measurably better in succeeded or p99 latency"},
		{"frontier", setOf(quick{"raft", fair, 50, 0, h}, quick{"abd", good, 50, 0, h}),
			"Both stores stay linearizable; best succeeded: abd (98.5%), worst: raft (85%)"},
		{"frontier", setOf(quick{"raft", fair, 50, 0, h}, quick{"abd", same, 50, 0, h}),
			"Both stores stay linearizable; succeeded is 85%, and 5 seeds do not tell the 2 stores apart"},
		{"frontier", setOf(quick{"raft", fair, 50, 0, u}, quick{"abd", same, 50, 0, v}), // undecided is not held
			"Neither of the stores is known to stay linearizable; succeeded is 85%, and 5 seeds do not tell the 2 stores apart"},
		{"frontier", setOf(quick{"raft", fair, 50, 0, u}),
			"raft is not known to stay linearizable"},
		{"frontier", setOf(quick{"raft", fair[:1], 50, 0, h}, quick{"lww", good[:1], 5, 12, v}), // one seed shows no difference
			"raft stays linearizable; lww does not"},
		{"timeline", setOf(quick{"raft", fair, 50, 0, h}, quick{"lww", good, 5, 12, v}),
			"While the fault (partition) lasts, lww answers 98.4% of operations and raft 85%"},
		{"timeline", setOf(quick{"raft", fair, 50, 0, h}, quick{"abd", same, 5, 12, v}),
			"While the fault (partition) lasts, 85% of operations are answered, and 5 seeds do not tell the 2 stores apart"},
		{"timeline", setOf(quick{"raft", fair[:1], 50, 0, h}, quick{"lww", good[:1], 5, 12, v}),
			"While the fault (partition) lasts, 80% to 98% of operations are answered, and one seed does not tell the 2 stores apart"},
		{"dots", setOf(quick{"raft", fair, 50, 0, h}, quick{"lww", good, 5, 12, v}),
			"lww has the most lost writes (12 a run); raft has none"},
		{"dots", setOf(quick{"raft", fair, 50, 0, h}, quick{"abd", good, 5, 0, h}),
			"No lost writes in any run of the 2 stores"},
	} {
		got, err := Finding(c.kind, c.set, Options{})
		if err != nil || got != c.want {
			t.Errorf("%s:\n got %s\nwant %s\nerror %v", c.kind, got, c.want, err)
		}
	}
}

// Who recovers and who does not comes first, where every seed says so.
func TestTimelineSaysWhoRecovers(t *testing.T) {
	set := func(fifo, lifo []float64) *results.Set {
		var rows []results.Row
		for i, series := range []string{"fifo", "lifo"} {
			for seed, recovered := range [][]float64{fifo, lifo}[i] {
				row := results.Row{Cell: i, Series: series, Model: "services", Seed: uint64(seed + 1)}
				row.Metrics = map[string]float64{"succeeded": 0.5, "recovered": recovered}
				if recovered == 1 {
					row.Metrics["recovery"] = 2000
				}
				row.Timeline = results.Timeline{WindowMS: 250, Called: []int{10, 10, 10}, OK: []int{10, 5, 5}}
				rows = append(rows, row)
			}
		}
		return results.NewSet(testManifest("storm", 2), rows)
	}
	for _, c := range []struct {
		fifo, lifo []float64
		want       string
	}{
		{[]float64{0, 0}, []float64{1, 1}, "Fifo recovers in none of 2 seeds; lifo in all, after 2 s on average"},
		{[]float64{0, 0}, []float64{0, 0}, "Fifo and lifo recover in none of 2 seeds"},
		{[]float64{0, 0}, []float64{0, 1}, "Fifo recovers in none of 2 seeds; lifo recovers in 1 of 2"},
		{[]float64{0, 1}, []float64{1, 1}, "Fifo recovers in 1 of 2; lifo in all, after 2 s on average"},
		{[]float64{1, 1}, []float64{1, 1}, "Over the whole run, 50% of operations are answered, and 2 seeds do not tell the 2 settings apart"},
	} {
		if got, err := Finding("timeline", set(c.fifo, c.lifo), Options{}); err != nil || got != c.want {
			t.Errorf("got %s\nwant %s\nerror %v", got, c.want, err)
		}
	}
}

// The line R+W > N is only said to divide what it does divide.
func TestHeatmapFindings(t *testing.T) {
	grid := func(change func(r, w int, row *results.Row)) *results.Set {
		var rows []results.Row
		for r := 1; r <= 3; r++ {
			for w := 1; w <= 3; w++ {
				for seed := range uint64(6) {
					row := gridRow(r, w, seed+1)
					row.Metrics = map[string]float64{"stale": 0}
					row.Verdicts["linearizable"] = results.Holds
					if r+w <= 3 {
						row.Metrics["stale"] = 0.1 + float64(seed)/1000
						row.Verdicts["linearizable"] = results.Violated
					}
					change(r, w, &row)
					rows = append(rows, row)
				}
			}
		}
		m := testManifest("quorum-sizes", 6)
		m.Spec = "model: {kind: quorum, n: 3}"
		return results.NewSet(m, rows)
	}
	nothing := func(int, int, *results.Row) {}
	hole := func(r, w int, row *results.Row) { // one stale read above the line, in one seed
		if r == 3 && w == 3 && row.Seed == 2 {
			row.Metrics["stale"] = 0.001
		}
	}
	doubt := func(r, w int, row *results.Row) {
		if r == 3 && w == 3 && row.Seed == 2 {
			row.Verdicts["linearizable"] = results.Undecided
		}
	}
	rows := func(at func(r, w int) bool) *results.Set { // stale reads at some sizes, whatever the line says
		return grid(func(r, w int, row *results.Row) {
			row.Metrics["stale"], row.Verdicts["linearizable"] = 0, results.Holds
			if at(r, w) {
				row.Metrics["stale"], row.Verdicts["linearizable"] = 0.2+float64(row.Seed)/1000, results.Violated
			}
		})
	}
	for i, c := range []struct {
		set    *results.Set
		metric string
		want   string
	}{
		{rows(func(r, w int) bool { return r == 1 }), "stale", "With R ≥ 2 no run has stale reads; elsewhere up to 20.4% (R=1, W=1)"},
		{rows(func(r, w int) bool { return r == 1 }), "violations", "With R ≥ 2 every run stays linearizable; elsewhere up to 100% (R=1, W=1) do not"},
		{rows(func(r, w int) bool { return r != 2 || w == 1 }), "stale", "With R=2 and W ≥ 2 no run has stale reads; elsewhere up to 20.4% (R=1, W=1)"},
		{rows(func(r, w int) bool { return r == 2 }), "stale", "Stale reads: best with 6 of 9 settings (0%), worst with R=2 (20.4%)"}, // no rectangle
		{grid(nothing), "stale", "With R+W > 3 no run has stale reads; below that line they reach 10.2% (R=2 W=1)"},
		{grid(hole), "stale", "Stale reads: 10.2% with R+W ≤ 3, 0% to 0.02% with R+W > 3"},
		{grid(nothing), "violations", "With R+W > 3 every run stays linearizable; below that line up to 100% do not"},
		{grid(doubt), "violations", "Runs with a violation: best with 6 of 9 settings (0%), worst with R=1 W=1, R=1 W=2 and R=2 W=1 (100%)"},
	} {
		got, err := Finding("heatmap", c.set, Options{Metric: c.metric})
		if err != nil || got != c.want {
			t.Errorf("%d:\n got %s\nwant %s\nerror %v", i, got, c.want, err)
		}
	}
}

// A store is praised for what it does under the settings that are worst for it.
func TestHeatmapOfStores(t *testing.T) {
	grid := func(values map[string][]float64) *results.Set {
		var rows []results.Row
		for i, name := range []string{"abd", "lww", "raft"} {
			for j, v := range values[name] {
				for seed := range uint64(6) {
					verdict := results.Holds
					if v > 0.5 {
						verdict = results.Violated
					}
					rows = append(rows, results.Row{
						Cell: 2*i + j, Series: fmt.Sprintf("%s %d", name, j), Model: name, Seed: seed + 1,
						Params:   []results.Param{{Name: "model", Value: name}, {Name: "faults", Value: []string{"crash", "deaf leader"}[j]}},
						Verdicts: map[string]string{"linearizable": verdict},
						Metrics:  map[string]float64{"succeeded": v + float64(seed)/1000, "stale": v * float64(seed+1) / 6},
					})
				}
			}
		}
		return results.NewSet(testManifest("grid", 6), rows)
	}
	for i, c := range []struct {
		set    *results.Set
		metric string
		want   string
	}{
		{grid(map[string][]float64{"abd": {0.9, 0.8}, "lww": {0.95, 0.7}, "raft": {0.6, 0.5}}), "succeeded",
			"Succeeded: at least 80.2% with abd whatever the fault, down to 50.2% with raft (deaf leader)"},
		{grid(map[string][]float64{"abd": {0, 0}, "lww": {0.1, 0.7}, "raft": {0, 0.3}}), "stale",
			"Stale reads: none with abd whatever the fault, up to 40.8% with lww (deaf leader)"},
		{grid(map[string][]float64{"abd": {0, 0}, "lww": {0, 0.6}, "raft": {0, 0.3}}), "stale",
			"Stale reads: none with abd whatever the fault, up to 35% with lww (deaf leader)"},
		{grid(map[string][]float64{"abd": {0, 0}, "lww": {0, 0.6}, "raft": {0, 0.6}}), "violations",
			"Runs with a violation: none with abd whatever the fault, up to 100% with lww and raft (deaf leader)"},
		{grid(map[string][]float64{"abd": {0, 0.2}, "lww": {0.1, 0.6}, "raft": {0, 0.3}}), "stale",
			"Stale reads: none with abd and raft but under deaf leader (11.7% to 17.5%)"},
		{grid(map[string][]float64{"abd": {0.9, 0.8}, "lww": {0.8, 0.9}, "raft": {0.8, 0.9}}), "succeeded", // no store is better off
			"Succeeded: best with abd 0, lww 1 and raft 1 (90.3%), worst with abd 1, lww 0 and raft 0 (80.2%)"},
	} {
		got, err := Finding("heatmap", c.set, Options{Metric: c.metric})
		if err != nil || got != c.want {
			t.Errorf("%d:\n got %s\nwant %s\nerror %v", i, got, c.want, err)
		}
	}
}

// A fault that strikes others in other seeds goes by what it does alone.
func TestFaultsByTheirKind(t *testing.T) {
	for label, want := range map[string]string{
		"halves n1, n5 | n2, n3": "halves", "power loss n1, n2": "power loss", "slow disk of n3": "slow disk", "clock -3s of n2": "clock -3s",
		"gray link n3 to n5": "gray link", "cut off c12": "cut off", "isolate master": "isolate", "loss": "loss", "crash n2, disk wiped": "crash", "n1": "n1",
	} {
		if got := kindOf(label); got != want {
			t.Errorf("%s is called %q, want %q", label, got, want)
		}
	}
}

func TestStalenessFinding(t *testing.T) {
	var rows []results.Row
	for i, shares := range [][]int{{700, 950, 1000}, {1000, 1000, 1000}} {
		r := results.Row{Cell: i, Series: fmt.Sprintf("R=%d", i+1), Model: "quorum", Seed: 1}
		for j, ms := range []float64{1, 10, 100} {
			r.Fresh = append(r.Fresh, results.Fresh{SinceMS: ms, Reads: 1000, Fresh: shares[j]})
		}
		rows = append(rows, r)
	}
	set := results.NewSet(testManifest("staleness", 1), rows)
	const want = "Within 1 ms of a write's acknowledgement, R=1 returns it in 70% of reads, and stays below 99.9% for 10 ms; R=2 always does"
	if got, err := Finding("staleness", set, Options{}); err != nil || got != want {
		t.Errorf("\n got %s\nwant %s\nerror %v", got, want, err)
	}
	const always = "Every read returned the newest acknowledged write, in all runs of R=2"
	if got, err := Finding("staleness", set, Options{Series: []string{"R=2"}}); err != nil || got != always {
		t.Errorf("\n got %s\nwant %s\nerror %v", got, always, err)
	}
}

// loaded is two settings of a made-up service at some rates.
func loaded(rates ...string) *results.Set {
	var rows []results.Row
	for i, kind := range []string{"3 attempts", "one"} {
		for j, rate := range rates {
			for seed := range 5 {
				rows = append(rows, results.Row{
					Cell: len(rates)*i + j, Series: "client=" + kind + " rate=" + rate, Model: "services", Seed: uint64(seed + 1),
					Params:  []results.Param{{Name: "client", Value: kind}, {Name: "workload.rate", Value: rate}},
					Metrics: map[string]float64{"calls_per_op": 1 + 3*float64(j*(1-i)) + float64(seed)/100},
				})
			}
		}
	}
	return results.NewSet(testManifest("load", 5), rows)
}

func TestCurveFindings(t *testing.T) {
	for _, c := range []struct {
		x, want string
	}{
		{"workload.rate", "Amplification at rate=90/s: 7 with 3 attempts, 1 with one; at rate=10/s all are at 1"},
		{"client", "Amplification at client=3 attempts: 7 with rate=90/s, 1 with rate=10/s"},
	} {
		if got, err := Finding("curve", loaded("10/s", "50/s", "90/s"), Options{X: c.x, Metric: "calls_per_op"}); err != nil || got != c.want {
			t.Errorf("over %s: %q, %v; want %q", c.x, got, err, c.want)
		}
	}
	if _, err := Finding("curve", loaded("10/s"), Options{X: "workload.loss"}); err == nil {
		t.Error("a setting that is not swept was taken")
	}
}

// Without a property that decides, a frontier names its ends.
func TestFrontiersOfServices(t *testing.T) {
	var rows []results.Row
	for i, wait := range []float64{20, 100, 400} {
		for seed := range 5 {
			rows = append(rows, results.Row{
				Cell: i, Series: fmt.Sprintf("timeout=%gms", wait), Model: "services", Seed: uint64(seed + 1),
				Params:  []results.Param{{Name: "client.timeout", Value: fmt.Sprintf("%gms", wait)}},
				Metrics: map[string]float64{"p99": 4*wait + float64(seed), "false_alarms": 6/wait + float64(seed)/1e4},
			})
		}
	}
	set := results.NewSet(testManifest("timeout-choice", 5), rows)
	const want = "p99 latency against false alarms: from timeout=20ms: 82 ms and 30% to timeout=400ms: 1.6 s and 1.5%"
	if got, err := Finding("frontier", set, Options{Y: "false_alarms"}); err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestFindingsOfServices(t *testing.T) {
	for _, c := range []struct {
		kind    string
		set     *results.Set
		options Options
		want    string
	}{
		{"services", pages(), Options{}, "One operation makes 9 calls of store with max_attempts=3, 1 with max_attempts=1"},
		{"services", pages(), Options{Series: []string{"max_attempts=1"}}, "One operation makes 1 call of page"},
		{"heatmap", maps(), Options{X: "faults[0].cpu-quota.for", Y: "workload.rate", Metric: "recovered", Panels: "client"}, "Recovered over the map: 100% with no retry, but 11.1% with sre and polly"},
		{"heatmap", steps(), Options{Metric: "lost"}, "Lost writes: none with saga whatever the step, up to 1 with two-phase"},
	} {
		if got, err := Finding(c.kind, c.set, c.options); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.kind, got, err, c.want)
		}
	}
}

// Values that are numbers stand where they belong, others side by side.
func TestScaleOfSettings(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   []float64
		log    bool
	}{
		{[]string{"1", "2", "4"}, []float64{1, 2, 4}, false},
		{[]string{"1%", "10%", "50%"}, []float64{1, 10, 50}, true},
		{[]string{"500ms", "1s", "2s"}, []float64{0.5, 1, 2}, false},
		{[]string{"none", "1"}, []float64{0, 1}, false},
	} {
		s, at := settingScale(c.values)
		if fmt.Sprint(at) != fmt.Sprint(c.want) || s.log != c.log {
			t.Errorf("%v stand at %v, logarithmic %v; want %v, %v", c.values, at, s.log, c.want, c.log)
		}
	}
}
