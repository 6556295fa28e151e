package history

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fieldNames are the fields of a line, in the order in which Encode puts them.
var fieldNames = [...]string{"client", "process", "kind", "key", "expect", "in", "out", "swapped", "blind", "call", "return", "status", "attempts"}

// A fieldSet says which fields a line has, by index into fieldNames.
type fieldSet uint16

func (s fieldSet) has(name string) bool { return s&bit(name) != 0 }

func bit(name string) fieldSet { return 1 << slices.Index(fieldNames[:], name) }

// parseOp reads one line. It checks form and fields, not the sense of the times.
func parseOp(line []byte) (Op, *flaw) {
	var op Op
	p := parser{b: line}
	seen, f := p.object(&op)
	if f == nil {
		f = complete(&op, seen)
	}
	if f == nil {
		f = p.checkNumbers(op.Kind)
	}
	if f != nil {
		return Op{}, f
	}
	if !seen.has("process") {
		op.Process = op.Client
	}
	if op.Status == Unknown {
		op.Return = Never
	}
	return op.meaning(), nil
}

// complete checks that the line has the fields its kind and status ask for, and no others.
func complete(op *Op, seen fieldSet) *flaw {
	cas := op.Kind == CAS
	for _, rule := range [...]struct {
		field       string
		must, may   bool
		why, remedy string
	}{
		{"client", true, true, "", "add the number of the client"},
		{"kind", true, true, "", "add read, write, cas or append"},
		{"key", true, true, "", "add the key"},
		{"status", true, true, "", "add ok, failed or unknown"},
		{"call", true, true, "", "add the time of the call in nanoseconds"},
		{"return", op.Status != Unknown, op.Status != Unknown, "an unknown operation never returned", "add the time of the answer in nanoseconds"},
		{"in", op.Kind.Mutates(), op.Kind.Mutates(), "a read brings nothing along", "add what was to be stored"},
		{"expect", cas, cas, "only a cas compares", "add what the cas compares with"},
		{"swapped", false, cas && op.Status == OK, "only an ok cas can have swapped", ""},
		{"blind", false, cas && op.Status == OK && !op.Swapped, "only an ok cas that did not swap can be blind", ""},
		{"out", op.Observes(), op.Observes(), "only an ok read, or an ok cas that did not swap, says what it found", "add what was found (null for nothing)"},
	} {
		switch {
		case rule.must && !seen.has(rule.field):
			return &flaw{rule.field, "missing", rule.remedy}
		case !rule.may && seen.has(rule.field):
			return &flaw{rule.field, "out of place: " + rule.why, "remove it"}
		}
	}
	return nil
}

// A parser reads one line of strict JSON: no duplicate keys, no floats, nothing after the end.
type parser struct {
	b []byte
	i int

	numbers, zeros fieldSet // which values were given as a number, and as the number 0
}

// checkNumbers returns what is wrong with the values that were given as numbers,
// now that the kind is known: fields may come in any order.
func (p *parser) checkNumbers(k Kind) *flaw {
	if k == Append {
		if !p.numbers.has("in") {
			return &flaw{"in", "an append adds one number", "split a list into one append per number"}
		}
		p.zeros &^= bit("in")
	}
	for _, field := range [...]string{"in", "expect", "out"} {
		if p.zeros.has(field) {
			return &flaw{field, "0 is not a value", "write null if nothing was written yet, else number the values from 1"}
		}
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func (p *parser) space() {
	for p.i < len(p.b) && isSpace(p.b[p.i]) {
		p.i++
	}
}

// take consumes c, with blanks before it, if it comes next.
func (p *parser) take(c byte) bool {
	p.space()
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

// takeWord consumes the word if it comes next.
func (p *parser) takeWord(word string) bool {
	p.space()
	if strings.HasPrefix(string(p.b[p.i:min(len(p.b), p.i+len(word))]), word) {
		p.i += len(word)
		return true
	}
	return false
}

// rest returns what comes next, short enough for an error.
func (p *parser) rest() string {
	const enough = 20
	p.space()
	switch rest := p.b[p.i:]; {
	case len(rest) == 0:
		return "the end of the line"
	case len(rest) > enough:
		return strconv.Quote(string(rest[:enough])) + "..."
	default:
		return strconv.Quote(string(rest))
	}
}

// expected says what should have come next.
func (p *parser) expected(field, what string) *flaw {
	rest := p.rest()
	return &flaw{field, fmt.Sprintf("expected %s, found %s at column %d", what, rest, p.i+1), "see the format in the help of check"}
}

func (p *parser) object(op *Op) (fieldSet, *flaw) {
	const whole = "line"
	var seen fieldSet
	if !p.take('{') {
		return 0, p.expected(whole, "a JSON object")
	}
	for first := true; !p.take('}'); first = false {
		if !first && !p.take(',') {
			return 0, p.expected(whole, "a comma or the end of the object")
		}
		name, f := p.text(whole)
		if f != nil {
			return 0, f
		}
		if !slices.Contains(fieldNames[:], name) {
			return 0, &flaw{short(name), "unknown field", "use " + strings.Join(fieldNames[:], ", ")}
		}
		if seen.has(name) {
			return 0, &flaw{name, "given twice", "keep one of them"}
		}
		seen |= bit(name)
		if !p.take(':') {
			return 0, p.expected(name, "a colon")
		}
		if f := p.field(op, name); f != nil {
			return 0, f
		}
	}
	if p.space(); p.i < len(p.b) {
		return 0, p.expected(whole, "the end of the line")
	}
	return seen, nil
}

// short cuts an outlandish name so that an error stays readable.
func short(name string) string {
	const enough = 40
	if len(name) > enough {
		name = name[:enough] + "..."
	}
	return strings.Trim(strconv.Quote(name), `"`)
}

func (p *parser) field(op *Op, name string) (f *flaw) {
	switch name {
	case "client":
		op.Client, f = p.id(name)
	case "process":
		op.Process, f = p.id(name)
	case "kind":
		var i int
		i, f = p.choice(name, kindNames[:])
		op.Kind = Kind(i)
	case "key":
		op.Key, f = p.text(name)
	case "expect":
		op.Expect, f = p.value(name)
	case "in":
		op.In, f = p.value(name)
	case "out":
		op.Out, f = p.value(name)
	case "swapped":
		op.Swapped, f = p.truth(name)
	case "blind":
		op.Blind, f = p.truth(name)
	case "call":
		op.Call, f = p.time(name)
	case "return":
		op.Return, f = p.time(name)
	case "status":
		op.Status, f = p.status(name)
	case "attempts":
		op.Attempts, f = p.attempts(name)
	default:
		panic("history: no parser for field " + name)
	}
	return f
}

// text reads a JSON string.
func (p *parser) text(field string) (string, *flaw) {
	if !p.take('"') {
		return "", p.expected(field, "a string in double quotes")
	}
	from, plain := p.i, true
	for ; p.i < len(p.b) && p.b[p.i] != '"'; p.i++ {
		if c := p.b[p.i]; c == '\\' {
			plain = false
			p.i++
		} else if c < ' ' {
			return "", &flaw{field, fmt.Sprintf("control character %#x in a string", c), "write it as \\u00xx"}
		}
	}
	if p.i >= len(p.b) {
		return "", &flaw{field, "string without end", "close it with a double quote; the line may have been cut off"}
	}
	raw := p.b[from:p.i]
	p.i++
	if !utf8.Valid(raw) {
		return "", &flaw{field, "not UTF-8", "save the file as UTF-8"}
	}
	if plain {
		return string(raw), nil
	}
	var s string
	if err := json.Unmarshal(p.b[from-1:p.i], &s); err != nil {
		return "", &flaw{field, "bad escape in a string", "use the escapes of JSON"}
	}
	return s, nil
}

// integer reads a whole number.
func (p *parser) integer(field string) (int64, *flaw) {
	p.space()
	from := p.i
	if p.i < len(p.b) && p.b[p.i] == '-' {
		p.i++
	}
	digits := p.i
	for p.i < len(p.b) && '0' <= p.b[p.i] && p.b[p.i] <= '9' {
		p.i++
	}
	if p.i == digits || p.b[digits] == '0' && (p.i > digits+1 || digits > from) {
		p.i = from
		return 0, p.expected(field, "a whole number")
	}
	if p.i < len(p.b) && strings.IndexByte(".eE", p.b[p.i]) >= 0 {
		p.i = from
		return 0, p.expected(field, "a whole number without point or exponent")
	}
	n, err := strconv.ParseInt(string(p.b[from:p.i]), 10, 64)
	if err != nil {
		return 0, &flaw{field, fmt.Sprintf("%s does not fit 64 bits", p.b[from:min(p.i, from+30)]), "use smaller numbers"}
	}
	return n, nil
}

func (p *parser) id(field string) (int, *flaw) {
	n, f := p.integer(field)
	if f == nil && (n < 0 || n > maxID) {
		f = &flaw{field, fmt.Sprintf("%d is out of range", n), fmt.Sprintf("use numbers from 0 to %d", maxID)}
	}
	return int(n), f
}

func (p *parser) time(field string) (Time, *flaw) {
	n, f := p.integer(field)
	switch {
	case f != nil:
		return 0, f
	case n < 0:
		return 0, &flaw{field, fmt.Sprintf("%d is negative", n), "count nanoseconds from the start of the history"}
	case n == math.MaxInt64:
		return 0, &flaw{field, "the time is out of range", "leave return out and use the status unknown if there was no answer"}
	}
	return Time(n), nil
}

func (p *parser) truth(field string) (bool, *flaw) {
	switch {
	case p.takeWord("true"):
		return true, nil
	case p.takeWord("false"):
		return false, nil
	default:
		return false, p.expected(field, "true or false")
	}
}

// choice reads one of the names and returns its index.
func (p *parser) choice(field string, names []string) (int, *flaw) {
	s, f := p.text(field)
	if f != nil {
		return 0, f
	}
	i := slices.Index(names, s)
	if i < 0 {
		return 0, &flaw{field, "unknown " + field + " " + strconv.Quote(short(s)), "use " + strings.Join(names, ", ")}
	}
	return i, nil
}

func (p *parser) status(field string) (Status, *flaw) {
	i, f := p.choice(field, statusNames[:])
	if f != nil && field != "status" {
		f.cause = strings.Replace(f.cause, "unknown "+field, "unknown status", 1)
	}
	return Status(i), f
}

func (p *parser) value(field string) (Value, *flaw) {
	if p.takeWord("null") {
		return Value{}, nil
	}
	if p.take('[') {
		list, f := p.list(field)
		return Value{List: list}, f
	}
	n, f := p.integer(field)
	p.numbers |= bit(field)
	if n == 0 {
		p.zeros |= bit(field)
	}
	return Num(n), f
}

func (p *parser) list(field string) ([]int64, *flaw) {
	var list []int64
	for !p.take(']') {
		if len(list) > 0 && !p.take(',') {
			return nil, p.expected(field, "a comma or the end of the list")
		}
		n, f := p.integer(field)
		if f != nil {
			return nil, f
		}
		list = append(list, n)
	}
	return list, nil
}

func (p *parser) attempts(field string) ([]Attempt, *flaw) {
	var list []Attempt
	if !p.take('[') {
		return nil, p.expected(field, "a list of attempts")
	}
	for !p.take(']') {
		if len(list) > 0 && !p.take(',') {
			return nil, p.expected(field, "a comma or the end of the list")
		}
		a, f := p.attempt(fmt.Sprintf("%s[%d]", field, len(list)))
		if f != nil {
			return nil, f
		}
		list = append(list, a)
	}
	return list, nil
}

// attempt reads [node, call, return, status].
func (p *parser) attempt(field string) (a Attempt, f *flaw) {
	for i, read := range [...]func() *flaw{
		func() (f *flaw) { a.Node, f = p.id(field); return f },
		func() (f *flaw) { a.Call, f = p.time(field); return f },
		func() (f *flaw) { a.Return, f = p.time(field); return f },
		func() (f *flaw) { a.Status, f = p.status(field); return f },
	} {
		if !p.take("[,"[min(i, 1)]) {
			return a, p.expected(field, "[node, call, return, status]")
		}
		if f = read(); f != nil {
			return a, f
		}
	}
	if !p.take(']') {
		f = p.expected(field, "the end of the attempt")
	}
	return a, f
}
