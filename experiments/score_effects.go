package experiments

import (
	"slices"

	"faultline/checker"
	"faultline/checker/converge"
	"faultline/checker/effects"
	"faultline/checker/history"
	"faultline/models/store"
	"faultline/results"
)

// booked returns the intents that were entered for good, or nil if nobody keeps a book.
func (r *run) booked() (items []converge.Item) {
	for _, id := range r.config.Replicas {
		if b, ok := r.sim.Handler(id).(store.Bookkeeper); ok {
			items = slices.Grow(items, 1) // an empty book is one
			b.Booked(func(key string, v history.Value) { items = append(items, converge.Item{Key: key, Value: v}) })
		}
	}
	return items
}

// reports returns what replicas counted: of several, the most.
func (r *run) reports() map[string]float64 {
	all := map[string]float64{}
	for _, id := range r.config.Replicas {
		if p, ok := r.sim.Handler(id).(store.Reporter); ok {
			p.Report(func(metric string, v float64) { all[metric] = max(all[metric], v) })
		}
	}
	return all
}

// scoreEffects fills in what became of intents. Where there is a book, it tells of
// those whose clients never learned it.
func scoreEffects(row *results.Row, o *Outcome, s *checker.Scores) {
	m, ledger := row.Metrics, &s.Detail.Ledger
	t := ledger.Tally()
	if o.Booked != nil {
		book := effects.Book{}
		for _, item := range o.Booked {
			book.Enter(item.Key, item.Value.List)
		}
		t = book.Tally(o.History, o.Final)
		m["duplicates"], m["phantoms"], m["lost"] = float64(t.Duplicate), float64(t.Phantom), float64(t.Lost)
	}
	m["dirty"] = float64(t.Undone)
	m["limbo"], m["once"] = float64(t.Limbo), float64(t.Once)
	m["out_of_order"] = float64(len(ledger.Disorder))
	for metric, v := range o.Reports { // any order: each is a metric of its own
		m[metric] = v
	}
}
