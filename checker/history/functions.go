package history

import (
	"fmt"
	"slices"
)

// JepsenKey is the key of the one register in a log that names no key.
const JepsenKey = "register"

// A function is what a name in :f stands for.
type function struct {
	known bool
	kind  Kind
	drain bool // takes all there is
	mutex bool // acquires or releases a lock, which is a cas between free and held
}

// functions are the names in :f that can be judged. The rules for transactions
// and for the string store are their own.
var functions = map[string]function{
	"read": {known: true, kind: Read}, "r": {known: true, kind: Read},
	"write": {known: true, kind: Write}, "w": {known: true, kind: Write},
	"cas":     {known: true, kind: CAS},
	"append":  {known: true, kind: Append},
	"add":     {known: true, kind: Add},
	"enqueue": {known: true, kind: Enqueue},
	"dequeue": {known: true, kind: Dequeue},
	"drain":   {known: true, kind: Dequeue, drain: true},
	"push":    {known: true, kind: Push},
	"pop":     {known: true, kind: Pop},
	"acquire": {known: true, kind: CAS, mutex: true},
	"release": {known: true, kind: CAS, mutex: true},
	"lock":    {known: true, kind: CAS, mutex: true},
	"unlock":  {known: true, kind: CAS, mutex: true},
}

// strangers are names in :f by which workloads are known that cannot be judged.
var strangers = map[string]string{
	"transfer": "a bank", "generate": "unique ids",
	"inc": "a counter", "dec": "a counter", "increment": "a counter", "decrement": "a counter",
	"insert": "predicate reads (Adya's G2)", "upsert": "upserts", "send": "a log with offsets, as Kafka's", "poll": "a log with offsets, as Kafka's",
	"broadcast": "gossip", "echo": "an echo", "refresh": "dirty reads", "strong-read": "dirty reads",
}

// unjudged complains about a function that cannot be judged, and names what it belongs to.
func unjudged(e *event) *flaw {
	cause := "unknown function :" + short(e.f)
	if what := strangers[e.f]; what != "" {
		cause = fmt.Sprintf(":%s is of a test of %s, which cannot be judged", e.f, what)
	}
	return e.at.wrong("f", cause, "judged are :read, :write, :cas, :append, :add, :enqueue, :dequeue, :drain, :push, :pop, :acquire, :release, and :txn with [[:r x nil] [:w x 1] [:append x 1]]")
}

// held is the value of a mutex that somebody holds; a free one has the initial value.
const held = ":held"

func (r *recording) function(e *event) (function, *flaw) {
	f := functions[e.f]
	switch {
	case r.pieces != nil:
		kind, ok := storeFunctions[e.f]
		if !ok {
			return f, e.at.wrong("f", "unknown function :"+short(e.f), "use :get, :put or :append in a log of a string store")
		}
		return function{known: true, kind: kind}, nil
	case e.f == "":
		return f, e.wrong("f", "missing", "add :f with the function, such as :read")
	case !f.known:
		return f, unjudged(e)
	}
	return f, nil
}

// callOp takes in the call of an operation, of which the client and the time are known.
func (r *recording) callOp(e *event, op Op) *flaw {
	f, flaw := r.function(e)
	if flaw != nil {
		return flaw
	}
	op.Kind = f.kind
	if !r.model.has(f.kind) {
		return e.at.wrong("f", fmt.Sprintf("a %s has no :%s", r.model, short(e.f)), "leave --model out, or give the one that fits")
	}
	r.mutex = r.mutex || f.mutex
	r.kinds[f.kind] = true
	if flaw := r.counted(); flaw != nil {
		return flaw
	}
	var value form
	if op.Key, value, flaw = r.key(e); flaw != nil {
		return flaw
	}
	if f.mutex {
		op.Expect, op.In = r.lock(e.f)
	} else if flaw := r.bring(e, &op, &value); flaw != nil {
		return flaw
	}
	r.ops = append(r.ops, op)
	return nil
}

// lock returns what a mutex must be and what it becomes.
func (r *recording) lock(f string) (expect, in Value) {
	locked := Num(r.names.Number(held))
	if f == "acquire" || f == "lock" {
		return Value{}, locked
	}
	return locked, Value{}
}

// bring fills in what the operation brings along.
func (r *recording) bring(e *event, op *Op, v *form) *flaw {
	switch {
	case r.pieces != nil:
		return r.bringPiece(e, op, v)
	case !op.Kind.Brings():
		return nil // Knossos lets a call say what it will read
	case op.Kind == Write:
		op.In = r.value(v)
		return nil
	case op.Kind == CAS:
		return r.pair(v, &op.Expect, &op.In)
	case v.kind == nilForm:
		return v.wrong("value", fmt.Sprintf(":%s of nil", e.f), "say what was to be put there")
	case op.Kind == Append || op.Kind == Add:
		op.In = Num(r.item(v))
		return nil
	default:
		if op.In = Num(r.item(v)); op.In.Num == 0 {
			op.In.Num = r.names.written(0)
		}
		return nil
	}
}

// pair reads [expected new].
func (r *recording) pair(v *form, expect, in *Value) *flaw {
	if !v.ordered() || len(v.items) != 2 {
		return v.wrong("value", short(v.String())+" is not a pair", "use [expected new]")
	}
	*expect, *in = r.value(&v.items[0]), r.value(&v.items[1])
	return nil
}

// answerOp ends the i-th operation.
func (r *recording) answerOp(e *event, i int, at Time) *flaw {
	op := &r.ops[i]
	f, flaw := r.function(e)
	if flaw != nil {
		return flaw
	}
	if op.Kind != f.kind {
		return e.at.wrong("f", fmt.Sprintf("process %s called a %v on line %d and is answered a %v", e.who.String(), op.Kind, r.places[i].Call, f.kind), "check that no line is missing above")
	}
	op.Status = statusOf[e.phase]
	if op.Status != Unknown {
		op.Return = at
	}
	if f.drain {
		return r.drained(e, i)
	}
	if op.Status == Failed && op.Kind == CAS && r.dialect.blindCAS() && !e.blamed && (f.mutex || e.value.ordered()) {
		op.Status, op.Blind = OK, true
	}
	if op.Kind == CAS && e.phase == refused {
		r.tally.failedCAS++
	}
	if op.Status != OK {
		return nil
	}
	key, value, flaw := r.key(e)
	switch {
	case flaw != nil:
		return flaw
	case key != op.Key:
		return e.wrong("key", fmt.Sprintf("the answer is about key %s, the call on line %d was not", short(key), r.places[i].Call), "check that no line is missing above")
	case f.mutex:
		op.Swapped = !op.Blind
		return nil
	case op.Kind.Brings():
		return r.echo(e, i, &value)
	default:
		return r.found(i, &value)
	}
}

// echo checks that the answer repeats what was called, if it says anything.
func (r *recording) echo(e *event, i int, v *form) *flaw {
	op := &r.ops[i]
	said := Op{Kind: op.Kind, Names: op.Names}
	if op.Kind == CAS {
		op.Swapped = !op.Blind
	}
	if v.kind == nilForm {
		return nil
	}
	if flaw := r.bring(e, &said, v); flaw != nil {
		return flaw
	}
	if !said.In.Equal(op.In) || !said.Expect.Equal(op.Expect) {
		return v.wrong("value", fmt.Sprintf("the answer says %s, the call on line %d said otherwise", short(v.String()), r.places[i].Call), "check that no line is missing above")
	}
	return nil
}

// found fills in what an answered read, dequeue or pop returned.
func (r *recording) found(i int, v *form) *flaw {
	op := &r.ops[i]
	switch {
	case r.pieces != nil:
		return r.got(i, v)
	case op.Kind.Takes() && v.kind == nilForm:
		return nil
	case op.Kind.Takes():
		if op.Out = Num(r.item(v)); op.Out.Num == 0 {
			op.Out.Num = r.names.written(0)
		}
		return nil
	case v.kind == nilForm:
		r.tally.nilReads++
		if r.dialect.silentNil() {
			r.states[i] = dropped
		}
		return nil
	case !v.collection():
		if r.single.kind == nilForm {
			r.single = form{kind: numberForm, text: short(v.String()), line: v.line, column: v.column}
		}
		if flaw := r.counted(); flaw != nil {
			return flaw
		}
	}
	op.Out = r.value(v)
	return nil
}

// counted complains about a log of adds in which a read returns no collection:
// it is of a counter, whichever of the two comes first.
func (r *recording) counted() *flaw {
	if !r.kinds[Add] || r.single.kind == nilForm {
		return nil
	}
	return r.single.wrong("value", "a read of a set returned "+r.single.text, "give all members in a vector or a set; counters cannot be judged")
}

// drained ends a drain: it took the items that it returns, one after the other,
// at times between its call and its answer that are not known.
func (r *recording) drained(e *event, i int) *flaw {
	op := &r.ops[i]
	key, value, flaw := r.key(e)
	switch {
	case op.Status == Unknown:
		return e.at.wrong("f", "a :drain without an answer may have taken any number of items", "leave out what cannot be judged")
	case op.Status == Failed:
		return nil
	case flaw != nil:
		return flaw
	case key != op.Key:
		return e.wrong("key", "the answer is about another key than the call", "check that no line is missing above")
	case value.kind != nilForm && !value.collection():
		return value.wrong("value", short(value.String())+" is not what a :drain returns", "give the items in a vector")
	}
	r.tally.drains++
	r.tally.drained += len(value.items)
	for k := range value.items {
		one := *op
		one.Out = Num(r.item(&value.items[k]))
		if one.Out.Num == 0 {
			one.Out.Num = r.names.written(0)
		}
		if k == 0 {
			*op = one
			continue
		}
		r.insert(i+k, one, r.places[i])
		op = &r.ops[i]
	}
	return nil
}

// insert puts an answered operation in front of the i-th, under a process of its own.
func (r *recording) insert(i int, op Op, at Place) {
	r.who.renew(op.Client)
	op.Process = r.who.heirs[op.Client]
	r.ops = slices.Insert(r.ops, i, op)
	r.places = slices.Insert(r.places, i, at)
	r.states = slices.Insert(r.states, i, settled)
	for process, k := range r.open { // any order: each entry is moved on its own
		if k-r.base >= i {
			r.open[process]++
		}
	}
}
