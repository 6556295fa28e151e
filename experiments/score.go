package experiments

import (
	"fmt"
	"slices"
	"time"

	"faultline/checker"
	"faultline/checker/converge"
	"faultline/checker/history"
	"faultline/checker/judge"
	"faultline/checker/linear"
	"faultline/checker/staleness"
	"faultline/results"
	"faultline/sim"
)

// The properties that a run is judged by, as rows name them.
const (
	PropLinearizable = "linearizable" // of the whole history
	PropConverges    = "converges"    // replicas hold the same after heal and settle
	PropDurable      = "durable"      // no acknowledged write is lost
)

// Properties lists them, in the order of tables: the levels of consistency first.
var Properties = func() (all []string) {
	for _, level := range checker.AllLevels {
		all = append(all, string(level))
	}
	return append(all, PropDurable, PropConverges)
}()

// levelBudget is how far the levels below linearizability are searched for, in
// steps: far enough for what stores do, and so little that a sweep does not wait
// for the one history that defies a search. What is not found is undecided.
const levelBudget = 100_000

// Score judges what a run left behind and puts it in numbers. The caller fills in
// what a run does not know: its place in a sweep.
func Score(sc *Scenario, o *Outcome) results.Row { return new(Scorer).Score(sc, o) }

// A Scorer scores runs, one after the other in the same memory. The zero value is
// ready to use.
type Scorer struct {
	scorer  checker.Scorer
	took    [2]results.Counter // by reads, by mutations
	answers []history.Time     // when operations were answered OK
}

// Score is the function Score. The row is the caller's.
func (s *Scorer) Score(sc *Scenario, o *Outcome) results.Row {
	row := results.Row{
		Experiment: sc.Name, Model: sc.Model.Name, Series: sc.Model.Name, Seed: o.Seed,
		Hash:     fmt.Sprintf("%016x", o.Hash),
		Verdicts: map[string]string{}, Evidence: map[string]string{}, Metrics: map[string]float64{},
	}
	for _, a := range o.Beyond {
		row.Beyond = append(row.Beyond, string(a))
	}
	for _, b := range o.Bands {
		row.Faults = append(row.Faults, results.Band{FromMS: ms(time.Duration(b.From)), ToMS: ms(time.Duration(b.To)), Label: b.Label})
	}
	if sc.ServiceOnly {
		score := staleness.Measure(o.History)
		scoreStaleness(&row, o, &score)
		s.service(&row, sc, o)
		scoreProbes(&row, sc, o, &score)
		scoreUpdates(&row, sc, o)
		return row
	}
	scores := s.scorer.Score(checker.Run{
		History: o.History, Finals: o.Final, Replicas: compared(o.Replicas), Healed: history.Time(o.Healed),
		End: history.Time(sc.Workload.Duration), Window: windowOf(sc.Workload.Duration),
	})
	judgeRun(&row, sc, o, &scores)
	scoreConsistency(&row, &scores)
	scoreEffects(&row, o, &scores)
	scoreStaleness(&row, o, &scores.Detail.Staleness)
	s.service(&row, sc, o)
	scoreProbes(&row, sc, o, &scores.Detail.Staleness)
	scoreUpdates(&row, sc, o)
	scoreWindows(&row, &scores)
	return row
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// compared returns the replicas if there are several: one alone agrees with itself.
func compared(replicas []converge.Replica) []converge.Replica {
	if len(replicas) < 2 {
		return nil
	}
	return replicas
}

// judgeRun fills in the verdicts.
func judgeRun(row *results.Row, sc *Scenario, o *Outcome, s *checker.Scores) {
	verdict := func(property string, r judge.Result) {
		row.Verdicts[property] = r.Verdict.String()
		if r.Verdict != judge.Holds {
			row.Evidence[property] = r.Evidence.Text
		}
	}
	if s.Detail.Explained {
		allLevels(row)
	} else {
		linearizable := linear.Check(o.History, judge.Budget{Steps: sc.CheckBudget})
		judgeLevels(row, checker.LevelsBelow(linearizable, o.History, s.Detail.Keys, judge.Budget{Steps: levelBudget}))
	}
	verdict(PropDurable, s.Detail.Losses.Result(o.History, o.Final))
	row.Metrics["lost"] = float64(s.Lost.Lost)
	if acked := acknowledged(o.History); acked > 0 {
		row.Metrics["lost_share"] = float64(s.Lost.Lost) / float64(acked)
	}
	row.Metrics["dropped"] = float64(s.Lost.Dropped)
	if s.Diverged != nil {
		verdict(PropConverges, convergence(s.Detail.Apart))
		row.Metrics["diverged"] = float64(*s.Diverged)
	}
}

// acknowledged counts the writes that were answered OK and took effect.
func acknowledged(h history.History) (n int) {
	for i := range h {
		op := &h[i]
		if op.Kind.Mutates() && op.Status == history.OK && (op.Kind != history.CAS || op.Swapped) {
			n++
		}
	}
	return n
}

// allLevels fills in that every level holds.
func allLevels(row *results.Row) {
	for _, level := range checker.AllLevels {
		row.Verdicts[string(level)] = judge.Holds.String()
	}
	row.Metrics["session_violations"] = 0
}

// judgeLevels fills in the verdicts on the levels of consistency. Of those that
// are violated because another one is, the row keeps no evidence.
func judgeLevels(row *results.Row, r checker.LevelReport) {
	for _, l := range r.Levels {
		row.Verdicts[string(l.Level)] = l.Verdict.String()
		if l.Verdict != judge.Holds && l.From == "" {
			row.Evidence[string(l.Level)] = l.Why
		}
	}
	broken := 0.0
	for _, s := range r.Sessions {
		broken += s.PerThousand
	}
	row.Metrics["session_violations"] = broken
}

// scoreConsistency fills in how far from linearizable the run was. A distance is
// left out if no distance is enough: the operations that no shift repairs are counted.
func scoreConsistency(row *results.Row, s *checker.Scores) {
	m := row.Metrics
	if !s.Delta.Infinite {
		m["delta"] = ms(s.Delta.Time)
	}
	if !s.Gamma.Infinite {
		m["gamma"] = ms(s.Gamma.Time)
	}
	m["late"], m["wrong"] = float64(s.Late), float64(s.Wrong)
	if !s.K.Infinite {
		m["k"] = float64(s.K.Lower)
	}
	m["removal"] = float64(s.Removal.Lower)
	m["duplicates"], m["phantoms"] = float64(s.Effects.Duplicate), float64(s.Effects.Phantom)
	m["consistency"], m["consistability"] = s.Consistability.Consistency, s.Consistability.Value
	if c := s.Convergence; c != nil && c.Settled {
		m["settles"] = ms(c.Time)
	}
	if v := s.Staleness.Visible99; v != nil && s.Staleness.Reads > 0 {
		m["visible_99"] = ms(*v)
	}
}

// scoreWindows puts the consistency of each window beside its availability.
func scoreWindows(row *results.Row, s *checker.Scores) {
	t := &row.Timeline
	t.Judged, t.Wrong = make([]int, len(t.Called)), make([]int, len(t.Called))
	for _, w := range s.Consistability.Windows {
		if i := int(w.From.Sub(0) / s.Consistability.Width); i < len(t.Called) {
			t.Judged[i], t.Wrong[i] = w.Judged, w.Wrong
		}
	}
}

// convergence puts the differences between replicas in the words of a checker.
func convergence(apart []converge.Difference) judge.Result {
	if len(apart) == 0 {
		return judge.Result{Verdict: judge.Holds, Engine: "dump"}
	}
	first := apart[0]
	text := fmt.Sprintf("after heal and settle replicas differ on %d keys, first on %s, where they hold", len(apart), first.Key)
	for _, v := range first.Values {
		text += " " + show(v)
	}
	return judge.Result{Verdict: judge.Violated, Engine: "dump", Score: float64(len(apart)), Evidence: judge.Evidence{Text: text}}
}

func show(v history.Value) string {
	if len(v.List) > 0 {
		return fmt.Sprintf("a list of %d", len(v.List))
	}
	return fmt.Sprint(v.Num)
}

// scoreStaleness fills in how old reads were.
func scoreStaleness(row *results.Row, o *Outcome, score *staleness.Score) {
	if score.Reads > 0 {
		row.Metrics["stale"] = score.Share()
	}
	var ages results.Histogram
	versions := 0
	for _, s := range score.Stale {
		ages.Add(int64(s.Age))
		versions = max(versions, s.Versions)
		if len(row.Stale) < results.MaxStale {
			at := o.History[s.Op].Call
			row.Stale = append(row.Stale, results.Stale{AtMS: ms(time.Duration(at)), AgeMS: ms(s.Age), Versions: s.Versions})
		}
	}
	if oldest, any := score.Oldest(); any {
		row.Metrics["stale_age_max"] = ms(oldest.Age)
		row.Metrics["stale_age_p99"] = ms(time.Duration(ages.Quantile(0.99)))
		row.Metrics["stale_versions_max"] = float64(versions)
	}
	row.Fresh = freshCurve(score.Samples)
}

// freshCurve counts fresh reads by the time since the newest acknowledged write,
// in spans that double from 1 ms on.
func freshCurve(samples []staleness.Sample) []results.Fresh {
	const spans = 16 // the last one ends at 2^15 ms, and takes what is later
	curve := make([]results.Fresh, spans)
	for i := range curve {
		curve[i].SinceMS = float64(int(1) << i)
	}
	for _, s := range samples {
		i := 0
		for i < spans-1 && s.Since > time.Millisecond<<i {
			i++
		}
		curve[i].Reads++
		if s.Fresh {
			curve[i].Fresh++
		}
	}
	used := curve[:0]
	for _, f := range curve {
		if f.Reads > 0 {
			used = append(used, f)
		}
	}
	return used
}

// service fills in availability, latency and cost. It counts the operations of the
// workload, not the final reads.
func (in *Scorer) service(row *results.Row, sc *Scenario, o *Outcome) {
	ops := o.History[:len(o.History)-len(o.Final)]
	s := served{Scorer: in, row: row, window: windowOf(sc.Workload.Duration)}
	s.took, s.answers = [2]results.Counter{}, s.answers[:0]
	s.row.Timeline = results.Timeline{WindowMS: ms(s.window)}
	for i := range ops {
		s.add(&ops[i], o.Arrivals[i])
	}
	s.shares()
	s.latencies()
	seconds := sc.Workload.Duration.Seconds()
	row.Metrics["throughput"] = float64(row.Ops.OK) / seconds
	scoreElections(row, sc, o)
	row.Metrics["unavailable"] = ms(s.longestGap(sim.Time(sc.Workload.Duration)))
	if n := float64(len(ops)); n > 0 {
		row.Metrics["messages_per_op"] = float64(o.Work.Sent) / n
		row.Metrics["bytes_per_op"] = float64(o.Work.Bytes) / n
		row.Metrics["fsyncs_per_op"] = float64(o.Work.Syncs) / n
		row.Metrics["attempts_per_op"] = float64(o.Attempts) / n
	}
	scoreServers(row, o, sc.Workload.Duration)
	scoreCalls(row, o, len(ops))
	s.scoreOutage(sc, o, ops)
}

// windowOf returns the width of the timeline's windows: a quarter of a second, or
// more if the run is long, so that there are at most 240.
func windowOf(d time.Duration) time.Duration {
	return max(250*time.Millisecond, (d / 240).Round(50*time.Millisecond))
}

// A served adds up how operations fared.
type served struct {
	*Scorer
	row       *results.Row
	window    time.Duration
	total     int64  // nanoseconds of all answered operations
	reads     [2]int // called, answered OK
	mutations [2]int
}

func (s *served) add(op *history.Op, arrived sim.Time) {
	kind, latency := &s.reads, &s.took[0]
	if op.Kind.Mutates() {
		kind, latency = &s.mutations, &s.took[1]
	}
	kind[0]++
	at := int(time.Duration(arrived) / s.window)
	t := &s.row.Timeline
	for at >= len(t.Called) {
		t.Called, t.OK = append(t.Called, 0), append(t.OK, 0)
	}
	t.Called[at]++
	switch op.Status {
	case history.OK:
		s.row.Ops.OK++
		kind[1]++
		t.OK[at]++
		took := int64(op.Return) - int64(arrived)
		latency.Add(took)
		s.total += took
		s.answers = append(s.answers, op.Return)
	case history.Failed:
		s.row.Ops.Failed++
	default:
		s.row.Ops.Unknown++
	}
}

func (s *served) shares() {
	share := func(metric string, ok, called int) {
		if called > 0 {
			s.row.Metrics[metric] = float64(ok) / float64(called)
		}
	}
	share("reads_succeeded", s.reads[1], s.reads[0])
	share("writes_succeeded", s.mutations[1], s.mutations[0])
	share("succeeded", s.reads[1]+s.mutations[1], s.reads[0]+s.mutations[0])
}

func (s *served) latencies() {
	s.row.Latency = results.Latency{Read: s.took[0].Histogram(), Write: s.took[1].Histogram()}
	all := s.row.Latency.Read
	all.Merge(s.row.Latency.Write)
	if all.Count() == 0 {
		return
	}
	for metric, p := range map[string]float64{"p50": 0.50, "p99": 0.99, "p999": 0.999} { // any order: each is a metric of its own
		s.row.Metrics[metric] = ms(time.Duration(all.Quantile(p)))
	}
	s.row.Metrics["mean"] = float64(s.total) / float64(all.Count()) / float64(time.Millisecond)
}

// longestGap returns the longest stretch of the workload without an answer.
func (s *served) longestGap(end sim.Time) time.Duration {
	slices.Sort(s.answers)
	last, gap := history.Time(0), time.Duration(0)
	for _, at := range append(s.answers, history.Time(end)) {
		gap = max(gap, at.Sub(last))
		last = at
	}
	return gap
}

// scoreServers fills in what servers did with their time, if there are any.
func scoreServers(row *results.Row, o *Outcome, length time.Duration) {
	if o.Workers == 0 {
		return
	}
	did := &o.Servers
	row.Metrics["utilization"] = did.Busy.Seconds() / (length.Seconds() * float64(o.Workers))
	if did.Busy > 0 {
		row.Metrics["wasted_work"] = float64(did.Wasted) / float64(did.Busy)
	}
	if shed := did.Refused + did.Dropped; did.Done+shed > 0 {
		row.Metrics["turned_away"] = float64(shed) / float64(did.Done+shed)
	}
}

// scoreElections counts elections, and tells of the first. A store in which nobody
// is elected has none of these numbers.
func scoreElections(row *results.Row, sc *Scenario, o *Outcome) {
	if len(o.Elected) == 0 {
		return
	}
	first, n := o.Elected[0], 0
	for _, e := range o.Elected {
		if e.At >= 0 && e.At < sim.Time(sc.Workload.Duration) {
			n++
		}
	}
	row.Metrics["elections"] = float64(n)
	row.Metrics["first_leader"] = ms(first.At.Sub(-sim.Time(sc.Warmup)))
	row.Metrics["first_term"] = float64(first.Term)
	if struck, ok := firstStruck(o); ok {
		if i := slices.IndexFunc(o.Elected, func(e Election) bool { return e.At > struck }); i >= 0 {
			row.Metrics["next_leader"] = ms(o.Elected[i].At.Sub(struck))
		}
	}
}

// firstStruck returns when the first fault began.
func firstStruck(o *Outcome) (at sim.Time, any bool) {
	for _, b := range o.Bands {
		if !any || b.From < at {
			at, any = b.From, true
		}
	}
	return at, any
}
