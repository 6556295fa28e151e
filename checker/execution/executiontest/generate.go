// Package executiontest makes random histories of sessions for the tests of
// checkers: of stores that keep one consistency level or another by design, and
// of answers spoiled so that they keep none. It judges nothing.
package executiontest

import (
	"math/rand/v2"
	"slices"

	"faultline/checker/history"
)

// A Store says how the replicas of a generated history behave.
type Store uint8

// The stores, each with what it promises.
const (
	Serial   Store = iota // one copy, but answers are stamped without regard to other sessions: sequential
	Atomic                // one copy, in real time: linearizable
	Lagging               // one log of writes, and reads from copies that are behind: sequential, though not linearizable
	Memory                // causal delivery, applied as it arrives: CM
	Converge              // causal delivery, last writer wins: CCv
	Pipeline              // delivery in the order of each sender: PRAM
	Loose                 // delivery in any order: hardly anything
	Stores                // how many there are
)

var storeNames = [...]string{"serial", "atomic", "lagging", "memory", "converge", "pipeline", "loose"}

// String returns the name of the store.
func (s Store) String() string { return storeNames[s] }

// A Plan says which history to make.
type Plan struct {
	Store   Store
	Clients int
	Keys    int
	Ops     int
	Kinds   []history.Kind // drawn from with equal chances, repetitions counted
	Crashes bool           // some operations end unknown or failed
	Spoil   int            // how many answers to replace by others
	Think   int64          // at most so long does a client wait between operations; 0: it calls again at once
}

// Make makes the history. All values written are different.
func (p Plan) Make(rng *rand.Rand) history.History {
	m := &maker{Plan: p, rng: rng, free: make([]history.Time, p.Clients)}
	for r := range p.Clients {
		m.replicas = append(m.replicas, &replica{number: r, keys: map[string]history.Value{}, stamps: map[string]int{}, applied: make([]int, p.Clients)})
	}
	if p.Store == Serial || p.Store == Atomic {
		for r := range m.replicas {
			m.replicas[r] = m.replicas[0]
		}
	}
	for range p.Ops {
		m.deliver()
		m.step()
	}
	m.spoil()
	slices.SortStableFunc(m.h, func(a, b history.Op) int { return int(a.Call - b.Call) })
	return m.h
}

// A replica serves one client, except where one copy serves all.
type replica struct {
	number  int
	keys    map[string]history.Value
	stamps  map[string]int // of the values of registers
	ranks   map[int64]int  // of the items of lists
	applied []int          // how many updates of each client
	inbox   []*update      // under way
	clock   int
}

// An update is a write on its way to the other replicas.
type update struct {
	from   int // client
	number int // among the updates of that client, from 1
	needs  []int
	key    string
	value  history.Value
	append bool
	stamp  int
}

// A late is an operation of unknown outcome that takes effect later.
type late struct {
	client int
	op     history.Op
}

type maker struct {
	Plan
	rng      *rand.Rand
	h        history.History
	replicas []*replica
	sent     []int // by client
	lates    []late
	free     []history.Time // by client: when it can call again
	value    int64
	now      history.Time
}

// step lets one client do one operation.
func (m *maker) step() {
	client := m.rng.IntN(m.Clients)
	op := history.Op{
		Client: client, Process: client, Status: history.OK,
		Kind: m.Kinds[m.rng.IntN(len(m.Kinds))],
		Key:  string(rune('x' + m.rng.IntN(m.Keys))),
	}
	m.stamp(client, &op)
	if op.Kind.Mutates() {
		m.value++
		op.In = history.Num(m.value)
	}
	r := m.replicas[client]
	if op.Kind == history.CAS {
		op.Expect = r.keys[op.Key]
		if m.rng.IntN(4) == 0 {
			op.Expect = history.Num(1 + m.rng.Int64N(m.value))
		}
	}
	if m.Crashes && m.crash(client, &op) {
		return
	}
	m.apply(client, &op)
	m.h = append(m.h, op)
}

// stamp says when the operation was called and answered.
func (m *maker) stamp(client int, op *history.Op) {
	m.now += history.Time(m.rng.Int64N(4))
	think := history.Time(0)
	if m.Think > 0 {
		think = history.Time(m.rng.Int64N(m.Think))
	}
	if m.Store == Serial {
		op.Call = m.free[client] + think
		op.Return = op.Call + history.Time(m.rng.Int64N(12))
	} else {
		m.now = max(m.now, m.free[client])
		op.Call = max(m.free[client], m.now-history.Time(m.rng.Int64N(6)))
		op.Return = max(op.Call, m.now) + history.Time(m.rng.Int64N(6))
	}
	m.free[client] = op.Return + think
}

// crash lets some operations end unknown, now, later or never to take effect, or
// failed. It reports whether the operation is done with.
func (m *maker) crash(client int, op *history.Op) bool {
	switch m.rng.IntN(16) {
	case 0:
		op.Status = history.Failed
		m.h = append(m.h, *op)
		return true
	case 1, 2:
		op.Status, op.Return = history.Unknown, history.Never
		switch m.rng.IntN(3) {
		case 0:
			return false
		case 1:
			m.lates = append(m.lates, late{client, *op})
		}
		m.h = append(m.h, *op)
		return true
	}
	return false
}

// apply lets the operation take effect on the replica of its client.
func (m *maker) apply(client int, op *history.Op) {
	r := m.replicas[client]
	if m.Store == Lagging && op.Kind.Mutates() {
		for _, u := range r.inbox { // a write comes after all others in the log
			r.take(u, m.Store)
		}
		r.inbox = r.inbox[:0]
	}
	state := r.keys[op.Key]
	switch op.Kind {
	case history.Read:
		op.Out = state
	case history.CAS:
		if !op.Expect.Equal(state) {
			op.Out = state
			return
		}
		op.Swapped = op.Status == history.OK
		m.write(client, op)
	default:
		m.write(client, op)
	}
	if op.Status == history.Unknown {
		op.Out = history.Value{}
	}
}

// write applies a write at home and sends it out.
func (m *maker) write(client int, op *history.Op) {
	r := m.replicas[client]
	if m.sent == nil {
		m.sent = make([]int, m.Clients)
	}
	m.sent[client]++
	r.clock++
	u := &update{
		from: client, number: m.sent[client], needs: slices.Clone(r.applied), key: op.Key, value: op.In,
		append: op.Kind == history.Append, stamp: r.clock*m.Clients + client,
	}
	r.take(u, m.Store)
	if m.Store == Serial || m.Store == Atomic {
		return
	}
	for _, other := range m.replicas {
		if other != r {
			other.inbox = append(other.inbox, u)
		}
	}
}

// take applies an update.
func (r *replica) take(u *update, s Store) {
	r.applied[u.from]++
	r.clock = max(r.clock, u.stamp/len(r.applied))
	switch {
	case u.append:
		r.insert(u, s)
	case s != Converge || u.stamp > r.stamps[u.key]:
		r.keys[u.key] = u.value
		r.stamps[u.key] = u.stamp
	}
}

// insert puts an item at the end of the list or, where the last writer wins, in its place.
func (r *replica) insert(u *update, s Store) {
	list := slices.Clone(r.keys[u.key].List)
	at := len(list)
	if r.ranks == nil {
		r.ranks = map[int64]int{}
	}
	r.ranks[u.value.Num] = u.stamp
	for s == Converge && at > 0 && r.ranks[list[at-1]] > u.stamp {
		at--
	}
	r.keys[u.key] = history.Value{List: slices.Insert(list, at, u.value.Num)}
}

// window is how many updates can overtake one that waits.
const window = 6

// deliver lets some updates arrive, and some late operations take effect.
func (m *maker) deliver() {
	for range m.rng.IntN(2 * m.Clients) {
		r := m.replicas[m.rng.IntN(m.Clients)]
		if n := len(r.inbox); n > 0 {
			m.arrive(r, m.rng.IntN(min(n, window)))
		}
	}
	if len(m.lates) > 0 && m.rng.IntN(4) == 0 {
		l := m.lates[0]
		m.lates = m.lates[1:]
		m.apply(l.client, &l.op)
	}
}

// arrive lets an update arrive at a replica, if its turn has come.
func (m *maker) arrive(r *replica, at int) {
	u := r.inbox[at]
	switch m.Store {
	case Lagging:
		if at > 0 {
			return // the log comes in order
		}
	case Pipeline:
		if r.applied[u.from] != u.number-1 {
			return
		}
	case Memory, Converge:
		for c, n := range u.needs {
			if r.applied[c] < n {
				return
			}
		}
	}
	r.inbox = slices.Delete(r.inbox, at, at+1)
	r.take(u, m.Store)
}

// spoil replaces answers by those of others, by values of writes, or by nothing.
func (m *maker) spoil() {
	for range m.Spoil {
		op, other := &m.h[m.rng.IntN(len(m.h))], &m.h[m.rng.IntN(len(m.h))]
		if !op.Observes() || other.Kind == history.Read && !other.Observes() {
			continue
		}
		out := other.Out
		if other.Kind != history.Read {
			out = other.In
		}
		if other.Kind == history.Append {
			out = history.Value{List: m.shuffled(op.Out.List, other.In.Num)}
		}
		if m.rng.IntN(5) == 0 {
			out = history.Value{}
		}
		if op.Key == other.Key || out.IsZero() {
			op.Out = out
		}
	}
}

// shuffled puts an item into a list, or moves things around in it.
func (m *maker) shuffled(list []int64, item int64) []int64 {
	list = slices.DeleteFunc(slices.Clone(list), func(x int64) bool { return x == item })
	if m.rng.IntN(3) > 0 {
		list = slices.Insert(list, m.rng.IntN(len(list)+1), item)
	}
	if len(list) > 1 && m.rng.IntN(2) == 0 {
		i := m.rng.IntN(len(list) - 1)
		list[i], list[i+1] = list[i+1], list[i]
	}
	return list
}
