package history

import (
	"bytes"
	"fmt"
	"strings"
)

// An event is a call, or how it ended: one map of an EDN history, or one line of
// a Jepsen text log. Its forms are valid until the next event.
type event struct {
	who          form // the process
	phase        phase
	f            string // the function: read, write, txn
	at           form   // where that stands
	key          form   // nil unless the event has a key of its own
	value        form
	time         int64
	timed        bool
	index        int64
	indexed      bool
	blamed       bool // it names an error
	line, column int
}

// A phase is the type of an event.
type phase uint8

const (
	invoked phase = iota
	succeeded
	refused
	crashed
)

var phases = map[string]phase{"invoke": invoked, "ok": succeeded, "fail": refused, "info": crashed}

func (e *event) wrong(field, cause, remedy string) *flaw {
	return &flaw{field: field, cause: cause, remedy: remedy, line: e.line, column: e.column}
}

// A source yields the events of a file in their order, or io.EOF.
type source interface {
	next(*event) error
	bytes() int64 // read so far
}

// ednEvents are the maps of an EDN or JSON history.
type ednEvents struct{ forms *ednReader }

// The fields of an event that say something. Others, such as :error, are left out.
const (
	ofProcess = 1 << iota
	ofType
	ofFunction
	ofKey
	ofValue
	ofTime
	ofIndex
)

func (s ednEvents) bytes() int64 { return s.forms.offset() }

func (s ednEvents) next(e *event) error {
	f, err := s.forms.next()
	if err != nil {
		return err
	}
	if flaw := e.read(&f); flaw != nil {
		return flaw.in(s.forms.name, f.line, f.column)
	}
	return nil
}

// read fills in the event from a map.
func (e *event) read(f *form) *flaw {
	*e = event{line: f.line, column: f.column}
	if f.kind != mapForm {
		return f.wrong("event", "expected a map, found "+short(f.String()), "write {:process 0, :type :invoke, :f :read, :value nil}")
	}
	seen := 0
	for i := 0; i < len(f.items); i += 2 {
		name, value := &f.items[i], &f.items[i+1]
		bit, flaw := e.field(name.name(), value)
		if flaw != nil {
			return flaw
		}
		if seen&bit != 0 {
			return name.wrong(name.name(), "given twice", "keep one of them")
		}
		seen |= bit
	}
	if seen&ofType == 0 {
		return f.wrong("type", "missing", "add :type with :invoke, :ok, :fail or :info")
	}
	return nil
}

// field takes in one entry of the map and returns its bit, or 0 if it says nothing.
func (e *event) field(name string, v *form) (bit int, flaw *flaw) {
	switch name {
	case "process":
		e.who = *v
		return ofProcess, nil
	case "type":
		p, ok := phases[v.name()]
		if !ok {
			return 0, v.wrong(name, "unknown type "+short(v.String()), "use :invoke, :ok, :fail or :info")
		}
		e.phase = p
		return ofType, nil
	case "f":
		if e.f, e.at = v.name(), *v; e.f == "" && v.kind != nilForm {
			return 0, v.wrong(name, short(v.String())+" is no function", "use a keyword such as :read")
		}
		return ofFunction, nil
	case "key":
		e.key = *v
		return ofKey, nil
	case "value":
		e.value = *v
		return ofValue, nil
	case "time":
		if v.long() {
			return 0, v.wrong(name, short(v.text)+" does not fit 64 bits", "count nanoseconds from any one instant on")
		}
		e.time, e.timed = v.num, v.kind == numberForm
		return ofTime, nil
	case "index":
		e.index, e.indexed = v.num, v.kind == numberForm
		return ofIndex, nil
	case "error":
		e.blamed = v.kind != nilForm
	}
	return 0, nil
}

// logEvents are the lines of a Jepsen text log.
type logEvents struct {
	lines *lines
	forms *ednReader // for the words of a line
}

func (s logEvents) bytes() int64 { return int64(s.lines.bytes) }

func (s logEvents) next(e *event) error {
	b, err := s.lines.next()
	if err != nil {
		return err
	}
	if flaw := s.read(e, b); flaw != nil {
		return flaw.in(s.lines.name, s.lines.line, 1)
	}
	return nil
}

// A word of a line, and where it begins, from 1.
type word struct {
	text   []byte
	column int
}

func (w word) wrong(field, cause, remedy string) *flaw {
	return &flaw{field: field, cause: cause, remedy: remedy, column: w.column}
}

// words cuts the first n words off a line; the last one is all that remains.
func words(line []byte, n int) []word {
	var all []word
	for i := 0; i < len(line); {
		if isSpace(line[i]) {
			i++
			continue
		}
		end := len(line)
		if len(all) < n-1 {
			if j := bytes.IndexAny(line[i:], " \t\r\n"); j >= 0 {
				end = i + j
			}
		}
		all = append(all, word{bytes.TrimSpace(line[i:end]), i + 1})
		i = end
	}
	return all
}

// behind returns where the event begins in a line of a log: after the time, the
// thread and whatever else the logger puts before "jepsen.util -" or, in later
// versions, "jepsen.util:". In the history.txt of a test nothing does, and it is 0.
func behind(line []byte) int {
	for _, mark := range []string{"jepsen.util - ", "jepsen.util: "} {
		if at := bytes.Index(line, []byte(mark)); at >= 0 {
			return at + len(mark)
		}
	}
	return 0
}

// The words of an event.
const (
	processWord = iota
	typeWord
	functionWord
	valueWord
	eventWords
)

func (s logEvents) read(e *event, line []byte) *flaw {
	*e = event{line: s.lines.line, column: 1}
	s.forms.kept = s.forms.kept[:0]
	w := words(line, eventWords)
	bare := w[0].text[0] == ':' || len(bytes.TrimRight(w[0].text, "0123456789")) == 0
	if at := behind(line); at > 0 {
		w = words(line[at:], eventWords)
		for k := range w {
			w[k].column += at
		}
	} else if !bare {
		return wrong("line", "not an event of a Jepsen log", `keep only the lines that have "jepsen.util" before the event`)
	}
	if len(w) > typeWord && w[processWord].text[0] == ':' { // the nemesis
		e.who, e.phase = form{kind: keywordForm, text: string(w[processWord].text), line: e.line, column: w[processWord].column}, crashed
		return nil
	}
	if len(w) < eventWords {
		return wrong("line", "cut off", "give process, type, function and value")
	}
	var flaw *flaw
	if e.who, flaw = s.form(w[processWord]); flaw != nil || e.who.kind != numberForm {
		return w[processWord].wrong("process", short(string(w[processWord].text))+" is not a process number", fmt.Sprintf("use numbers from 0 to %d", maxID))
	}
	known := false
	if e.phase, known = phases[strings.TrimPrefix(string(w[typeWord].text), ":")]; !known {
		return w[typeWord].wrong("type", "unknown type "+short(string(w[typeWord].text)), "use :invoke, :ok, :fail or :info")
	}
	e.f = strings.TrimPrefix(string(w[functionWord].text), ":")
	e.at = form{line: e.line, column: w[functionWord].column}
	e.value, flaw = s.form(w[valueWord])
	if flaw != nil && (e.phase == refused || e.phase == crashed) {
		e.value, flaw = form{}, nil // the words of an error, not a value
	}
	return flaw
}

// form reads a word as one form.
func (s logEvents) form(w word) (form, *flaw) {
	s.forms.open(w.text, s.lines.line, w.column)
	f, flaw := s.forms.form(0)
	if flaw == nil {
		flaw = s.forms.blank(0)
	}
	if _, more := s.forms.peek(); more && flaw == nil {
		flaw = w.wrong("value", "more than one value: "+short(string(w.text)), "give one number, keyword, string or vector")
	}
	return f, flaw
}
