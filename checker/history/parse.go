package history

import (
	"bytes"
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
	inSwapped: "swapped", inBlind: "blind", inTxn: "txn", inCall: "call", inReturn: "return", inStatus: "status", inAttempts: "attempts",
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
	inTxn
	inCall
	inReturn
	inStatus
	inAttempts
	fields
)

func (f field) String() string { return fieldNames[f] }

// fieldOf returns the field of that name.
func fieldOf(name []byte) (field, bool) {
	switch string(name) {
	case "client":
		return inClient, true
	case "process":
		return inProcess, true
	case "kind":
		return inKind, true
	case "key":
		return inKey, true
	case "expect":
		return inExpect, true
	case "in":
		return inIn, true
	case "out":
		return inOut, true
	case "swapped":
		return inSwapped, true
	case "blind":
		return inBlind, true
	case "txn":
		return inTxn, true
	case "call":
		return inCall, true
	case "return":
		return inReturn, true
	case "status":
		return inStatus, true
	case "attempts":
		return inAttempts, true
	}
	return 0, false
}

// A fieldSet says which fields a line has.
type fieldSet uint16

func (s fieldSet) has(f field) bool { return s>>f&1 != 0 }

func (s *fieldSet) add(f field) { *s |= 1 << f }

// A parser reads lines of strict JSON: no duplicate keys, no floats, nothing after the end.
type parser struct {
	b []byte
	i int

	seen           fieldSet
	numbers, zeros fieldSet      // which values were given as one number or name, and as the number 0
	starts         [fields]int32 // where the value of each field begins
	micros         []Micro       // of a transaction
	keys           keyring       // the keys of earlier lines
	names          *Names        // what the values so far are called
}

// A keyring holds one copy of every key.
type keyring struct {
	last string // the latest, which is often the next one
	all  map[string]string
}

func (k *keyring) key(b []byte) string {
	if string(b) == k.last {
		return k.last
	}
	s, ok := k.all[string(b)]
	if !ok {
		if k.all == nil {
			k.all = map[string]string{}
		}
		s = string(b)
		k.all[s] = s
	}
	k.last = s
	return s
}

// line reads one line into op, or into p.micros if it is a transaction. It
// checks form and fields, not the sense of the times.
func (p *parser) line(line []byte, op *Op) *flaw {
	p.b, p.i, p.seen, p.numbers, p.zeros, p.micros = line, 0, 0, 0, 0, nil
	*op = Op{Names: p.names}
	f := p.object(op)
	if f == nil {
		f = p.complete(op)
	}
	if f == nil {
		f = p.settle(op)
	}
	if f != nil {
		return p.placed(f)
	}
	if !p.seen.has(inProcess) {
		op.Process = op.Client
	}
	if op.Status == Unknown {
		op.Return = Never
	}
	if op.Swapped {
		op.Out = op.Expect // it swapped because it found what it expected
	}
	return nil
}

// placed returns the flaw with the column of the field it is about.
func (p *parser) placed(f *flaw) *flaw {
	if f.column > 0 {
		return f
	}
	f.column = 1
	name, _, _ := strings.Cut(f.field, "[")
	in, ok := fieldOf([]byte(name))
	if in == inProcess && !p.seen.has(in) {
		in = inClient // which stands for the process too
	}
	if ok && p.seen.has(in) {
		f.column = int(p.starts[in]) + 1
	}
	return f
}

// A rule says whether a line must have a field, or may.
type rule struct {
	field       field
	must, may   bool
	why, remedy string
}

// complete checks that the line has the fields its kind and status ask for, and no others.
func (p *parser) complete(op *Op) *flaw {
	if p.seen.has(inTxn) {
		return p.check(txnRules(op))
	}
	if s := shapes[op.Kind][op.Status][bit(op.Swapped)]; p.seen&s.must == s.must && p.seen&^s.may == 0 {
		return nil
	}
	return p.check(opRules(op))
}

// A shape is the fields that a line must and may have.
type shape struct{ must, may fieldSet }

// shapes are the rules of operations in short, by kind, status, and whether it swapped.
var shapes = func() (all [len(kindNames)][len(statusNames)][2]shape) {
	for k := range all {
		for s := range all[k] {
			for swapped := range all[k][s] {
				all[k][s][swapped] = shapeOf(opRules(&Op{Kind: Kind(k), Status: Status(s), Swapped: swapped == 1}))
			}
		}
	}
	return all
}()

func shapeOf(rules []rule) shape {
	s := shape{may: 1<<inProcess | 1<<inAttempts}
	for _, r := range rules {
		if r.must {
			s.must.add(r.field)
		}
		if r.may {
			s.may.add(r.field)
		}
	}
	return s
}

func opRules(op *Op) []rule {
	cas, answered := op.Kind == CAS, op.Status != Unknown
	found := op.Observes() || op.Status == OK && op.Kind.Takes()
	return []rule{
		{inClient, true, true, "", "add the number of the client"},
		{inKind, true, true, "", "add " + strings.Join(kindNames[:], ", ") + ", or txn for a transaction"},
		{inKey, true, true, "", "add the key"},
		{inStatus, true, true, "", "add ok, failed or unknown"},
		{inCall, true, true, "", "add the time of the call in nanoseconds"},
		{inReturn, answered, answered, "an unknown operation never returned", "add the time of the answer in nanoseconds"},
		{inIn, op.Kind.Brings(), op.Kind.Brings(), "a " + op.Kind.String() + " brings nothing along", "add what was to be stored"},
		{inExpect, cas, cas, "only a cas compares", "add what the cas compares with"},
		{inSwapped, false, cas && op.Status == OK, "only an ok cas can have swapped", ""},
		{inBlind, false, cas && op.Status == OK && !op.Swapped, "only an ok cas that did not swap can be blind", ""},
		{inOut, found, found, "only an ok read, dequeue or pop, or an ok cas that did not swap, says what it found", "add what was found (null for nothing)"},
	}
}

func txnRules(op *Op) []rule {
	answered := op.Status != Unknown
	const why = "a transaction has client, process, txn, call, return and status"
	return []rule{
		{inClient, true, true, "", "add the number of the client"},
		{inStatus, true, true, "", "add ok, failed or unknown"},
		{inCall, true, true, "", "add the time of the call in nanoseconds"},
		{inReturn, answered, answered, "an unknown transaction never returned", "add the time of the answer in nanoseconds"},
		{inKind, false, false, why, ""},
		{inKey, false, false, why, ""},
		{inIn, false, false, why, ""},
		{inExpect, false, false, why, ""},
		{inOut, false, false, why, ""},
		{inSwapped, false, false, why, ""},
		{inBlind, false, false, why, ""},
		{inAttempts, false, false, why, ""},
	}
}

func (p *parser) check(rules []rule) *flaw {
	for _, r := range rules {
		switch {
		case r.must && !p.seen.has(r.field):
			return wrong(r.field.String(), "missing", r.remedy)
		case !r.may && p.seen.has(r.field):
			return wrong(r.field.String(), "out of place: "+r.why, "remove it")
		}
	}
	return nil
}

// settle gives the values their meaning now that the kind is known: fields may
// come in any order. The number 0 is a value like others, but where no value
// would be 0 too, it goes by its name.
func (p *parser) settle(op *Op) *flaw {
	if op.Kind.bringsOne() && !p.numbers.has(inIn) {
		return wrong("in", fmt.Sprintf("%v takes one value", op.Kind), "split a list into one operation per value")
	}
	if op.Kind == Append || op.Kind == Add {
		p.zeros &^= 1 << inIn
	}
	if p.zeros == 0 {
		return nil
	}
	zero := Num(p.names.written(0))
	if p.zeros.has(inIn) {
		op.In = zero
	}
	if p.zeros.has(inExpect) {
		op.Expect = zero
	}
	if p.zeros.has(inOut) {
		op.Out = zero
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
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return p.takeAfterSpace(c)
}

func (p *parser) takeAfterSpace(c byte) bool {
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
	return p.here(wrong(field, fmt.Sprintf("expected %s, found %s", what, rest), "see the format in the help of check"))
}

// here places the flaw where the parser stands.
func (p *parser) here(f *flaw) *flaw {
	f.column = p.i + 1
	return f
}

func (p *parser) object(op *Op) *flaw {
	const whole = "line"
	if !p.take('{') {
		return p.expected(whole, "a JSON object")
	}
	for first := true; !p.take('}'); first = false {
		if !first && !p.take(',') {
			return p.expected(whole, "a comma or the end of the object")
		}
		p.space()
		at := p.i
		name, f := p.name(whole)
		if f != nil {
			return f
		}
		if p.seen.has(name) {
			p.i = at
			return p.here(wrong(name.String(), "given twice", "keep one of them"))
		}
		p.seen.add(name)
		p.space()
		p.starts[name] = int32(p.i)
		if f := p.field(op, name); f != nil {
			return f
		}
	}
	if p.space(); p.i < len(p.b) {
		return p.expected(whole, "the end of the line")
	}
	return nil
}

// name reads the name of a field and the colon after it.
func (p *parser) name(whole string) (field, *flaw) {
	at := p.i
	b, f := p.bytes(whole)
	if f != nil {
		return 0, f
	}
	in, ok := fieldOf(b)
	if !ok {
		p.i = at
		return 0, p.here(wrong(short(string(b)), "unknown field", "use "+strings.Join(fieldNames[:], ", ")))
	}
	if !p.take(':') {
		return 0, p.expected(in.String(), "a colon")
	}
	return in, nil
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
	case inTxn:
		p.micros, f = p.transaction(name)
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
	if f != nil {
		return "", f
	}
	return p.keys.key(b), nil
}

// bytes reads a JSON string. The bytes are valid as long as the line.
func (p *parser) bytes(field string) ([]byte, *flaw) {
	if !p.take('"') {
		return nil, p.expected(field, "a string in double quotes")
	}
	from := p.i
	for ; p.i < len(p.b); p.i++ {
		switch c := p.b[p.i]; {
		case c == '"':
			p.i++
			return p.b[from : p.i-1], nil
		case c == '\\' || c < ' ' || c >= utf8.RuneSelf:
			return p.odd(field, from)
		}
	}
	return p.odd(field, from)
}

// odd reads the rest of a JSON string that does not consist of plain ASCII.
func (p *parser) odd(field string, from int) ([]byte, *flaw) {
	for ; p.i < len(p.b) && p.b[p.i] != '"'; p.i++ {
		if c := p.b[p.i]; c == '\\' {
			p.i++
		} else if c < ' ' {
			return nil, p.here(wrong(field, fmt.Sprintf("control character %#x in a string", c), "write it as \\u00xx"))
		}
	}
	if p.i >= len(p.b) {
		p.i = from - 1
		return nil, p.here(wrong(field, "string without end", "close it with a double quote; the line may have been cut off"))
	}
	p.i++
	if !utf8.Valid(p.b[from:p.i]) {
		p.i = from
		return nil, p.here(wrong(field, "not UTF-8", "save the file as UTF-8"))
	}
	var s string
	if err := json.Unmarshal(p.b[from-1:p.i], &s); err != nil {
		p.i = from
		return nil, p.here(wrong(field, "bad escape in a string", "use the escapes of JSON"))
	}
	return []byte(s), nil
}

// integer reads a whole number.
func (p *parser) integer(field string) (int64, *flaw) {
	p.space()
	from := p.i
	minus := p.i < len(p.b) && p.b[p.i] == '-'
	if minus {
		p.i++
	}
	digits, n := p.i, uint64(0)
	for ; p.i < len(p.b) && p.b[p.i]-'0' <= 9; p.i++ {
		n = n*10 + uint64(p.b[p.i]-'0')
	}
	count := p.i - digits
	if count == 0 || p.b[digits] == '0' && (count > 1 || minus) {
		p.i = from
		return 0, p.expected(field, "a whole number")
	}
	if p.i < len(p.b) && (p.b[p.i] == '.' || p.b[p.i]|0x20 == 'e') {
		p.i = from
		return 0, p.expected(field, "a whole number without point or exponent")
	}
	limit := uint64(math.MaxInt64)
	if minus {
		limit++
	}
	const fit = 19 // so many digits fit an uint64
	if count > fit || n > limit {
		text := string(p.b[from:min(p.i, from+30)])
		p.i = from
		return 0, p.here(wrong(field, text+" does not fit 64 bits", "use smaller numbers"))
	}
	if minus {
		return -int64(n), nil
	}
	return int64(n), nil
}

func (p *parser) id(field string) (int, *flaw) {
	at := p.i
	n, f := p.integer(field)
	if f == nil && (n < 0 || n > maxID) {
		p.i = at
		f = p.here(wrong(field, fmt.Sprintf("%d is out of range", n), fmt.Sprintf("use numbers from 0 to %d", maxID)))
	}
	return int(n), f
}

func (p *parser) time(field string) (Time, *flaw) {
	at := p.i
	n, f := p.integer(field)
	switch {
	case f != nil:
		return 0, f
	case n < 0:
		f = wrong(field, fmt.Sprintf("%d is negative", n), "count nanoseconds from the start of the history")
	case n == math.MaxInt64:
		f = wrong(field, "the time is out of range", "leave return out and use the status unknown if there was no answer")
	default:
		return Time(n), nil
	}
	p.i = at
	return 0, p.here(f)
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
	at := p.i
	b, f := p.bytes(field)
	if f != nil {
		return 0, f
	}
	for i, name := range names {
		if string(b) == name {
			return i, nil
		}
	}
	p.i = at
	return 0, p.here(wrong(field, "unknown "+field+" "+strconv.Quote(short(string(b))), "use "+strings.Join(names, ", ")))
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
	if p.take('[') {
		list, f := p.list(field)
		if list == nil {
			list = []int64{} // equal to null, but not the same to look at
		}
		return Value{List: list}, f
	}
	if p.takeWord("null") {
		return Value{}, nil
	}
	n, f := p.item(field)
	p.numbers.add(in)
	if n == 0 {
		p.zeros.add(in)
	}
	return Num(n), f
}

// item reads a number, or a string, which is a name.
func (p *parser) item(field string) (int64, *flaw) {
	p.space()
	if p.i == len(p.b) || p.b[p.i] != '"' {
		n, f := p.integer(field)
		return p.names.plain(n), f
	}
	b, f := p.bytes(field)
	if f != nil {
		return 0, f
	}
	return p.names.Number(nameOf(string(b))), nil
}

func (p *parser) list(field string) ([]int64, *flaw) {
	var list []int64
	for !p.take(']') {
		if list != nil && !p.take(',') {
			return nil, p.expected(field, "a comma or the end of the list")
		}
		if list == nil {
			list = make([]int64, 0, p.guess())
		}
		n, f := p.item(field)
		if f != nil {
			return nil, f
		}
		list = append(list, n)
	}
	return list, nil
}

// guess returns how many items the list may have that the parser stands in.
func (p *parser) guess() int {
	const near = 1 << 12
	end := bytes.IndexByte(p.b[p.i:min(len(p.b), p.i+near)], ']')
	return 1 + bytes.Count(p.b[p.i:p.i+max(end, 0)], []byte{','})
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
		a, f := p.attempt(field)
		if f != nil {
			f.field = fmt.Sprintf("%s[%d]", field, len(list))
			return nil, f
		}
		list = append(list, a)
	}
	return list, nil
}

// attempt reads [node, call, return, status].
func (p *parser) attempt(field string) (a Attempt, f *flaw) {
	const form = "[node, call, return, status]"
	if !p.take('[') {
		return a, p.expected(field, form)
	}
	if a.Node, f = p.id(field); f != nil {
		return a, f
	}
	for _, at := range [...]*Time{&a.Call, &a.Return} {
		if !p.take(',') {
			return a, p.expected(field, form)
		}
		if *at, f = p.time(field); f != nil {
			return a, f
		}
	}
	if !p.take(',') {
		return a, p.expected(field, form)
	}
	if a.Status, f = p.status(field); f == nil && !p.take(']') {
		f = p.expected(field, "the end of the attempt")
	}
	return a, f
}

// transaction reads a list of micro operations: [["append", "x", 3], ["read", "y", [1, 2]]].
func (p *parser) transaction(field string) ([]Micro, *flaw) {
	if !p.take('[') {
		return nil, p.expected(field, "a list of reads, writes and appends")
	}
	micros := []Micro{}
	for !p.take(']') {
		if len(micros) > 0 && !p.take(',') {
			return nil, p.expected(field, "a comma or the end of the list")
		}
		m, f := p.micro(field)
		if f != nil {
			f.field = fmt.Sprintf("%s[%d]", field, len(micros))
			return nil, f
		}
		micros = append(micros, m)
	}
	return micros, nil
}

// microKinds are what a transaction is made of.
var microKinds = [...]Kind{Read, Write, Append}

var microNames = []string{Read.String(), Write.String(), Append.String()}

// micro reads [kind, key, value]. A read that was not answered needs no value.
func (p *parser) micro(field string) (m Micro, f *flaw) {
	const form = `["read", key, value], ["write", key, value] or ["append", key, value]`
	if !p.take('[') {
		return m, p.expected(field, form)
	}
	i, f := p.choice("kind", microNames)
	if f != nil {
		return m, f
	}
	if m.Kind = microKinds[i]; !p.take(',') {
		return m, p.expected(field, form)
	}
	if m.Key, f = p.key(field); f != nil {
		return m, f
	}
	switch {
	case p.take(','):
		m.Value, f = p.microValue(field, m.Kind)
	case m.Kind != Read:
		f = p.expected(field, form)
	}
	if f == nil && !p.take(']') {
		f = p.expected(field, "the end of the micro operation")
	}
	return m, f
}

func (p *parser) microValue(field string, k Kind) (Value, *flaw) {
	p.numbers, p.zeros = 0, 0
	at := p.i
	v, f := p.value(inTxn)
	switch {
	case f != nil:
		return v, f
	case k == Append && !p.numbers.has(inTxn):
		p.i = at
		return v, p.here(wrong(field, "append takes one value", "split a list into one append per value"))
	case k != Append && p.zeros.has(inTxn):
		return Num(p.names.written(0)), nil
	}
	return v, nil
}
