package execution

// Unexplained plays the events in the order given, and returns the first whose
// answer it does not explain or that comes out of turn; None if the order holds
// all events and explains all answers.
func (x *Execution) Unexplained(order []int32) int32 {
	done := make([]bool, len(x.Events))
	holds := filled(len(x.Keys), Initial) // by key: the event that wrote its value
	length := make([]int, len(x.Keys))    // of lists: how many items of the trunk it has, in order
	for _, e := range order {
		ev := &x.Events[e]
		key := &x.Keys[ev.Key]
		before := x.Before(e)
		switch {
		case done[e], before != None && !done[before]:
			return e
		case ev.From != None && ev.From != holds[ev.Key]:
			return e
		case ev.List != None && (len(x.Lists[ev.List].Rest) > 0 || x.Lists[ev.List].Shared != length[ev.Key]):
			return e
		}
		done[e] = true
		if ev.Writes {
			holds[ev.Key] = e
			if n := length[ev.Key]; key.Appends && n < len(key.Trunk) && key.Trunk[n] != e {
				return e
			}
			length[ev.Key]++
		}
	}
	for e := range done {
		if !done[e] {
			return int32(e)
		}
	}
	return None
}
