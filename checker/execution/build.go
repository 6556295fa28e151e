package execution

import (
	"fmt"

	"faultline/checker/history"
)

// New reads the execution off a history, in time linear in its operations and
// the lengths of the lists read.
func New(h history.History) *Execution {
	b := builder{x: &Execution{History: h}}
	b.number()
	b.shapes()
	b.collectWriters()
	b.trace()
	b.layOut()
	b.link()
	b.x.index()
	return b.x
}

// A builder makes an execution. Its slices are by operation, unless they say otherwise.
type builder struct {
	x       *Execution
	key     []int32 // the number of its key
	client  []int32 // the number of its client
	clients int
	shape   []shape        // by key
	writers map[cell]int32 // the operation that wrote a value
	from    []int32        // the operation whose value it found, Initial, or None
	list    []int32        // the place of the list it read in lists, or None
	lists   []List         // with operations in the place of events
	trunks  []trunk        // by key
	shown   []int32        // one more than the last operation that read it in a list beside the trunk
	happens []bool         // it is an event
	loose   []bool         // its place in program order cannot be told
	event   []int32        // which one
	proof   []int32        // of unknown outcome: the operation that shows that it happened, or None
	stack   []int32        // operations of unknown outcome that turned out to have happened
	last    []tenure       // by client: what ran longest so far, to see overlaps
}

// A tenure is how long the latest operation of a client ran.
type tenure struct {
	op    int32
	until history.Time
}

// A cell is a value of a key.
type cell struct {
	key   int32
	value int64
}

// several is the writer of a value that several operations wrote.
const several = -3

// A shape says which kinds of operation a key saw.
type shape struct{ write, append, odd, other bool }

// why says why reads-from cannot be told on a key of this shape, or nothing.
func (s shape) why() string {
	switch {
	case s.other:
		return "there is no method for sets, queues and stacks at this level"
	case s.append && s.write:
		return "appends and writes meet on this key, so its reads do not tell what they read from"
	case s.odd:
		return "a write of a whole list does not tell its items apart"
	default:
		return ""
	}
}

// number gives keys and clients numbers, in order of first appearance.
func (b *builder) number() {
	h := b.x.History
	b.key, b.client = make([]int32, len(h)), make([]int32, len(h))
	keys, clients := map[string]int32{}, map[int]int32{}
	for i := range h {
		k, ok := keys[h[i].Key]
		if !ok {
			k = int32(len(keys))
			keys[h[i].Key] = k
			b.x.Keys = append(b.x.Keys, Key{Name: h[i].Key})
		}
		c, ok := clients[h[i].Client]
		if !ok {
			c = int32(len(clients))
			clients[h[i].Client] = c
		}
		b.key[i], b.client[i] = k, c
	}
	b.clients = len(clients)
}

// shapes finds out what each key is.
func (b *builder) shapes() {
	b.shape = make([]shape, len(b.x.Keys))
	for i := range b.x.History {
		op, s := &b.x.History[i], &b.shape[b.key[i]]
		if op.Status == history.Failed {
			continue
		}
		switch op.Kind {
		case history.Read:
		case history.Append:
			s.append = true
		case history.Write, history.CAS:
			if op.MayMutate() {
				s.write = true
				s.odd = s.odd || len(op.In.List) > 0
			}
		default:
			s.other, b.x.Gap.Beyond = true, true
		}
	}
	for k := range b.shape {
		b.x.Keys[k].Appends = b.shape[k].append && !b.shape[k].write
	}
}

// collectWriters notes who wrote which value.
func (b *builder) collectWriters() {
	b.writers = map[cell]int32{}
	for i := range b.x.History {
		op := &b.x.History[i]
		if !op.MayMutate() || b.shape[b.key[i]].why() != "" {
			continue
		}
		at := cell{b.key[i], op.In.Num}
		if _, taken := b.writers[at]; taken {
			b.writers[at] = several
		} else {
			b.writers[at] = int32(i)
		}
	}
}

// trace finds out which operations happened and what they read from.
func (b *builder) trace() {
	n := len(b.x.History)
	b.from, b.list, b.proof = filled(n, None), filled(n, None), filled(n, None)
	b.happens, b.loose, b.shown = make([]bool, n), make([]bool, n), make([]int32, n)
	b.trunks = make([]trunk, len(b.x.Keys))
	b.last = make([]tenure, b.clients)
	for i := range b.x.History {
		op := &b.x.History[i]
		if op.Status == history.Failed {
			continue
		}
		b.overlap(int32(i))
		switch why := b.shape[b.key[i]].why(); {
		case op.Status == history.Unknown:
		case why != "":
			b.gap(int32(i), why)
		default:
			b.happen(int32(i))
		}
	}
	for len(b.stack) > 0 {
		i := b.stack[len(b.stack)-1]
		b.stack = b.stack[:len(b.stack)-1]
		b.happen(i)
	}
}

// overlap notes an operation called while its client was still busy: what the
// client did first cannot be told.
func (b *builder) overlap(i int32) {
	op, last := &b.x.History[i], &b.last[b.client[i]]
	if op.Call < last.until {
		b.loose[i], b.x.Gap.Overlap = true, true
		b.gap(i, fmt.Sprintf("its client was still busy: %s (answered at %v)", b.x.At(last.op), last.until))
	}
	if op.Status == history.OK && op.Return > last.until {
		*last = tenure{i, op.Return}
	}
}

// gap notes an operation that has to be left out.
func (b *builder) gap(i int32, why string) {
	g := &b.x.Gap
	if g.Ops == 0 || i < g.First {
		g.First, g.Why = i, why
	}
	g.Ops++
}

// happen makes the operation an event.
func (b *builder) happen(i int32) {
	op := &b.x.History[i]
	b.happens[i] = true
	switch {
	case op.Kind == history.CAS && op.MayMutate():
		b.reads(i, op.Expect) // it swapped, so that is what it found
	case op.Kind == history.CAS && op.Blind:
		b.happens[i] = false
		b.gap(i, "it only says what the key did not hold")
	case op.Kind == history.CAS && op.Out.Equal(op.Expect):
		b.happens[i] = false
		b.thinAir(fmt.Sprintf("%s and did not swap, although this is what it expected", b.x.At(i)), i)
	case op.Observes():
		b.reads(i, op.Out)
	}
}

// reads notes what the operation read from, given the value it found.
func (b *builder) reads(i int32, v history.Value) {
	if b.x.Keys[b.key[i]].Appends {
		b.readsList(i, v)
		return
	}
	w, known := b.writers[cell{b.key[i], v.Num}]
	switch {
	case len(v.List) > 0:
		b.nobody(i, v)
	case known && w == several:
		b.drop(i)
		b.gap(i, "several operations wrote this value, so it does not tell what was read from")
	case known && v.Num == 0:
		b.drop(i)
		b.gap(i, "the initial value was also written, so it does not tell what was read from")
	case known:
		b.from[i] = w
		b.met(w, i)
	case v.Num == 0:
		b.from[i] = Initial
	default:
		b.nobody(i, v)
	}
}

// readsList notes whose appends the operation read.
func (b *builder) readsList(i int32, v history.Value) {
	if v.Num != 0 {
		b.nobody(i, v)
		return
	}
	t := &b.trunks[b.key[i]]
	list := List{Event: i, Shared: t.common(v.List)}
	for _, x := range v.List[list.Shared:] {
		w, known := b.writers[cell{b.key[i], x}]
		switch {
		case !known:
			b.nobody(i, history.Num(x))
			return
		case w == several:
			b.drop(i)
			b.gap(i, "a number in this list was appended several times, so it does not tell what was read from")
			return
		case t.shows(w, list.Shared), b.shown[w] == i+1:
			b.drop(i)
			op := &b.x.History[w]
			b.thinAir(fmt.Sprintf("%s with %s in it twice, but it was appended once (called at %v)", b.x.At(i), op.Show(op.In), op.Call), i, w)
			return
		}
		b.shown[w] = i + 1
		list.Rest = append(list.Rest, w)
	}
	for _, w := range list.Rest {
		b.met(w, i)
	}
	t.take(&list, v.List)
	b.list[i] = int32(len(b.lists))
	b.lists = append(b.lists, list)
}

// A trunk is the list of a key that grows as reads show more of it.
type trunk struct {
	values []int64
	ops    []int32
	place  map[int32]int // of an operation in ops
}

// shows reports whether the operation is among the first n of the trunk.
func (t *trunk) shows(w int32, n int) bool {
	at, ok := t.place[w]
	return ok && at < n
}

// common returns how many items the values and the trunk begin with in common.
func (t *trunk) common(values []int64) int {
	n := 0
	for n < len(values) && n < len(t.values) && values[n] == t.values[n] {
		n++
	}
	return n
}

// take lets the trunk grow by the rest of the list, if that goes on from its end.
func (t *trunk) take(l *List, values []int64) {
	if l.Shared == len(t.values) {
		if t.place == nil {
			t.place = map[int32]int{}
		}
		for _, w := range l.Rest {
			t.place[w] = len(t.ops)
			t.ops = append(t.ops, w)
		}
		t.values = values
		l.Shared, l.Rest = len(values), nil
	}
}

// met notes that operation i found the value of operation w, so that w happened.
func (b *builder) met(w, i int32) {
	if !b.happens[w] && b.x.History[w].Status == history.Unknown {
		b.happens[w] = true // once
		b.proof[w] = i
		b.stack = append(b.stack, w)
	}
}

// nobody notes an operation that met a value without origin.
func (b *builder) nobody(i int32, v history.Value) {
	b.drop(i)
	if b.x.ThinAir != nil {
		return // saying why takes a look at the whole history, and one will do
	}
	op := &b.x.History[i]
	verb := "wrote"
	if b.x.Keys[b.key[i]].Appends {
		verb = "appended"
	}
	ops, text := b.proved(i)
	if w := b.failedWrite(i, v); w != None {
		b.thinAir(fmt.Sprintf("%s, but the operation that %s %s (called at %v) certainly failed: an aborted read", text, verb, op.Show(v), b.x.History[w].Call), append(ops, w)...)
		return
	}
	b.thinAir(fmt.Sprintf("%s, but nobody %s %s", text, verb, op.Show(v)), ops...)
}

// proved returns an operation with those that prove that it happened, and says so.
func (b *builder) proved(i int32) (ops []int32, text string) {
	ops, text = []int32{i}, b.x.At(i)
	for i = b.proof[i]; i != None; i = b.proof[i] {
		ops = append(ops, i)
		text += fmt.Sprintf(" (it happened, since %s)", b.x.At(i))
	}
	return ops, text
}

// failedWrite returns the first failed operation that would have brought v to the key of i, or None.
func (b *builder) failedWrite(i int32, v history.Value) int32 {
	for k := range b.x.History {
		op := &b.x.History[k]
		if op.Status == history.Failed && op.Kind.Brings() && b.key[k] == b.key[i] && op.In.Equal(v) {
			return int32(k)
		}
	}
	return None
}

// thinAir notes the first operation whose answer no order explains.
func (b *builder) thinAir(text string, ops ...int32) {
	if b.x.ThinAir == nil {
		b.x.ThinAir = Because(text, ops...)
	}
}

// drop leaves out an operation of which it cannot be told what it read from, unless it also wrote.
func (b *builder) drop(i int32) {
	b.happens[i] = b.x.History[i].MayMutate()
}

// layOut puts the events into chains: client by client, each in order of call.
func (b *builder) layOut() {
	x := b.x
	start := make([]int32, b.clients+1)
	for i, yes := range b.happens {
		if yes {
			start[b.client[i]+1]++
		}
	}
	for c := range b.clients {
		start[c+1] += start[c]
	}
	ops := make([]int32, start[b.clients])
	next := append([]int32(nil), start...)
	for i, yes := range b.happens {
		if yes {
			ops[next[b.client[i]]] = int32(i)
			next[b.client[i]]++
		}
	}
	b.event = filled(len(b.happens), None)
	x.Events = make([]Event, 0, len(ops))
	for c := range b.clients {
		b.layOutClient(int32(c), ops[start[c]:start[c+1]])
	}
}

// layOutClient makes the chains of one client: what was acknowledged, one after
// the other; and each of the rest alone.
func (b *builder) layOutClient(client int32, ops []int32) {
	parent := make([]int32, len(ops)) // the last that was acknowledged before
	last := int32(None)
	for k, i := range ops {
		if parent[k] = last; b.loose[i] || b.x.History[i].Status == history.Unknown {
			continue
		}
		if last == None {
			b.startChain(client, None)
		}
		last = b.addEvent(i)
	}
	for k, i := range ops {
		switch {
		case b.loose[i]:
			b.startChain(client, None)
			b.addEvent(i)
		case b.x.History[i].Status == history.Unknown:
			b.startChain(client, parent[k])
			b.addEvent(i)
		}
	}
}

func (b *builder) startChain(client, parent int32) {
	e := int32(len(b.x.Events))
	b.x.Chains = append(b.x.Chains, Chain{Client: client, First: e, End: e, Parent: parent})
}

// addEvent puts the operation at the end of the last chain.
func (b *builder) addEvent(i int32) int32 {
	x := b.x
	e, c := int32(len(x.Events)), int32(len(x.Chains)-1)
	x.Chains[c].End++
	b.event[i] = e
	x.Events = append(x.Events, Event{Op: i, Chain: c, Key: b.key[i], From: None, List: None, Writes: x.History[i].MayMutate()})
	return e
}

// link turns what events read from into events.
func (b *builder) link() {
	x := b.x
	for k := range b.trunks {
		x.Keys[k].Trunk = b.eventsOf(b.trunks[k].ops)
	}
	for e := range x.Events {
		i := x.Events[e].Op
		switch from := b.from[i]; {
		case from >= 0:
			x.Events[e].From = b.event[from]
		case from == Initial:
			x.Events[e].From = Initial
		case b.list[i] != None:
			list := b.lists[b.list[i]]
			x.Events[e].List = int32(len(x.Lists))
			x.Lists = append(x.Lists, List{Event: int32(e), Shared: list.Shared, Rest: b.eventsOf(list.Rest)})
		}
	}
}

// eventsOf turns operations into their events, in place.
func (b *builder) eventsOf(ops []int32) []int32 {
	for k, i := range ops {
		ops[k] = b.event[i]
	}
	return ops
}

func filled(n int, with int32) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = with
	}
	return s
}
