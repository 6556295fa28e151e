package effects

// A Tally puts every number that was asked for or seen into one class, the first that fits.
type Tally struct {
	Duplicate int // it happened more often than was asked for
	Phantom   int // it happened though nobody asked for it, or only requests that certainly failed
	Undone    int // the same, and it was undone: it was seen, and is not there in the end
	Lost      int // acknowledged, but not there in the end
	Limbo     int // the client never learned the outcome
	Once      int // acknowledged, and nothing is amiss
}

// All returns how many numbers were put into a class.
func (t Tally) All() int { return t.Duplicate + t.Phantom + t.Undone + t.Lost + t.Limbo + t.Once }

// name names a number, which is unique on its key.
type name struct {
	key    string
	number int64
}

// Tally counts intents by what became of them. Those that certainly failed, and of
// which nothing was seen, are as they should be and are not counted.
func (l *Ledger) Tally() Tally {
	seen := map[name]bool{}
	first := func(key string, number int64) bool {
		n := name{key, number}
		fresh := !seen[n]
		seen[n] = true
		return fresh
	}
	entries := func(list []Entry) (n int) {
		for i := range list {
			if first(list[i].Key, list[i].Number) {
				n++
			}
		}
		return n
	}
	t := Tally{Duplicate: entries(l.Duplicate), Undone: entries(l.Undone), Phantom: entries(l.Phantom), Lost: entries(l.Lost)}
	for i := range l.Limbo {
		if first(l.Limbo[i].Key, l.Limbo[i].Number) {
			t.Limbo++
		}
	}
	t.Once = l.Clean
	return t
}
