package history

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// A File is a history as it was read. It holds operations or transactions.
type File struct {
	Format       Format
	Model        Model   // asked for, or found out
	Dialect      Dialect // the one applied; empty where the format leaves nothing open
	History      History
	Transactions []Transaction
	Lines        []Place  // where each operation or transaction stands in the file
	Answers      bool     // it holds answers alone: transactions were called no one knows when, and their calls are the instants of their answers
	Timed        bool     // times are nanoseconds; otherwise they are the numbers of lines, and only their order is known
	Notes        []string // which rules were applied to what the file leaves open, and how often
}

// A Place is the lines of a call and of its answer, counted from 1; 0: no answer.
type Place struct{ Call, Return int }

// Load reads a history file. Errors call it by name and read
// name:line:column: field: cause; remedy.
//
// In event logs the order of the lines is what counts. Times are taken from
// the file, and moved on by the least that keeps this order; without times, an
// event's time is the number of its line. A process that goes on after an operation of
// unknown outcome is a new process from there on, of the same client. Events of
// the nemesis, and :info of processes that have not called, are skipped. Of
// transactions there may be answers alone.
func Load(r io.Reader, name string, o Options) (*File, error) {
	s, err := Open(r, name, o)
	if err != nil {
		return nil, err
	}
	if s.log != nil {
		return s.readEvents()
	}
	return s.readLines()
}

// ReadAny reads a history of operations in whichever format its beginning shows,
// and says which.
func ReadAny(r io.Reader, name string) (History, Format, error) {
	f, err := Load(r, name, Options{})
	if err != nil {
		return nil, "", err
	}
	if f.Transactions != nil {
		return nil, "", wrong("file", "it holds transactions, where operations were expected", "read it with Load").in(name, 1, 1)
	}
	return f.History, f.Format, nil
}

// A Stream yields the operations of a history file one by one, in the order of
// their calls. It keeps little more than those that come after the oldest one
// that is still running; but a log of a string store is kept whole.
type Stream struct {
	name   string
	format Format
	model  Model
	marked bool  // the file began with a byte order mark
	size   int64 // of the file, in bytes; 0: not known

	lines *Reader // of JSON Lines
	kinds [len(kindNames)]bool

	log *recording // of events
}

// Open begins to read a history of operations. Errors are those of Read.
func Open(r io.Reader, name string, o Options) (*Stream, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	size, err := sizeOf(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &Stream{name: name, model: o.Model, size: size}
	buf := bufio.NewReaderSize(r, readSize)
	head, err := buf.Peek(headBytes)
	if err != nil && err != io.EOF {
		return nil, unread(name, 1, err)
	}
	if s.marked = bytes.HasPrefix(head, []byte(byteOrderMark)); s.marked {
		if _, err := buf.Discard(len(byteOrderMark)); err != nil {
			return nil, unread(name, 1, err)
		}
		head = head[len(byteOrderMark):]
	}
	flaw := illegible(head)
	if s.format = o.Format; s.format == "" && flaw == nil {
		s.format, flaw = detect(head)
	}
	if flaw != nil {
		return nil, flaw.in(name, 1, 1)
	}
	if o.Dialect == "" {
		o.Dialect = dialectOf(s.format)
	}
	return s, s.open(buf, &o)
}

// open sets up the reader of the format.
func (s *Stream) open(r io.Reader, o *Options) error {
	initial, err := initialOf(o.Initial)
	if err != nil {
		return err
	}
	o.Initial = initial
	switch s.format {
	case FormatLines:
		s.lines = NewReader(r, s.name)
	case FormatJepsen:
		s.log = newRecording(s.name, logEvents{newLines(r, s.name), newEDN(nil, s.name, false)}, o)
	default:
		s.log = newRecording(s.name, ednEvents{newEDN(r, s.name, s.format == FormatJSON)}, o)
		if s.format == FormatKV {
			s.log.pieces = newPieces()
		}
	}
	return nil
}

// initialOf returns the initial value as forms are compared with it.
func initialOf(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	e := newEDN(strings.NewReader(text), "initial value", false)
	f, err := e.next()
	if err == io.EOF {
		err = fmt.Errorf("initial value: %q is no value; use a number, a keyword or a string in double quotes", text)
	}
	if err != nil {
		return "", err
	}
	return f.String(), nil
}

// sizeOf returns how many bytes are left of a file or of a reader in memory, or
// 0 if there is no telling.
func sizeOf(r io.Reader) (int64, error) {
	s, ok := r.(io.Seeker)
	if !ok {
		return 0, nil
	}
	at, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, nil // a pipe
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, nil
	}
	_, err = s.Seek(at, io.SeekStart)
	return end - at, err
}

// Next returns the next operation and where it stands, or io.EOF.
func (s *Stream) Next() (Op, Place, error) {
	if s.log != nil {
		return s.log.nextOp()
	}
	op, err := s.lines.Next()
	if err == nil {
		err = s.admit(&op)
	}
	at := s.lines.Line()
	return op, Place{at, at}, err
}

// admit complains about an operation in JSON Lines that the model does not have.
func (s *Stream) admit(op *Op) error {
	s.kinds[op.Kind] = true
	if s.model.has(op.Kind) {
		return nil
	}
	f := wrong("kind", fmt.Sprintf("a %s has no %v", s.model, op.Kind), "leave --model out, or give the one that fits")
	return s.lines.errorf(f)
}

// File returns what is known about the file so far, without its operations.
func (s *Stream) File() *File {
	f := &File{Format: s.format, Model: s.model, Timed: true}
	if s.marked {
		f.Notes = append(f.Notes, "the byte order mark at its beginning was skipped")
	}
	if s.log == nil {
		if f.Model == "" {
			f.Model = modelOf(s.kinds, s.lines.txns)
		}
		return f
	}
	s.log.describe(f)
	return f
}

// guessAfter is after how many operations the length of a file is guessed.
const guessAfter = 1000

func (s *Stream) readEvents() (*File, error) {
	guessed := false
	for {
		if n := len(s.log.places); n >= guessAfter && !guessed {
			guessed = true
			s.log.grow(s.guess(n, s.log.events.bytes()))
		}
		err := s.log.step()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	f := s.File()
	s.log.deliver(f)
	return f, nil
}

// readLines reads JSON Lines into memory that is asked for once, if the size of
// the file is known: to copy a long history while it grows takes longer than to read it.
func (s *Stream) readLines() (*File, error) {
	var h History
	var txns []Transaction
	var places []Place
	for {
		if len(h) == guessAfter && cap(h) < 2*guessAfter {
			h = append(make(History, 0, s.guess(guessAfter, int64(s.lines.lines.bytes))), h...)
			places = append(make([]Place, 0, cap(h)), places...)
		}
		if len(h) < cap(h) {
			h = h[:len(h)+1] // which the reader fills in whole
		} else {
			h = append(h, Op{})
		}
		op := &h[len(h)-1]
		err := s.lines.next(op)
		if err == io.EOF {
			h = h[:len(h)-1]
			break
		}
		if err == nil {
			err = s.sort(op)
		}
		if err != nil {
			return nil, err
		}
		if s.lines.txns {
			txns = append(txns, Transaction{Client: op.Client, Process: op.Process, Ops: s.lines.parse.micros, Call: op.Call, Return: op.Return, Status: op.Status, Names: op.Names})
			h = h[:0]
		}
		at := s.lines.Line()
		places = append(places, Place{at, at})
	}
	f := s.File()
	f.Transactions, f.Lines = txns, places
	if txns == nil {
		f.History = h
	}
	return f, nil
}

// guess returns how many operations the file holds, judged by the first ones, which
// took so many bytes.
func (s *Stream) guess(read int, bytes int64) int {
	const spare = 1.05
	return max(2*read, int(spare*float64(s.size)/float64(bytes)*float64(read)))
}

// sort keeps operations and transactions apart, and both to the model.
func (s *Stream) sort(op *Op) error {
	r := s.lines
	if r.parse.micros == nil {
		return s.admit(op)
	}
	for _, m := range r.parse.micros {
		s.kinds[m.Kind] = true
		if !s.model.has(m.Kind) || !s.model.inTransactions() {
			return r.errorf(wrong("txn", fmt.Sprintf("a %s has no %v in transactions", s.model, m.Kind), "leave --model out, or give the one that fits"))
		}
	}
	return nil
}
