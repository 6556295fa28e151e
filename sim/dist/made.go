package dist

import "sync"

// made are the tables of laws by their texts, since every cell and run of a sweep
// asks for the same ones. A text says all that there is to a law, and no table ever
// changes: who asks first, and when all are forgotten, makes no difference but in time.
var made = struct {
	sync.Mutex
	tables map[string]*table
}{tables: map[string]*table{}}

const madeMost = 128 // tables, of 37 kB each

// tabulate returns the law of the given text and values.
func tabulate(core string, value inverse) *Law {
	made.Lock()
	defer made.Unlock()
	t := made.tables[core]
	if t == nil {
		if len(made.tables) == madeMost {
			clear(made.tables)
		}
		t = fill(value)
		made.tables[core] = t
	}
	return &Law{table: t, core: core}
}
