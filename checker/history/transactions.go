package history

import "fmt"

// microKind returns what the first word of a micro operation stands for.
func microKind(f *form) (Kind, bool) {
	switch f.name() {
	case "r", "read":
		return Read, true
	case "w", "write":
		return Write, true
	case "append":
		return Append, true
	default:
		return 0, false
	}
}

// isTransaction reports whether a value is a list of micro operations, such as
// [[:append x 3] [:r y nil]].
func isTransaction(v *form) bool {
	if !v.ordered() || len(v.items) == 0 || !v.items[0].ordered() || len(v.items[0].items) < 2 {
		return false
	}
	_, ok := microKind(&v.items[0].items[0])
	return ok
}

// callTransaction takes in the call of a transaction, of which the client and the time are known.
func (r *recording) callTransaction(e *event, t Transaction) *flaw {
	var flaw *flaw
	if t.Ops, flaw = r.micros(e, false); flaw != nil {
		return flaw
	}
	r.bodies = append(r.bodies, t)
	return nil
}

// answerAlone takes in a transaction that was answered, in a file without calls.
func (r *recording) answerAlone(e *event, process int, at Time) *flaw {
	switch {
	case e.phase == invoked:
		return e.wrong("type", fmt.Sprintf("a call, though the answer on line %d had none", r.alone), "give the calls of all transactions, or of none")
	case e.phase == refused && e.value.kind == nilForm:
		return nil // it did nothing, whatever it was
	case e.phase == crashed && e.value.kind == nilForm:
		return e.wrong("value", "missing: what this transaction may have written is not known", "give the micro operations, or the calls of all transactions")
	}
	if _, gone := r.gone[process]; gone {
		r.tally.reused++
		r.who.renew(process)
		delete(r.gone, process)
	}
	t := Transaction{Client: process, Process: r.who.acting(process), Call: at, Return: at, Status: statusOf[e.phase], Names: r.names}
	if t.Status == Unknown {
		t.Return = Never
		r.gone[process] = e.line
		r.tally.unknown++
	}
	var flaw *flaw
	if t.Ops, flaw = r.micros(e, t.Status == OK); flaw != nil {
		return flaw
	}
	if t.Status == OK {
		t.Ops = r.told(t.Ops, e)
	}
	r.bodies = append(r.bodies, t)
	r.places = append(r.places, Place{Call: e.line, Return: e.line})
	r.states = append(r.states, settled)
	return nil
}

// answerTransaction ends the i-th transaction. What it read counts only if it is ok.
func (r *recording) answerTransaction(e *event, i int, at Time) *flaw {
	t := &r.bodies[i]
	t.Status = statusOf[e.phase]
	if t.Status != Unknown {
		t.Return = at
	}
	if t.Status != OK {
		return nil
	}
	done, flaw := r.micros(e, true)
	if flaw != nil {
		return flaw
	}
	if len(done) != len(t.Ops) || !sameCalls(t.Ops, done) {
		return e.value.wrong("value", fmt.Sprintf("the answer is not about the transaction that was called on line %d", r.places[i].Call), "check that no line is missing above")
	}
	t.Ops = r.told(done, e)
	return nil
}

// told returns the micro operations of an answer that say something.
func (r *recording) told(done []Micro, e *event) []Micro {
	if r.spelled && r.dialect.silentNil() {
		return r.telling(done, e.value.items)
	}
	return done
}

// sameCalls reports whether two lists of micro operations ask for the same.
func sameCalls(called, done []Micro) bool {
	for i, c := range called {
		d := &done[i]
		if c.Kind != d.Kind || c.Key != d.Key || c.Kind != Read && !c.Value.Equal(d.Value) {
			return false
		}
	}
	return true
}

// telling returns the micro operations without the reads of nil.
func (r *recording) telling(all []Micro, forms []form) []Micro {
	kept := all[:0]
	for i, m := range all {
		if said := forms[i].items; m.Kind == Read && (len(said) < 3 || said[2].kind == nilForm) {
			r.tally.nilReads++
			continue
		}
		kept = append(kept, m)
	}
	return kept
}

// micros reads the micro operations of a transaction; answered ones say what they read.
func (r *recording) micros(e *event, answered bool) ([]Micro, *flaw) {
	if !e.value.ordered() {
		return nil, e.value.wrong("value", short(e.value.String())+" is no transaction", "use micro operations such as [[:r x nil] [:w y 1] [:append z 2]]")
	}
	micros := make([]Micro, len(e.value.items))
	for i := range micros {
		if flaw := r.micro(&micros[i], &e.value.items[i], answered); flaw != nil {
			return nil, flaw
		}
	}
	return micros, nil
}

func (r *recording) micro(m *Micro, f *form, answered bool) *flaw {
	const remedy = "use [:r key value], [:w key value] or [:append key value]"
	if !f.ordered() || len(f.items) < 2 || len(f.items) > 3 {
		return f.wrong("value", short(f.String())+" is no micro operation", remedy)
	}
	head, ok := &f.items[0], false
	if m.Kind, ok = microKind(head); !ok {
		return head.wrong("value", "unknown micro operation "+short(head.String()), remedy)
	}
	if !r.model.has(m.Kind) {
		return head.wrong("value", fmt.Sprintf("a %s has no %s", r.model, head.String()), "leave --model out, or give the one that fits")
	}
	r.kinds[m.Kind] = true
	r.spelled = r.spelled || len(head.name()) > 1 && m.Kind != Append
	m.Key = r.keyText(&f.items[1])
	if len(f.items) == 2 {
		if m.Kind != Read {
			return f.wrong("value", "nothing to "+m.Kind.String(), remedy)
		}
		return nil
	}
	switch v := &f.items[2]; {
	case m.Kind == Append && v.kind == nilForm:
		return v.wrong("value", "nothing to append", remedy)
	case m.Kind == Append:
		m.Value = Num(r.item(v))
	case m.Kind == Write || answered:
		m.Value = r.value(v)
	}
	return nil
}
