package txn

import (
	"fmt"

	"faultline/checker/history"
)

// tellCycle makes a finding of a cycle. A lost update may have been found without one.
func (a *analysis) tellCycle(c *circle) {
	for i := range a.found {
		if a.found[i].kind == c.kind {
			a.found[i].count += c.count
			return
		}
	}
	f := a.tellHops(c.kind, c.hops, nil)
	f.count = c.count
	a.found = append(a.found, *f)
}

// tellHops tells a cycle, and the inferences on which it rests, if there are any.
func (a *analysis) tellHops(kind Kind, hops []hop, infers *saturation) *finding {
	f := &finding{kind: kind, story: story{analysis: a, infers: infers}}
	for _, h := range hops {
		f.story.T(h.from) // in the order of the cycle
	}
	var keys []int32
	for _, h := range hops {
		k, why := f.story.because(h)
		keys = append(keys, k)
		s := Step{From: int(h.from), To: int(h.to), Type: relationNames[h.rel], Why: why}
		if k != none {
			s.Key = a.keys[k].name
		}
		f.cycle = append(f.cycle, s)
		f.lines = append(f.lines, fmt.Sprintf("%s < %s, because %s", f.story.T(h.from), f.story.T(h.to), why))
	}
	f.lines = append(f.story.lemmas, f.lines...)
	f.name = nameOf(kind, hops, keys)
	return f
}

// because returns why the one comes before the other, and on which key, or none.
func (s *story) because(h hop) (key int32, why string) {
	switch h.rel {
	case session:
		return none, fmt.Sprintf("%s came first in their session (process %d)", s.T(h.from), s.ts[h.from].Process)
	case realtime:
		return none, fmt.Sprintf("%s was over at %v, before %s was called at %v", s.T(h.from), s.ts[h.from].Return, s.T(h.to), s.ts[h.to].Call)
	case wr:
		return s.becauseRead(h)
	case view, atomic:
		return s.becauseSeen(h)
	case ww:
		return s.becauseAppended(h)
	case wwSession, wwRealtime, wwInferred:
		return s.becauseOrdered(h)
	default:
		return s.becauseOverwritten(h)
	}
}

// eachOp calls f for each operation of a transaction until it returns false.
func (a *analysis) eachOp(t int32, f func(op *history.Micro, k, ref int32) bool) {
	for m := range a.ts[t].Ops {
		micro := a.start[t] + int32(m)
		if !f(&a.ts[t].Ops[m], a.keyOf[micro], a.ref[micro]) {
			return
		}
	}
}

// becauseRead says what the one wrote and the other read.
func (s *story) becauseRead(h hop) (key int32, why string) {
	key = none
	s.eachOp(h.to, func(op *history.Micro, k, ref int32) bool {
		if op.Kind != history.Read || s.keys[k].shape == odd {
			return true
		}
		w := s.writeSeen(k, ref, op.Value)
		if w == none || s.writes[w].txn != h.from {
			return true
		}
		key, why = k, fmt.Sprintf("%s saw %s's %s to %s", s.T(h.to), s.T(h.from), s.act(w), s.key(k))
		return false
	})
	return key, why
}

// becauseAppended says what the two appended one after the other.
func (s *story) becauseAppended(h hop) (key int32, why string) {
	key = none
	s.eachOp(h.to, func(op *history.Micro, k, w int32) bool {
		l := &s.keys[k].list
		if op.Kind != history.Append || s.keys[k].shape != list || l.broken || s.writes[w].twin {
			return true
		}
		before := l.lastRun()
		if pos := s.writes[w].pos; pos != none {
			before = l.runs[pos+1] - 1
		}
		if l.maker(before) != h.from {
			return true
		}
		key = k
		why = fmt.Sprintf("%s appended %s to %s after %s appended %s", s.T(h.to), s.elem(h.to, op.Value.Num), s.key(k), s.T(h.from), s.lastOf(k, before))
		if s.writes[w].pos == none {
			why += fmt.Sprintf(", which %s saw without it", s.T(l.witness))
		} else {
			why += fmt.Sprintf(", as %s saw", s.T(l.witness))
		}
		return false
	})
	return key, why
}

// lastOf returns the last element of a version of a list.
func (s *story) lastOf(k, run int32) string {
	l := &s.keys[k].list
	for at := len(l.elems) - 1; at >= 0; at-- {
		if w := l.elems[at]; l.runs[at+1] == run && w != none && s.writes[w].txn == l.order[run] {
			return s.elem(l.witness, l.longest[at])
		}
	}
	return "?"
}

// becauseOverwritten says what the one read and the other wrote over.
func (s *story) becauseOverwritten(h hop) (key int32, why string) {
	key = none
	s.eachOp(h.from, func(op *history.Micro, k, ref int32) bool {
		if op.Kind != history.Read || s.keys[k].shape == odd || ref < initial || nexts.has(h.rel) && s.writeOf(h.from, k) == none {
			return true
		}
		w, reason := s.overwriter(h, k, ref)
		if w == none {
			return true
		}
		key = k
		read := fmt.Sprintf("%s read %s=%s", s.T(h.from), s.key(k), s.ts[h.from].Show(op.Value))
		switch {
		case nexts.has(h.rel):
			why = fmt.Sprintf("%s and then changed it, so that %s's %s, which it did not see, came later", read, s.T(h.to), s.act(w))
		case s.keys[k].shape == list:
			why = fmt.Sprintf("%s without %s's %s", read, s.T(h.to), s.act(w))
		default:
			why = fmt.Sprintf("%s, which %s's %s replaced", read, s.T(h.to), s.act(w))
		}
		why += reason
		return false
	})
	return key, why
}

// overwriter returns the write with which h.to overwrote the version of a key that
// h.from had read, and how that is known if it is not plain; or none.
func (s *story) overwriter(h hop, k, version int32) (w int32, how string) {
	if s.keys[k].shape == list {
		return s.appender(h.to, k, version), ""
	}
	w = s.writeOf(h.to, k)
	if w == none {
		return none, ""
	}
	if version == initial {
		return w, ""
	}
	if s.writes[version].updater == h.to && antis.has(h.rel) {
		return w, fmt.Sprintf(": %s had read the same", s.T(h.to))
	}
	for _, later := range s.writesOf(h.to, k) {
		p := versionPair{version, later}
		if how, ok := s.how(h.rel, p); ok {
			return later, how
		}
	}
	return none, ""
}

// appender returns the append with which t made the version after the given one, or none. Of appends of the same
// number by several nobody knows which version they made.
func (s *story) appender(t, k, version int32) (w int32) {
	l := &s.keys[k].list
	if s.keys[k].shape != list || l.broken {
		return none
	}
	for _, w := range s.writesOf(t, k) {
		switch pos := s.writes[w].pos; {
		case s.writes[w].twin:
		case pos == none && version == l.lastRun(), pos != none && l.runs[pos+1] == version+1:
			return w
		}
	}
	return none
}

// writesOf returns what a transaction wrote to a key, in order.
func (a *analysis) writesOf(t, k int32) (all []int32) {
	a.eachOp(t, func(op *history.Micro, key, w int32) bool {
		if op.Kind != history.Read && key == k {
			all = append(all, w)
		}
		return true
	})
	return all
}

// writeOf returns the last write of a transaction to a key, or none.
func (a *analysis) writeOf(t, k int32) int32 {
	if all := a.writesOf(t, k); len(all) > 0 {
		return all[len(all)-1]
	}
	return none
}

// becauseOrdered says in which order a register took what the two wrote to it.
func (s *story) becauseOrdered(h hop) (key int32, why string) {
	key = none
	s.eachOp(h.to, func(op *history.Micro, k, later int32) bool {
		if op.Kind == history.Read {
			return true
		}
		for _, earlier := range s.writesOf(h.from, k) {
			if how, ok := s.how(h.rel, versionPair{earlier, later}); ok {
				key = k
				why = fmt.Sprintf("%s's %s to %s was replaced by %s's %s%s", s.T(h.from), s.act(earlier), s.key(k), s.T(h.to), s.act(later), how)
				return false
			}
		}
		return true
	})
	return key, why
}

// how says how the order of two versions of a register is known, if it is.
func (s *story) how(r relation, p versionPair) (string, bool) {
	if inferred.has(r) {
		_, ok := s.infers.known[p]
		s.lemma(p)
		return "", ok
	}
	o, ok := s.orders[p]
	if !ok {
		return "", false
	}
	return s.origin(p, o), true
}

// origin says how the order of two versions of a register is known.
func (s *story) origin(p versionPair, o origin) string {
	one, other := s.T(o.before)+" "+s.met(o.before, p.earlier), s.met(o.after, p.later)
	switch o.by {
	case wr:
		return fmt.Sprintf(": %s, and %s, which %s, had seen %s", one, s.T(o.after), other, s.T(o.before))
	case session:
		return fmt.Sprintf(": %s, and after that in the same session %s %s", one, s.T(o.after), other)
	}
	return fmt.Sprintf(": %s and was over at %v, before %s, which %s, was called at %v",
		one, s.ts[o.before].Return, s.T(o.after), other, s.ts[o.after].Call)
}

// met says how a transaction met a version of a register.
func (s *story) met(t, version int32) string {
	did := "read"
	if s.writes[version].txn == t {
		did = "wrote"
	}
	return did + " " + s.elem(t, s.item(version))
}

// becauseSeen says who had seen the one and then read what the other wrote.
func (s *story) becauseSeen(h hop) (key int32, why string) {
	for _, g := range s.sights {
		must, read := &s.writes[g.must], &s.writes[g.read]
		if must.txn == h.from && read.txn == h.to {
			return must.key, fmt.Sprintf("%s saw %s, but in %s not its %s but %s's %s, which hence came later",
				s.T(g.txn), s.T(h.from), s.key(must.key), s.act(g.must), s.T(h.to), s.act(g.read))
		}
	}
	return none, ""
}

// nameOf names a cycle in plain words, by its shape and the keys of its edges.
func nameOf(kind Kind, hops []hop, keys []int32) string {
	base, v := kind.base()
	types := ""
	for _, h := range hops {
		types += relationNames[h.rel] + " "
	}
	switch base {
	case G0:
		return "write cycle"
	case G1c:
		return "circular information flow"
	case ObservedVanishes:
		return "observed transaction vanishes"
	case LostUpdate:
		return "lost update"
	case GSingle:
		return singleName(types, v, keys)
	case GNonadjacent:
		if types == "rw wr rw wr " {
			return "long fork"
		}
		return "anti-dependencies apart"
	default:
		if types == "rw rw " && keys[0] != keys[1] {
			return "write skew"
		}
		return "anti-dependency cycle"
	}
}

func singleName(types string, v variant, keys []int32) string {
	switch {
	case types == "rw wr " && keys[0] != keys[1]:
		return "read skew"
	case v == inSessions:
		return "a session misses what it has seen or done"
	case v == inRealTime:
		return "stale read"
	default:
		return "single anti-dependency"
	}
}
