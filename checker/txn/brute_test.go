package txn

import (
	"maps"
	"slices"

	"faultline/checker/history"
)

// The dumb alternative: it tries all orders. It shares no code with the checker.

// A world is a history of which it is settled who happened.
type world struct {
	ts     []history.Transaction
	in     []int // who happened, as indices into ts
	follow func(t, u int) bool
}

// kept reports whether some world of the history keeps the level.
func kept(ts []history.Transaction, l Level) bool {
	var unknown []int
	for i := range ts {
		if ts[i].Status == history.Unknown {
			unknown = append(unknown, i)
		}
	}
	for subset := range 1 << len(unknown) {
		w := world{ts: ts}
		for i := range ts {
			at := slices.Index(unknown, i)
			if ts[i].Status == history.OK || at >= 0 && subset>>at&1 == 1 {
				w.in = append(w.in, i)
			}
		}
		if w.keeps(l) {
			return true
		}
	}
	return false
}

func (w *world) keeps(l Level) bool {
	switch l {
	case StrictSerializable, StrongSnapshot:
		w.follow = func(t, u int) bool { return w.session(t, u) || w.time(t, u) }
	case StrongSessionSerializable, StrongSessionSnapshot:
		w.follow = w.session
	default:
		w.follow = func(t, u int) bool { return false }
	}
	switch l {
	case RepeatableRead, Serializable, StrongSessionSerializable, StrictSerializable:
		return w.serial(map[string]history.Value{}, make([]bool, len(w.ts)), len(w.in))
	case SnapshotIsolation, StrongSessionSnapshot, StrongSnapshot:
		return w.snapshots(snapshot{state: map[string]history.Value{}}, len(w.in))
	default:
		return w.versions(l)
	}
}

func (w *world) session(t, u int) bool {
	x, y := &w.ts[t], &w.ts[u]
	return x.Process == y.Process && x.Status == history.OK && t < u && x.Return <= y.Call
}

func (w *world) time(t, u int) bool {
	x, y := &w.ts[t], &w.ts[u]
	return x.Status == history.OK && x.Return < y.Call
}

// apply runs a transaction on a state. It returns what it leaves, and whether it
// reads what it did read.
func apply(t *history.Transaction, state map[string]history.Value) (map[string]history.Value, bool) {
	after := maps.Clone(state)
	for _, op := range t.Ops {
		switch v := after[op.Key]; op.Kind {
		case history.Read:
			if t.Status == history.OK && !v.Equal(op.Value) {
				return nil, false
			}
		case history.Write:
			after[op.Key] = op.Value
		default:
			after[op.Key] = history.Value{Num: v.Num, List: append(slices.Clone(v.List), op.Value.Num)}
		}
	}
	return after, true
}

func (w *world) serial(state map[string]history.Value, done []bool, left int) bool {
	if left == 0 {
		return true
	}
	for _, t := range w.in {
		if done[t] || slices.ContainsFunc(w.in, func(u int) bool { return !done[u] && w.follow(u, t) }) {
			continue
		}
		if after, ok := apply(&w.ts[t], state); ok {
			done[t] = true
			if w.serial(after, done, left-1) {
				return true
			}
			done[t] = false
		}
	}
	return false
}

// A snapshot is a state of snapshot isolation as a database does it.
type snapshot struct {
	state     map[string]history.Value
	open      []opened
	committed []int
}

type opened struct {
	t       int
	began   map[string]history.Value
	clashes bool // somebody committed what it writes since it began
}

func (w *world) snapshots(s snapshot, left int) bool {
	if left == 0 && len(s.open) == 0 {
		return true
	}
	if slices.ContainsFunc(s.open, func(o opened) bool { return o.clashes }) {
		return false // it can never commit
	}
	for _, t := range w.in {
		isOpen := slices.ContainsFunc(s.open, func(o opened) bool { return o.t == t })
		if isOpen || slices.Contains(s.committed, t) {
			continue
		}
		if slices.ContainsFunc(w.in, func(u int) bool { return !slices.Contains(s.committed, u) && w.follow(u, t) }) {
			continue
		}
		if _, ok := apply(&w.ts[t], s.state); !ok {
			continue
		}
		next := snapshot{s.state, append(slices.Clone(s.open), opened{t: t, began: s.state}), s.committed}
		if w.snapshots(next, left-1) {
			return true
		}
	}
	for i, o := range s.open {
		written := map[string]bool{}
		after := maps.Clone(s.state)
		mine, _ := apply(&w.ts[o.t], o.began)
		for _, op := range w.ts[o.t].Ops {
			if op.Kind != history.Read {
				written[op.Key] = true
				after[op.Key] = mine[op.Key]
			}
		}
		var still []opened
		for j, p := range s.open {
			if j == i {
				continue
			}
			for _, op := range w.ts[p.t].Ops {
				p.clashes = p.clashes || op.Kind != history.Read && written[op.Key]
			}
			still = append(still, p)
		}
		if w.snapshots(snapshot{after, still, append(slices.Clone(s.committed), o.t)}, left) {
			return true
		}
	}
	return false
}

// versions tries all orders of versions of each key, by the letter of Adya's
// definitions. Values must be unique.
func (w *world) versions(l Level) bool {
	var keys []string
	writers := map[string][]int{}
	for _, t := range w.in {
		for _, op := range w.ts[t].Ops {
			if !slices.Contains(keys, op.Key) {
				keys = append(keys, op.Key)
			}
			if op.Kind != history.Read && !slices.Contains(writers[op.Key], t) {
				writers[op.Key] = append(writers[op.Key], t)
			}
		}
	}
	return w.order(l, keys, writers, map[string][]int{})
}

func (w *world) order(l Level, keys []string, writers, chosen map[string][]int) bool {
	if len(keys) == 0 {
		return w.obeys(l, chosen)
	}
	k := keys[0]
	return permute(writers[k], func(order []int) bool {
		chosen[k] = slices.Clone(order)
		return w.order(l, keys[1:], writers, chosen)
	})
}

func permute(all []int, f func([]int) bool) bool {
	var rec func(i int) bool
	rec = func(i int) bool {
		if i == len(all) {
			return f(all)
		}
		for j := i; j < len(all); j++ {
			all[i], all[j] = all[j], all[i]
			if rec(i + 1) {
				return true
			}
			all[i], all[j] = all[j], all[i]
		}
		return false
	}
	return rec(0)
}

// A seen is what a read saw: the version, as index into the order, or -1.
type seen struct {
	key      string
	version  int
	external bool
}

// obeys reports whether the reads fit the orders of versions, and the level allows them.
func (w *world) obeys(l Level, order map[string][]int) bool {
	saw := map[int][]seen{}
	for _, t := range w.in {
		if w.ts[t].Status != history.OK {
			continue
		}
		own := map[string]int{}
		for i, op := range w.ts[t].Ops {
			if op.Kind != history.Read {
				own[op.Key]++
				continue
			}
			version, ok := w.saw(t, i, own[op.Key], order[op.Key], l == ReadUncommitted)
			if !ok {
				return false
			}
			saw[t] = append(saw[t], seen{op.Key, version, own[op.Key] == 0})
		}
	}
	ww, wr := map[[2]int]bool{}, map[[2]int]bool{}
	for _, o := range order {
		for i := 1; i < len(o); i++ {
			ww[[2]int{o[i-1], o[i]}] = true
		}
	}
	if cyclic(len(w.ts), ww) {
		return false
	}
	if l == ReadUncommitted {
		return true
	}
	for t, reads := range saw {
		for _, r := range reads {
			if r.external && r.version >= 0 {
				wr[[2]int{order[r.key][r.version], t}] = true
			}
		}
	}
	both := maps.Clone(ww)
	maps.Copy(both, wr)
	if cyclic(len(w.ts), both) {
		return false
	}
	switch l {
	case MonotonicAtomicView:
		return w.monotonic(order, saw)
	case CursorStability:
		return w.stable(order, saw)
	}
	return true
}

// saw returns the version that a read saw, and whether it fits the order at all.
// Own is how many writes of its own to the key came before.
func (w *world) saw(t, i, own int, order []int, dirty bool) (int, bool) {
	op := w.ts[t].Ops[i]
	mine := 0 // own writes met
	if op.Value.IsZero() {
		return -1, own == 0
	}
	if op.Value.Num != 0 { // a register
		for v, u := range order {
			n := 0
			for _, o := range w.ts[u].Ops {
				if o.Key != op.Key || o.Kind != history.Write {
					continue
				}
				n++
				if o.Value.Equal(op.Value) {
					last := n == countWrites(&w.ts[u], op.Key)
					if u == t {
						return v, own == n || own == 0 && dirty
					}
					return v, own == 0 && (last || dirty)
				}
			}
		}
		return 0, false
	}
	at, list := 0, op.Value.List
	for v, u := range order {
		n := 0
		for _, o := range w.ts[u].Ops {
			if o.Key != op.Key || o.Kind != history.Append {
				continue
			}
			if at >= len(list) || list[at] != o.Value.Num {
				return 0, false
			}
			at++
			n++
			if u == t {
				mine++
			}
			if at < len(list) {
				continue
			}
			last := n == countWrites(&w.ts[u], op.Key)
			switch {
			case own > 0: // it must end with its own writes so far
				return v, u == t && mine == own
			case u == t || mine > 0:
				return v, dirty
			default:
				return v, last || dirty
			}
		}
	}
	return 0, false
}

func countWrites(t *history.Transaction, key string) (n int) {
	for _, op := range t.Ops {
		if op.Key == key && op.Kind != history.Read {
			n++
		}
	}
	return n
}

// monotonic: once a transaction has seen another, it sees all of it.
func (w *world) monotonic(order map[string][]int, saw map[int][]seen) bool {
	for t, reads := range saw {
		for i, first := range reads {
			if !first.external || first.version < 0 {
				continue
			}
			from := order[first.key][first.version]
			for _, later := range reads[i+1:] {
				if !later.external || from == t {
					continue
				}
				if at := slices.Index(order[later.key], from); at > later.version {
					return false
				}
			}
		}
	}
	return true
}

// stable: no cycle on one key with a single anti-dependency and some overwriting.
func (w *world) stable(order map[string][]int, saw map[int][]seen) bool {
	for t, reads := range saw {
		last := map[string]int{} // where its cursor stood when it wrote
		for _, r := range reads {
			if r.external {
				last[r.key] = r.version
			}
		}
		for k, version := range last {
			if slices.Index(order[k], t) > version+1 {
				return false
			}
		}
	}
	return true
}

func cyclic(n int, edges map[[2]int]bool) bool {
	reach := make([][]bool, n)
	for i := range reach {
		reach[i] = make([]bool, n)
	}
	for e := range edges {
		reach[e[0]][e[1]] = reach[e[0]][e[1]] || e[0] != e[1]
	}
	for k := range n {
		for i := range n {
			for j := range n {
				if reach[i][k] && reach[k][j] {
					reach[i][j] = true
				}
			}
		}
	}
	for i := range n {
		if reach[i][i] {
			return true
		}
	}
	return false
}
