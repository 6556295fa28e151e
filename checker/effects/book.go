package effects

import "faultline/checker/history"

// A Book is where intents are entered for good: orders in a database, whose
// effects follow later. What clients never learned, it knows.
type Book map[name]bool

// Enter enters numbers of a key.
func (b Book) Enter(key string, numbers []int64) {
	for _, x := range numbers {
		b[name{key, x}] = true
	}
}

// Tally is what became of intents, with the book for those of unknown outcome: one
// that stands in it counts as acknowledged, so that it is lost if it has no effect;
// one that does not counts as failed, so that it is a phantom if it has. The rest
// of them are in limbo.
func (b Book) Tally(h, finals history.History) Tally {
	settled := make(history.History, len(h))
	copy(settled, h)
	for i := range settled {
		op := &settled[i]
		if op.Status != history.Unknown || !op.Kind.Brings() {
			continue
		}
		op.Status, op.Return = history.Failed, op.Call
		if b[name{op.Key, op.In.Num}] {
			op.Status = history.OK
		}
	}
	ledger := Of(settled, finals)
	t := ledger.Tally()
	wrong := map[name]bool{}
	for _, list := range [][]Entry{ledger.Duplicate, ledger.Phantom, ledger.Lost} {
		for i := range list {
			wrong[name{list[i].Key, list[i].Number}] = true
		}
	}
	for i := range h {
		op := &h[i]
		n := name{op.Key, op.In.Num}
		if op.Status != history.Unknown || !op.Kind.Brings() || wrong[n] {
			continue
		}
		t.Limbo++
		if b[n] {
			t.Once--
		}
	}
	return t
}
