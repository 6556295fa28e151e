package execution

import (
	"slices"

	"faultline/checker/history"
)

// Restrict returns the execution of the events kept alone, with the same
// history behind it. A read goes with the writes that it read from, and a write
// of unknown outcome with the last read that proves that it happened. All levels
// judged on executions hold for every such part of one that they hold for.
func (x *Execution) Restrict(keep func(e int32) bool) *Execution {
	part := &Execution{History: x.History, Keys: make([]Key, len(x.Keys))}
	for k := range x.Keys {
		part.Keys[k] = Key{Name: x.Keys[k].Name, Appends: x.Keys[k].Appends}
	}
	place := x.choose(keep)
	for c := range x.Chains {
		part.addChain(x, c, place)
	}
	for e := range part.Events {
		ev := &part.Events[e]
		if ev.From >= 0 {
			ev.From = place[ev.From]
		}
		if ev.List != None {
			part.addList(x, int32(e), place)
		}
	}
	part.index()
	return part
}

// choose numbers the events that stay, in order; the others get None.
func (x *Execution) choose(keep func(e int32) bool) []int32 {
	place := make([]int32, len(x.Events))
	for e := range place {
		if place[e] = 0; !keep(int32(e)) {
			place[e] = None
		}
	}
	for changed := true; changed; { // leaving out one event may leave another without reason
		changed = false
		vouched := x.vouch(func(e int32) bool { return place[e] != None })
		for e := range place {
			if place[e] != None && (vouched[e] == None || !x.keepsSources(int32(e), place)) {
				place[e], changed = None, true
			}
		}
	}
	n := int32(0)
	for e := range place {
		if place[e] != None {
			place[e] = n
			n++
		}
	}
	return place
}

// vouch returns, for each event among those kept, one of them that proves that it
// happened: itself if it was acknowledged, else one that read from it and is
// itself proved; None if there is no such event.
func (x *Execution) vouch(kept func(e int32) bool) []int32 {
	by := filled(len(x.Events), None)
	var todo []int32
	for e := range x.Events {
		if kept(int32(e)) && x.Op(int32(e)).Status == history.OK {
			by[e] = int32(e)
			todo = append(todo, int32(e))
		}
	}
	for len(todo) > 0 {
		e := todo[0]
		todo = todo[1:]
		for _, from := range x.Sources(e) {
			if by[from] == None && kept(from) {
				by[from] = e
				todo = append(todo, from)
			}
		}
	}
	return by
}

// Sources returns the events that an event read from.
func (x *Execution) Sources(e int32) []int32 {
	switch ev := &x.Events[e]; {
	case ev.From >= 0:
		return []int32{ev.From}
	case ev.List != None:
		return x.Items(&x.Lists[ev.List])
	default:
		return nil
	}
}

// Part returns the part of an execution that consists of the given events and
// those without which they say nothing: what they read from, and what proves that
// they happened.
func (x *Execution) Part(events []int32) *Execution {
	by := x.vouch(func(int32) bool { return true })
	keep := make([]bool, len(x.Events))
	for todo := slices.Clone(events); len(todo) > 0; {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !keep[e] {
			keep[e] = true
			todo = append(append(todo, by[e]), x.Sources(e)...)
		}
	}
	return x.Restrict(func(e int32) bool { return keep[e] })
}

// keepsSources reports whether all that the event read from stays.
func (x *Execution) keepsSources(e int32, place []int32) bool {
	return !slices.ContainsFunc(x.Sources(e), func(from int32) bool { return place[from] == None })
}

// addChain adds what stays of a chain of x.
func (part *Execution) addChain(x *Execution, c int, place []int32) {
	chain := x.Chains[c]
	parent := chain.Parent
	for parent != None && place[parent] == None {
		parent = x.Before(parent)
	}
	if parent != None {
		parent = place[parent]
	}
	first := int32(len(part.Events))
	for e := chain.First; e < chain.End; e++ {
		if place[e] != None {
			ev := x.Events[e]
			ev.Chain = int32(len(part.Chains))
			part.Events = append(part.Events, ev)
		}
	}
	if end := int32(len(part.Events)); end > first {
		part.Chains = append(part.Chains, Chain{chain.Client, first, end, parent})
	}
}

// addList adds the list that an event of x read, in the words of the part.
func (part *Execution) addList(x *Execution, e int32, place []int32) {
	ev := &part.Events[e]
	list := List{Event: e}
	key := &part.Keys[ev.Key]
	for _, item := range x.Items(&x.Lists[ev.List]) {
		item = place[item]
		if len(list.Rest) == 0 && list.Shared < len(key.Trunk) && key.Trunk[list.Shared] == item {
			list.Shared++
		} else {
			list.Rest = append(list.Rest, item)
		}
	}
	if list.Shared == len(key.Trunk) {
		key.Trunk = append(key.Trunk, list.Rest...)
		list.Shared, list.Rest = len(key.Trunk), nil
	}
	ev.List = int32(len(part.Lists))
	part.Lists = append(part.Lists, list)
}

// Shrink leaves out events of x for as long as what is left is still violated,
// by halves, quarters and so on down to single events. The result is violated,
// and stops being so whichever single event is left out (with those that read
// from it). The number of tries is bounded: at worst it is somewhat larger.
func Shrink(x *Execution, violated func(*Execution) bool) *Execution {
	tries := maxTries
	for size := (len(x.Events) + 1) / 2; size > 0; size /= 2 {
		for again := true; again; {
			again = false
			for from := 0; from < len(x.Events) && tries > 0; tries-- {
				less := x.Restrict(func(e int32) bool { return int(e) < from || int(e) >= from+size })
				if len(less.Events) < len(x.Events) && violated(less) {
					x, again = less, size == 1
				} else {
					from += size
				}
			}
		}
	}
	return x
}

// maxTries bounds the work of Shrink.
const maxTries = 4000
