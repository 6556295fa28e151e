package sim

import (
	"slices"
	"testing"
)

// What a restarted node writes goes over the record that the crash tore, so that
// the next crash finds nothing torn in the middle of the journal.
func TestWritesGoOverWhatIsTorn(t *testing.T) {
	d := disk{node: &node{sim: &Sim{}}, durable: []any{"one", Torn{}}}
	d.Write("two")
	if got, want := d.Records(), []any{"one", "two"}; !slices.Equal(got, want) {
		t.Errorf("after a write: %v, want %v", got, want)
	}
	d.crash(KeepAll)
	d.crash(LoseUnsynced)
	if got, want := d.Records(), []any{"one", "two"}; !slices.Equal(got, want) {
		t.Errorf("after two crashes: %v, want %v", got, want)
	}
}
