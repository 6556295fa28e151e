package experiments

import (
	"faultline/checker"
	"faultline/results"
)

// scoreEffects fills in what became of intents, beyond what did not match.
func scoreEffects(row *results.Row, s *checker.Scores) {
	t := s.Detail.Ledger.Tally()
	row.Metrics["limbo"], row.Metrics["once"] = float64(t.Limbo), float64(t.Once)
	row.Metrics["out_of_order"] = float64(len(s.Detail.Ledger.Disorder))
}
