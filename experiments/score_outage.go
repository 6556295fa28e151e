package experiments

import (
	"slices"
	"time"

	"faultline/checker/history"
	"faultline/models/service"
	"faultline/results"
	"faultline/sim"
)

// DefaultSLO is the share of operations that must succeed, unless an experiment says otherwise.
const DefaultSLO = 0.999

// scoreOutage fills in how far an outage went, how long it outlasted its trigger, and what it cost.
func (s *served) scoreOutage(sc *Scenario, o *Outcome, ops history.History) {
	m, end := s.row.Metrics, sc.Workload.Duration
	if healed := lastHealed(o, end); healed > 0 {
		at, back := s.backFrom(healed, end)
		m["recovered"] = 0
		if back {
			m["recovered"], m["recovery"] = 1, ms(at-healed)
		}
		m["hysteresis"] = ms(s.unwellFrom(healed, end))
	}
	if len(ops) > 0 {
		slo := sc.SLO
		if slo == 0 {
			slo = DefaultSLO
		}
		m["error_budget"] = float64(len(ops)-s.row.Ops.OK) / (float64(len(ops)) * (1 - slo))
	}
	s.scoreLoads(o, end)
	scoreBlast(s.row, sc, o, ops)
}

// lastHealed returns when the last fault ended that ended while the workload went on, or 0.
func lastHealed(o *Outcome, end time.Duration) (healed time.Duration) {
	for _, b := range o.Bands {
		if to := time.Duration(b.To); to < end {
			healed = max(healed, to)
		}
	}
	return healed
}

// enough is the share of operations that succeed where service is well.
const enough = 0.9

// steady is for how long service must be well to count as back, or a quarter of the
// time that is left if that is shorter: one good window in the middle of a storm is chance.
const steady = 5 * time.Second

// backFrom returns when, from an instant on, service is well and stays so: the
// beginning of the first window in which, in the span of steady that begins with it,
// and from then on to the end of the workload at least 90 % of the operations succeed.
func (s *served) backFrom(from, end time.Duration) (at time.Duration, back bool) {
	span, last := s.windows(min(steady, (end-from)/4)), int(end/s.window)
	for i := s.windows(from); i+span <= last; i++ {
		if s.well(i, i+1) && s.well(i, i+span) && s.well(i, last) {
			return time.Duration(i) * s.window, true
		}
	}
	return 0, false
}

// windows returns how many windows cover a time.
func (s *served) windows(d time.Duration) int { return int((d + s.window - 1) / s.window) }

// well reports whether at least 90 % of the operations called in some windows succeed, of which there must be one.
func (s *served) well(from, to int) bool {
	called, ok := s.count(from, to)
	return called > 0 && float64(ok) >= enough*float64(called)
}

// ill reports whether fewer than 90 % of the operations called in some windows succeed.
func (s *served) ill(from, to int) bool {
	called, ok := s.count(from, to)
	return float64(ok) < enough*float64(called)
}

func (s *served) count(from, to int) (called, ok int) {
	t := &s.row.Timeline
	for i := from; i < min(to, len(t.Called)); i++ {
		called += t.Called[i]
		ok += t.OK[i]
	}
	return called, ok
}

// unwellFrom adds up the windows from an instant on in which fewer than 90 % of the operations succeed.
func (s *served) unwellFrom(from, end time.Duration) (sum time.Duration) {
	for i := s.windows(from); i < int(end/s.window); i++ {
		if s.ill(i, i+1) {
			sum += s.window
		}
	}
	return sum
}

// A Rate is the rate at which operations arrive from an instant on.
type Rate struct {
	At        sim.Time
	PerSecond float64
}

// scoreLoads fills in at which load service fell and at which it came back, where the load varies.
func (s *served) scoreLoads(o *Outcome, end time.Duration) {
	if len(o.Rates) < 2 {
		return
	}
	load := func(at time.Duration) float64 {
		i := len(o.Rates) - 1
		for i > 0 && time.Duration(o.Rates[i].At) > at {
			i--
		}
		return o.Rates[i].PerSecond
	}
	span := s.windows(time.Second)
	for i := 0; i+span <= int(end/s.window); i++ {
		if !s.ill(i, i+1) || !s.ill(i, i+span) {
			continue
		}
		fell := time.Duration(i) * s.window
		s.row.Metrics["falls_at"] = load(fell)
		if back, ok := s.backFrom(fell, end); ok {
			s.row.Metrics["recovers_at"] = load(back)
			s.row.Metrics["load_gap"] = load(fell) - load(back)
		}
		return
	}
}

// A tally counts who asked for something while a fault was on, by number or name, and how that went.
type tally[K comparable] map[K]*fared

type fared struct{ ok, bad int }

func (t tally[K]) add(who K, ok bool) {
	f := t[who]
	if f == nil {
		f = &fared{}
		t[who] = f
	}
	if ok {
		f.ok++
	} else {
		f.bad++
	}
}

// share returns the share of those of whom is is true.
func (t tally[K]) share(is func(*fared) bool) float64 {
	n := 0
	for _, f := range t { // any order: they are counted
		if is(f) {
			n++
		}
	}
	return float64(n) / float64(len(t))
}

// scoreBlast fills in how far faults reached: who saw errors while one was on. What
// poison clients see is their own doing and does not count.
func scoreBlast(row *results.Row, sc *Scenario, o *Outcome, ops history.History) {
	clients, keys, shards := tally[int]{}, tally[string]{}, tally[int]{}
	var sharded *service.Service
	if sc.Services != nil {
		sharded = sc.Services.Sharded()
	}
	for i := range ops {
		op := &ops[i]
		client := op.Client % sc.Workload.Clients
		if slices.Contains(o.Culprits, client+1) || !struckMeanwhile(o, o.Arrivals[i], op) {
			continue
		}
		ok := op.Status == history.OK
		clients.add(client, ok)
		keys.add(op.Key, ok)
		if sharded != nil {
			shards.add(sharded.ShardOfKey(op.Key), ok)
		}
	}
	if len(clients) == 0 {
		return
	}
	harmed := func(f *fared) bool { return f.bad > 0 }
	row.Metrics["blast_radius"], row.Metrics["blast_keys"] = clients.share(harmed), keys.share(harmed)
	row.Metrics["cut_off"] = clients.share(func(f *fared) bool { return f.ok == 0 })
	if len(shards) > 0 {
		row.Metrics["blast_shards"] = shards.share(harmed)
	}
}

// struckMeanwhile reports whether a fault was on between an operation's arrival and its end.
func struckMeanwhile(o *Outcome, arrived sim.Time, op *history.Op) bool {
	for _, b := range o.Bands {
		if arrived <= b.To && history.Time(b.From) <= op.Return {
			return true
		}
	}
	return false
}
