package history

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A form is one value of EDN, the Extensible Data Notation in which Jepsen and
// Knossos write histories (https://github.com/edn-format/edn).
type form struct {
	text         string // of a string; of all others but numbers and collections, as written; the tag of a collection
	num          int64
	items        []form // of a collection; of a map, keys and values in turn
	line, column int
	kind         formKind
}

type formKind uint8

const (
	nilForm formKind = iota
	numberForm
	stringForm
	keywordForm // with its colon
	symbolForm  // or true, false, a character, or a number that is not whole or does not fit 64 bits
	listForm
	vectorForm
	setForm
	mapForm
)

// ordered reports whether the form is a sequence: a list or a vector.
func (f *form) ordered() bool { return f.kind == listForm || f.kind == vectorForm }

// collection reports whether the form is a sequence or a set.
func (f *form) collection() bool { return f.ordered() || f.kind == setForm }

// is reports whether the form is the keyword, symbol or string of that name.
func (f *form) is(name string) bool { return f.name() == name && name != "" }

// name returns what a keyword, symbol or string is called, without its colon.
func (f *form) name() string {
	switch f.kind {
	case keywordForm:
		return f.text[1:]
	case symbolForm, stringForm:
		return f.text
	default:
		return ""
	}
}

// wrong places a flaw at the form.
func (f *form) wrong(field, cause, remedy string) *flaw {
	return &flaw{field: field, cause: cause, remedy: remedy, line: f.line, column: f.column}
}

// String returns the form as EDN, the same text for equal forms.
func (f *form) String() string { return string(f.append(nil)) }

func (f *form) append(b []byte) []byte {
	switch f.kind {
	case nilForm:
		return append(b, "nil"...)
	case numberForm:
		return strconv.AppendInt(b, f.num, 10)
	case stringForm:
		return append(b, quote(f.text)...)
	case listForm:
		return f.appendItems(append(b, '('), f.items, ')')
	case vectorForm:
		return f.appendItems(append(b, '['), f.items, ']')
	case setForm:
		return f.appendItems(append(b, "#{"...), f.members(), '}')
	case mapForm:
		return f.appendItems(append(b, '{'), f.entries(), '}')
	default:
		return append(b, f.text...)
	}
}

func (f *form) appendItems(b []byte, items []form, end byte) []byte {
	for i := range items {
		if i > 0 {
			b = append(b, ' ')
		}
		b = items[i].append(b)
	}
	return append(b, end)
}

// members returns the members of a set in one order, whichever they were written in.
func (f *form) members() []form {
	return slices.SortedFunc(slices.Values(f.items), func(a, b form) int { return compareForms(&a, &b) })
}

func compareForms(a, b *form) int {
	if a.kind == numberForm && b.kind == numberForm {
		return cmp.Compare(a.num, b.num)
	}
	return strings.Compare(a.String(), b.String())
}

// entries returns keys and values of a map in one order.
func (f *form) entries() []form {
	pairs := slices.Collect(slices.Chunk(f.items, 2))
	slices.SortFunc(pairs, func(a, b []form) int { return compareForms(&a[0], &b[0]) })
	return slices.Concat(pairs...)
}

// Bounds of one form. A read of a list of 200,000 numbers still fits.
const (
	maxDepth = 64      // how deep collections may lie in one another
	maxItems = 1 << 19 // how many items they may have in all
)

// An ednReader reads forms one by one: all that stand in a file, or the items of
// the one list or vector that the file holds. It keeps one form in memory.
//
// It reads JSON too, where colons between names and values are blank and null is nil.
type ednReader struct {
	in   io.Reader
	name string
	json bool

	buf    []byte
	i      int   // the next byte in buf
	base   int64 // offset of buf in the file
	failed error // of reading, io.EOF at the end

	line      int
	lineStart int64 // offset of the line
	formStart int64

	outer     byte // the bracket that closes the list or vector around all forms, or 0
	outerLine int
	begun     bool
	wrapped   bool // it is the :history of a map: what else that holds is passed over

	token []byte
	words map[string]string // one copy of each keyword and symbol
	stack []form
	kept  []form // the items of the collections of this form
}

func newEDN(r io.Reader, name string, json bool) *ednReader {
	return &ednReader{in: r, name: name, json: json, line: 1, words: map[string]string{}}
}

// open has the reader read a text that stands at a place of a file.
func (e *ednReader) open(text []byte, line, column int) {
	e.buf, e.i, e.base, e.failed = text[:len(text):len(text)], 0, 0, io.EOF
	e.line, e.lineStart, e.formStart = line, int64(1-column), 0
}

// next returns the next form, valid until the next call, or io.EOF.
func (e *ednReader) next() (form, error) {
	f, flaw := e.step()
	switch {
	case e.failed != nil && e.failed != io.EOF:
		return f, unread(e.name, e.line, e.failed)
	case flaw != nil:
		return f, flaw.in(e.name, e.line, e.column())
	case f.line == 0:
		return f, io.EOF
	}
	return f, nil
}

// step returns the next form, or one without a line at the end.
func (e *ednReader) step() (form, *flaw) {
	e.kept, e.stack = e.kept[:0], e.stack[:0]
	if f := e.blank(between); f != nil {
		return form{}, f
	}
	c, ok := e.peek()
	if !e.begun {
		e.begun = true
		switch c {
		case '[', '(':
			e.outer, e.outerLine = closing(c), e.line
			e.skip()
			return e.step()
		case '{':
			return e.firstMap()
		}
	}
	switch {
	case !ok && e.outer != 0:
		return form{}, e.wrong(fmt.Sprintf("the file ends inside the collection that begins on line %d", e.outerLine), "check that the file is complete")
	case !ok:
		return form{}, nil
	case e.outer != 0 && c == e.outer:
		e.skip()
		e.outer = 0
		if e.wrapped {
			return form{}, e.drop()
		}
		if f := e.blank(between); f != nil {
			return form{}, f
		}
		if _, more := e.peek(); more {
			return form{}, e.wrong("something follows the collection", "give one list or vector of events, or events alone")
		}
		return form{}, nil
	}
	e.formStart = e.offset()
	f, flaw := e.form(0)
	if flaw == nil && e.offset()-e.formStart > maxLine {
		flaw = errLong()
		flaw.line, flaw.column = f.line, f.column
	}
	return f, flaw
}

// firstMap reads the map with which a file begins. If it holds a :history, as what
// a test stored does, that is what is read from there on.
func (e *ednReader) firstMap() (f form, flaw *flaw) {
	e.formStart = e.offset()
	f.line, f.column, f.kind = e.line, e.column(), mapForm
	e.skip()
	for {
		if flaw := e.blank(0); flaw != nil {
			return f, flaw
		}
		switch c, ok := e.peek(); {
		case !ok:
			return f, e.wrong(fmt.Sprintf("the file ends where a '}' should close what line %d opens", f.line), "check that the file is complete")
		case c == '}':
			e.skip()
			if len(e.stack)%2 == 1 {
				return f, e.stack[len(e.stack)-1].wrong("edn", "a key without a value", "give every key of a map a value")
			}
			f.items = e.keep(e.stack)
			return f, nil
		case (c == '[' || c == '(') && len(e.stack)%2 == 1 && e.stack[len(e.stack)-1].is("history"):
			e.wrapped, e.outer, e.outerLine = true, closing(c), e.line
			e.skip()
			return e.step()
		}
		item, flaw := e.form(1)
		if flaw != nil {
			return f, flaw
		}
		e.stack = append(e.stack, item)
	}
}

// drop passes over the rest of the file.
func (e *ednReader) drop() *flaw {
	for _, ok := e.peek(); ok; _, ok = e.peek() {
		e.i = len(e.buf)
	}
	return nil
}

func closing(c byte) byte {
	if c == '(' {
		return ')'
	}
	return c + 2 // [ and { stand two before their closing brackets
}

func (e *ednReader) offset() int64 { return e.base + int64(e.i) }

func (e *ednReader) column() int { return int(e.offset()-e.lineStart) + 1 }

// wrong returns a flaw at the place where the reader stands.
func (e *ednReader) wrong(cause, remedy string) *flaw {
	return &flaw{field: "edn", cause: cause, remedy: remedy, line: e.line, column: e.column()}
}

// peek returns the next byte, and whether there is one.
func (e *ednReader) peek() (byte, bool) {
	if e.i < len(e.buf) {
		return e.buf[e.i], true
	}
	return e.fill()
}

func (e *ednReader) fill() (byte, bool) {
	if e.buf == nil {
		e.buf = make([]byte, 0, readSize)
	}
	for e.failed == nil {
		e.base += int64(len(e.buf))
		n, err := e.in.Read(e.buf[:cap(e.buf)])
		e.buf, e.i, e.failed = e.buf[:n], 0, err
		if n > 0 {
			return e.buf[0], true
		}
	}
	return 0, false
}

// skip consumes the byte that peek returned.
func (e *ednReader) skip() {
	if e.buf[e.i] == '\n' {
		e.line++
		e.lineStart = e.offset() + 1
	}
	e.i++
}

// between is the depth between forms.
const between = -1

// blank consumes blanks, commas, comments and discarded forms.
func (e *ednReader) blank(depth int) *flaw {
	for {
		c, ok := e.peek()
		switch {
		case !ok:
			return nil
		case isSpace(c), c == ',', c == '\f', c == ':' && e.json:
			e.skip()
		case c == ';':
			e.comment()
		case c == '#' && e.discards():
			if depth == between {
				e.formStart, e.kept = e.offset(), e.kept[:0]
			}
			if _, f := e.form(depth + 1); f != nil {
				return f
			}
		default:
			return nil
		}
	}
}

func (e *ednReader) comment() {
	for c, ok := e.peek(); ok && c != '\n'; c, ok = e.peek() {
		e.skip()
	}
}

// discards consumes #_ if it comes next. After any other # the reader stands
// behind it, at what dispatch expects.
func (e *ednReader) discards() bool {
	if e.i+1 >= len(e.buf) && e.failed == nil { // the next byte is not read yet
		rest := copy(e.buf[:cap(e.buf)], e.buf[e.i:])
		e.base += int64(e.i)
		n, err := io.ReadAtLeast(e.in, e.buf[rest:cap(e.buf)], 1)
		if err != nil {
			e.failed = err
		}
		e.buf, e.i = e.buf[:rest+n], 0
	}
	if e.i+1 < len(e.buf) && e.buf[e.i+1] == '_' {
		e.skip()
		e.skip()
		return true
	}
	return false
}

// form reads one form.
func (e *ednReader) form(depth int) (f form, flaw *flaw) {
	if depth > maxDepth {
		return f, e.wrong(fmt.Sprintf("collections lie more than %d deep in one another", maxDepth), "check that this is a history file")
	}
	if flaw := e.blank(depth); flaw != nil {
		return f, flaw
	}
	if e.offset()-e.formStart > maxLine {
		return f, e.tooLong()
	}
	c, ok := e.peek()
	if !ok {
		return f, e.wrong("the file ends inside a form", "check that the file is complete")
	}
	f.line, f.column = e.line, e.column()
	switch c {
	case '{':
		flaw = e.entriesOf(&f, depth)
	case '[':
		flaw = e.collection(&f, vectorForm, ']', depth)
	case '(':
		flaw = e.collection(&f, listForm, ')', depth)
	case '"':
		flaw = e.text(&f)
	case '#':
		flaw = e.dispatch(&f, depth)
	case '\\':
		flaw = e.character(&f)
	case '}', ']', ')':
		flaw = e.wrong(fmt.Sprintf("%q closes nothing", c), "remove it, or open it before")
	default:
		flaw = e.word(&f)
	}
	return f, flaw
}

func (e *ednReader) tooLong() *flaw {
	f := errLong()
	f.line, f.column = e.line, e.column()
	return f
}

// collection reads the items up to the closing bracket.
func (e *ednReader) collection(f *form, kind formKind, end byte, depth int) *flaw {
	e.skip()
	f.kind = kind
	from := len(e.stack)
	for {
		if flaw := e.blank(depth); flaw != nil {
			return flaw
		}
		c, ok := e.peek()
		if !ok {
			return e.wrong(fmt.Sprintf("the file ends where a %q should close what line %d opens", end, f.line), "check that the file is complete")
		}
		if c == end {
			break
		}
		item, flaw := e.form(depth + 1)
		if flaw != nil {
			return flaw
		}
		if e.stack = append(e.stack, item); len(e.stack)+len(e.kept) > maxItems {
			return e.wrong(fmt.Sprintf("more than %d items in one form", maxItems), "check that this is a history file, with one map for each event")
		}
	}
	e.skip()
	f.items = e.keep(e.stack[from:])
	e.stack = e.stack[:from]
	return nil
}

// entriesOf reads a map.
func (e *ednReader) entriesOf(f *form, depth int) *flaw {
	flaw := e.collection(f, mapForm, '}', depth)
	if flaw == nil && len(f.items)%2 == 1 {
		flaw = f.items[len(f.items)-1].wrong("edn", "a key without a value", "give every key of a map a value")
	}
	return flaw
}

// keep copies the items to where they stay until the next form.
func (e *ednReader) keep(items []form) []form {
	const some = 256
	if len(e.kept)+len(items) > cap(e.kept) {
		e.kept = make([]form, 0, max(some, 2*cap(e.kept), len(items)))
	}
	from := len(e.kept)
	e.kept = append(e.kept, items...)
	return e.kept[from:len(e.kept):len(e.kept)]
}

// dispatch reads what begins with #: a set, a form with a tag, or ##NaN and its like.
func (e *ednReader) dispatch(f *form, depth int) *flaw {
	e.skip()
	var tag form
	switch c, ok := e.peek(); {
	case ok && c == '{':
		return e.collection(f, setForm, '}', depth)
	case ok && c == '#':
		flaw := e.word(f)
		f.text = "#" + f.text
		return flaw
	case ok && wordBytes[c]:
		if flaw := e.word(&tag); flaw != nil {
			return flaw
		}
	}
	if c, _ := e.peek(); tag.kind != symbolForm && !(tag.kind == keywordForm && c == '{') { // #:jepsen{...} is a map
		return f.wrong("edn", "# without a tag", "write #{ for a set, or # and a name before a form")
	}
	tagged, flaw := e.form(depth + 1)
	if flaw != nil {
		return flaw
	}
	tagged.line, tagged.column = f.line, f.column
	*f = tagged
	if f.kind >= listForm {
		f.text = tag.text
	}
	return nil
}

// text reads a string.
func (e *ednReader) text(f *form) *flaw {
	e.skip()
	e.token = e.token[:0]
	for {
		run := e.buf[e.i:]
		if n := bytes.IndexAny(run, "\"\\\n"); n >= 0 {
			run = run[:n]
		}
		e.token = append(e.token, run...)
		e.i += len(run)
		c, ok := e.peek()
		switch {
		case !ok:
			return f.wrong("edn", "string without end", "close it with a double quote; the file may have been cut off")
		case len(e.token) > maxLine:
			return e.tooLong()
		case c == '"':
			e.skip()
			if f.kind, f.text = stringForm, string(e.token); !utf8.Valid(e.token) {
				return f.wrong("edn", "not UTF-8", "save the file as UTF-8")
			}
			return nil
		case c == '\\':
			if flaw := e.escape(); flaw != nil {
				return flaw
			}
		case c == '\n':
			e.token = append(e.token, c)
			e.skip()
		}
	}
}

var escapes = map[byte]byte{'t': '\t', 'r': '\r', 'n': '\n', 'b': '\b', 'f': '\f', '\\': '\\', '"': '"', '/': '/'}

// escape reads what a backslash stands for.
func (e *ednReader) escape() *flaw {
	bad := e.wrong("bad escape in a string", `use \t, \r, \n, \\, \" or \u and four digits`)
	e.skip()
	c, ok := e.peek()
	if !ok {
		return bad
	}
	e.skip()
	if r, ok := escapes[c]; ok {
		e.token = append(e.token, r)
		return nil
	}
	if c != 'u' {
		return bad
	}
	var digits []byte
	for range 4 {
		c, ok := e.peek()
		if !ok || c == '"' || c == '\n' {
			return bad
		}
		digits = append(digits, c)
		e.skip()
	}
	r, err := strconv.ParseUint(string(digits), 16, 16)
	if err != nil {
		return bad
	}
	e.token = utf8.AppendRune(e.token, rune(r))
	return nil
}

// character reads a character such as \a or \newline.
func (e *ednReader) character(f *form) *flaw {
	e.skip()
	c, ok := e.peek()
	if !ok || isSpace(c) {
		return f.wrong("edn", "a backslash without a character", "write \\a, \\newline, \\space or \\tab")
	}
	e.token = append(e.token[:0], '\\', c)
	e.skip()
	e.letters()
	f.kind, f.text = symbolForm, e.intern()
	if !utf8.ValidString(f.text) {
		return f.wrong("edn", "not UTF-8", "save the file as UTF-8")
	}
	return nil
}

// letters appends to the token what comes before the next blank, bracket, quote or comment.
func (e *ednReader) letters() {
	for c, ok := e.peek(); ok && wordBytes[c] && len(e.token) <= maxLine; c, ok = e.peek() {
		e.token = append(e.token, c)
		e.i++
	}
}

// wordBytes are what keywords, symbols and numbers consist of.
var wordBytes = func() (set [256]bool) {
	for c := range set {
		set[c] = c >= utf8.RuneSelf || strings.IndexByte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.*+!-_?$%&=<>/:#'|", byte(c)) >= 0
	}
	return set
}()

// intern returns the token as a string, the same one for equal tokens.
func (e *ednReader) intern() string {
	s, ok := e.words[string(e.token)]
	if !ok {
		s = string(e.token)
		const many = 1 << 16
		if len(e.words) < many {
			e.words[s] = s
		}
	}
	return s
}

// word reads a keyword, symbol or number.
func (e *ednReader) word(f *form) *flaw {
	e.token = e.token[:0]
	e.letters()
	switch c, _ := e.peek(); {
	case len(e.token) == 0:
		return e.wrong(fmt.Sprintf("a form cannot begin with %q", c), "check that this is a text file with EDN")
	case len(e.token) > maxLine:
		return e.tooLong()
	case !utf8.Valid(e.token):
		return f.wrong("edn", "not UTF-8", "save the file as UTF-8")
	}
	first := e.token[0]
	if (first == '-' || first == '+') && len(e.token) > 1 {
		first = e.token[1]
	}
	if '0' <= first && first <= '9' {
		return e.number(f)
	}
	switch f.text = e.intern(); {
	case f.text[0] == ':':
		f.kind = keywordForm
		if f.text == ":" || strings.HasPrefix(f.text, "::") {
			return f.wrong("edn", short(f.text)+" is no keyword", "write a colon and a name")
		}
	case f.text == "nil", f.text == "null" && e.json:
		f.kind, f.text = nilForm, ""
	default:
		f.kind = symbolForm
	}
	return nil
}

// number reads the token as a number. One that is not whole, or too long for 64 bits,
// is a symbol of that text, with an N behind.
func (e *ednReader) number(f *form) *flaw {
	if n, ok := shortInteger(e.token); ok {
		f.kind, f.num = numberForm, n
		return nil
	}
	text := strings.TrimPrefix(string(e.token), "+")
	digits := strings.TrimSuffix(text, "N")
	if isNumber(digits) {
		n, err := strconv.ParseInt(digits, 10, 64)
		unsigned := strings.TrimPrefix(digits, "-")
		if unsigned[0] == '0' && len(unsigned) > 1 {
			return f.wrong("edn", short(text)+" begins with 0", "write numbers without zeros in front")
		}
		if err != nil {
			f.kind, f.text = symbolForm, digits+"N"
		} else {
			f.kind, f.num = numberForm, n
		}
		return nil
	}
	if isHex(text) {
		f.kind, f.text = symbolForm, text
		return nil
	}
	above, below, ratio := strings.Cut(text, "/")
	_, err := strconv.ParseFloat(strings.TrimSuffix(text, "M"), 64)
	if err == nil && !strings.ContainsAny(text, "xXpP_") || ratio && isNumber(above) && isNumber(below) {
		f.kind, f.text = symbolForm, text
		return nil
	}
	return f.wrong("edn", short(text)+" is no number", "put a string in double quotes")
}

// long reports whether the form is a whole number that does not fit 64 bits.
func (f *form) long() bool {
	digits, ok := strings.CutSuffix(f.text, "N")
	return f.kind == symbolForm && ok && isNumber(digits)
}

// isHex reports whether the text is a number to base 16, as objects of Java have
// when Clojure prints them: #object[java.lang.Object 0x1f "java.lang.Object@1f"].
func isHex(text string) bool {
	digits, ok := strings.CutPrefix(strings.ToLower(text), "0x")
	return ok && digits != "" && strings.Trim(digits, "0123456789abcdef") == ""
}

// shortInteger reads a whole number of few digits.
func shortInteger(b []byte) (n int64, ok bool) {
	const fit = 18
	if len(b) > fit || b[0] == '0' && len(b) > 1 {
		return 0, false
	}
	for _, c := range b {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
