package execution

// index gathers the writes and reads of each key.
func (x *Execution) index() {
	for e := range x.Events {
		ev := &x.Events[e]
		key := &x.Keys[ev.Key]
		if ev.Reads() {
			key.Reads = append(key.Reads, int32(e))
		}
		if ev.Writes {
			key.AddWrite(int32(e), ev.Chain)
		}
	}
}

// AddWrite notes a write of the key. Writes are noted in the order of events.
func (k *Key) AddWrite(e, chain int32) {
	if n := len(k.Runs); n == 0 || k.Runs[n-1].Chain != chain {
		at := int32(len(k.Writes))
		k.Runs = append(k.Runs, Run{chain, at, at})
	}
	k.Writes = append(k.Writes, e)
	k.Runs[len(k.Runs)-1].End++
}
