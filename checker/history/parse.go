package history

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fieldNames are the fields of a line, in the order in which Encode puts them.
var fieldNames = [...]string{
	inClient: "client", inProcess: "process", inKind: "kind", inKey: "key", inExpect: "expect", inIn: "in", inOut: "out",
	inSwapped: "swapped", inBlind: "blind", inCall: "call", inReturn: "return", inStatus: "status", inAttempts: "attempts",
}

// A field is the place of a name in fieldNames.
type field int

const (
	inClient field = iota
	inProcess
	inKind
	inKey
	inExpect
	inIn
	inOut
	inSwapped
	inBlind
	inCall
	inReturn
	inStatus
	inAttempts
)

func (f field) String() string { return fieldNames[f] }

// A fieldSet says which fields a line has.
type fieldSet uint16

func (s fieldSet) has(f field) bool { return s>>f&1 != 0 }

func (s *fieldSet) add(f field) { *s |= 1 << f }

// parseOp reads one line. It checks form and fields, not the sense of the times.
func parseOp(line []byte, keys map[string]string) (Op, *flaw) {
	var op Op
	p := parser{b: line, keys: keys}
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
	if !seen.has(inProcess) {
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
		field       field
		must, may   bool
		why, remedy string
	}{
		{inClient, true, true, "", "add the number of the client"},
		{inKind, true, true, "", "add read, write, cas or append"},
		{inKey, true, true, "", "add the key"},
		{inStatus, true, true, "", "add ok, failed or unknown"},
		{inCall, true, true, "", "add the time of the call in nanoseconds"},
		{inReturn, op.Status != Unknown, op.Status != Unknown, "an unknown operation never returned", "add the time of the answer in nanoseconds"},
		{inIn, op.Kind.Mutates(), op.Kind.Mutates(), "a read brings nothing along", "add what was to be stored"},
		{inExpect, cas, cas, "only a cas compares", "add what the cas compares with"},
		{inSwapped, false, cas && op.Status == OK, "only an ok cas can have swapped", ""},
		{inBlind, false, cas && op.Status == OK && !op.Swapped, "only an ok cas that did not swap can be blind", ""},
		{inOut, op.Observes(), op.Observes(), "only an ok read, or an ok cas that did not swap, says what it found", "add what was found (null for nothing)"},
	} {
		switch {
		case rule.must && !seen.has(rule.field):
			return &flaw{rule.field.String(), "missing", rule.remedy}
		case !rule.may && seen.has(rule.field):
			return &flaw{rule.field.String(), "out of place: " + rule.why, "remove it"}
		}
	}
	return nil
}

// A parser reads one line of strict JSON: no duplicate keys, no floats, nothing after the end.
type parser struct {
	b []byte
	i int

	numbers, zeros fieldSet          // which values were given as a number, and as the number 0
	keys           map[string]string // the keys of earlier lines, if kept
}

// checkNumbers returns what is wrong with the values that were given as numbers,
// now that the kind is known: fields may come in any order.
func (p *parser) checkNumbers(k Kind) *flaw {
	if k == Append {
		if !p.numbers.has(inIn) {
			return &flaw{"in", "an append adds one number", "split a list into one append per number"}
		}
		p.zeros &^= 1 << inIn
	}
	for _, f := range [...]field{inIn, inExpect, inOut} {
		if p.zeros.has(f) {
			return &flaw{f.String(), "0 is not a value", "write null if nothing was written yet, else number the values from 1"}
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
	if string(p.b[p.i:min(len(p.b), p.i+len(word))]) == word {
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
		name, f := p.name(whole)
		if f != nil {
			return 0, f
		}
		if seen.has(name) {
			return 0, &flaw{name.String(), "given twice", "keep one of them"}
		}
		seen.add(name)
		if f := p.field(op, name); f != nil {
			return 0, f
		}
	}
	if p.space(); p.i < len(p.b) {
		return 0, p.expected(whole, "the end of the line")
	}
	return seen, nil
}

// name reads the name of a field and the colon after it.
func (p *parser) name(whole string) (field, *flaw) {
	b, f := p.bytes(whole)
	if f != nil {
		return 0, f
	}
	for i, known := range fieldNames {
		if string(b) == known {
			if !p.take(':') {
				return 0, p.expected(known, "a colon")
			}
			return field(i), nil
		}
	}
	return 0, &flaw{short(string(b)), "unknown field", "use " + strings.Join(fieldNames[:], ", ")}
}

// short cuts an outlandish name so that an error stays readable.
func short(name string) string {
	const enough = 40
	if len(name) > enough {
		name = name[:enough] + "..."
	}
	return strings.Trim(strconv.Quote(name), `"`)
}

func (p *parser) field(op *Op, in field) (f *flaw) {
	switch name := in.String(); in {
	case inClient:
		op.Client, f = p.id(name)
	case inProcess:
		op.Process, f = p.id(name)
	case inKind:
		var i int
		i, f = p.choice(name, kindNames[:])
		op.Kind = Kind(i)
	case inKey:
		op.Key, f = p.key(name)
	case inExpect:
		op.Expect, f = p.value(in)
	case inIn:
		op.In, f = p.value(in)
	case inOut:
		op.Out, f = p.value(in)
	case inSwapped:
		op.Swapped, f = p.truth(name)
	case inBlind:
		op.Blind, f = p.truth(name)
	case inCall:
		op.Call, f = p.time(name)
	case inReturn:
		op.Return, f = p.time(name)
	case inStatus:
		op.Status, f = p.status(name)
	case inAttempts:
		op.Attempts, f = p.attempts(name)
	default:
		panic("history: no parser for field " + name)
	}
	return f
}

// key reads a key. Equal keys share their memory.
func (p *parser) key(field string) (string, *flaw) {
	b, f := p.bytes(field)
	if f != nil || p.keys == nil {
		return string(b), f
	}
	s, ok := p.keys[string(b)]
	if !ok {
		s = string(b)
		p.keys[s] = s
	}
	return s, nil
}

// text reads a JSON string.
func (p *parser) text(field string) (string, *flaw) {
	b, f := p.bytes(field)
	return string(b), f
}

// bytes reads a JSON string. The bytes are valid as long as the line.
func (p *parser) bytes(field string) ([]byte, *flaw) {
	if !p.take('"') {
		return nil, p.expected(field, "a string in double quotes")
	}
	from, plain := p.i, true
	for ; p.i < len(p.b) && p.b[p.i] != '"'; p.i++ {
		if c := p.b[p.i]; c == '\\' {
			plain = false
			p.i++
		} else if c < ' ' {
			return nil, &flaw{field, fmt.Sprintf("control character %#x in a string", c), "write it as \\u00xx"}
		}
	}
	if p.i >= len(p.b) {
		return nil, &flaw{field, "string without end", "close it with a double quote; the line may have been cut off"}
	}
	raw := p.b[from:p.i]
	p.i++
	if !utf8.Valid(raw) {
		return nil, &flaw{field, "not UTF-8", "save the file as UTF-8"}
	}
	if plain {
		return raw, nil
	}
	var s string
	if err := json.Unmarshal(p.b[from-1:p.i], &s); err != nil {
		return nil, &flaw{field, "bad escape in a string", "use the escapes of JSON"}
	}
	return []byte(s), nil
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
	b, f := p.bytes(field)
	if f != nil {
		return 0, f
	}
	for i, name := range names {
		if string(b) == name {
			return i, nil
		}
	}
	return 0, &flaw{field, "unknown " + field + " " + strconv.Quote(short(string(b))), "use " + strings.Join(names, ", ")}
}

func (p *parser) status(field string) (Status, *flaw) {
	i, f := p.choice(field, statusNames[:])
	if f != nil && field != "status" {
		f.cause = strings.Replace(f.cause, "unknown "+field, "unknown status", 1)
	}
	return Status(i), f
}

func (p *parser) value(in field) (Value, *flaw) {
	field := in.String()
	if p.takeWord("null") {
		return Value{}, nil
	}
	if p.take('[') {
		list, f := p.list(field)
		return Value{List: list}, f
	}
	n, f := p.integer(field)
	p.numbers.add(in)
	if n == 0 {
		p.zeros.add(in)
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
