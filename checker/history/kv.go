package history

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// ReadKV reads a log of a string store, one event to a line:
//
//	{:process 0, :type :invoke, :f :append, :key "4", :value "x 0 1 y"}
//	{:process 0, :type :ok, :f :append, :key "4", :value "x 0 1 y"}
//	{:process 0, :type :invoke, :f :get, :key "4", :value nil}
//	{:process 0, :type :ok, :f :get, :key "4", :value "x 0 1 y"}
//
// A string becomes the list of the pieces it was put together from: put writes
// a list of one piece, append adds one, get reads the list. Pieces are numbered
// from 1 in the order in which the log brings them up; text that is no piece
// gets a number of its own. This is exact as long as no piece is the beginning of another, and
// an error otherwise. :fail certainly did not happen; :info, like no answer at
// all, may take effect at any later time or never. The time of an event is the
// number of its line, in nanoseconds.
func ReadKV(r io.Reader, name string) (History, error) {
	k := kvReader{events: newEvents(r, name), piece: map[string]int64{}, line: map[string]int{}}
	for {
		b, err := k.lines.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if f := k.event(b); f != nil {
			return nil, k.lines.errorf(f)
		}
	}
	if err := k.decodeGets(); err != nil {
		return nil, err
	}
	return k.finish()
}

type kvReader struct {
	*events
	piece map[string]int64 // the number of each piece
	line  map[string]int   // where it first came up
	gets  []kvGet
}

// A kvGet is the answer to a get, to be taken apart once all pieces are known.
type kvGet struct {
	op   int
	text string
}

// A kvEvent is one line.
type kvEvent struct {
	process    int
	typ, f     string
	key, value string
	null       bool // the value is nil
}

func (k *kvReader) event(line []byte) *flaw {
	ev, f := parseKV(line)
	if f != nil {
		return f
	}
	kind, ok := map[string]Kind{":get": Read, ":put": Write, ":append": Append}[ev.f]
	if !ok {
		return &flaw{"f", "unknown function " + short(ev.f), "use :get, :put or :append"}
	}
	if ev.typ == ":invoke" {
		return k.invoke(kind, ev)
	}
	return k.answered(kind, ev)
}

func (k *kvReader) invoke(kind Kind, ev kvEvent) *flaw {
	op := Op{Process: ev.process, Kind: kind, Key: ev.key}
	switch {
	case kind == Append && ev.value == "":
		return &flaw{"value", "an append of nothing", "append some text"}
	case kind == Append:
		op.In = Num(k.number(ev.value))
	case kind == Write && ev.value != "":
		op.In.List = []int64{k.number(ev.value)}
	}
	return k.call(op)
}

// number returns the number of a piece.
func (k *kvReader) number(text string) int64 {
	n, ok := k.piece[text]
	if !ok {
		n = int64(len(k.piece) + 1)
		k.piece[text], k.line[text] = n, k.lines.line
	}
	return n
}

func (k *kvReader) answered(kind Kind, ev kvEvent) *flaw {
	status, ok := eventTypes[ev.typ]
	if !ok {
		return &flaw{"type", "unknown type " + short(ev.typ), "use :invoke, :ok, :fail or :info"}
	}
	i := k.pending[ev.process]
	op, f := k.answer(ev.process, kind, status)
	switch {
	case f != nil:
		return f
	case op.Key != ev.key:
		return &flaw{"key", fmt.Sprintf("the answer is about key %s, the call on line %d was not", short(ev.key), op.Call), "check that no line is missing above"}
	case status == OK && kind == Read:
		k.gets = append(k.gets, kvGet{i, ev.value})
	}
	return nil
}

// parseKV reads one map. Fields may come in any order.
func parseKV(line []byte) (ev kvEvent, f *flaw) {
	p := parser{b: line}
	if !p.take('{') {
		return ev, p.expected("line", "a map of :process, :type, :f, :key and :value")
	}
	var seen []string
	for !p.take('}') {
		p.take(',') // a comma is a blank
		name := p.word()
		if slices.Contains(seen, name) {
			return ev, &flaw{name, "given twice", "keep one of them"}
		}
		seen = append(seen, name)
		switch name {
		case ":process":
			ev.process, f = p.id(name)
		case ":type":
			ev.typ = p.word()
		case ":f":
			ev.f = p.word()
		case ":key":
			ev.key, f = p.text(name)
		case ":value":
			if ev.null = p.takeWord("nil"); !ev.null {
				ev.value, f = p.text(name)
			}
		default:
			f = &flaw{short(name), "unknown field", "use :process, :type, :f, :key and :value"}
		}
		if f != nil {
			return ev, f
		}
	}
	if p.space(); p.i < len(p.b) {
		return ev, p.expected("line", "the end of the line")
	}
	const fields = 5
	if len(seen) < fields {
		return ev, &flaw{"line", "only " + strings.Join(seen, " "), "give :process, :type, :f, :key and :value"}
	}
	return ev, nil
}

// word reads what comes next up to a blank, comma or brace.
func (p *parser) word() string {
	p.space()
	from := p.i
	for p.i < len(p.b) && !isSpace(p.b[p.i]) && p.b[p.i] != ',' && p.b[p.i] != '}' {
		p.i++
	}
	return string(p.b[from:p.i])
}

// decodeGets takes the answers apart into pieces.
func (k *kvReader) decodeGets() error {
	pieces := slices.Sorted(maps.Keys(k.piece))
	for i := 1; i < len(pieces); i++ {
		if a, b := pieces[i-1], pieces[i]; strings.HasPrefix(b, a) {
			k.lines.line = max(k.line[a], k.line[b])
			return k.lines.errorf(&flaw{":value", fmt.Sprintf("%q begins with %q (lines %d and %d), so a get cannot be told apart", short(b), short(a), k.line[b], k.line[a]), "end each piece of text with a mark"})
		}
	}
	for _, get := range k.gets {
		k.ops[get.op].Out.List = k.takeApart(get.text, pieces)
	}
	return nil
}

// takeApart returns the numbers of the pieces that make up the text. If a piece
// is a beginning of the text, it is the greatest piece not beyond it, since no
// piece is the beginning of another.
func (k *kvReader) takeApart(text string, pieces []string) []int64 {
	var list []int64
	for text != "" {
		i, exact := slices.BinarySearch(pieces, text)
		if !exact {
			i--
		}
		if i < 0 || !strings.HasPrefix(text, pieces[i]) {
			return append(list, k.number(text)) // nobody wrote this
		}
		list = append(list, k.piece[pieces[i]])
		text = text[len(pieces[i]):]
	}
	return list
}
