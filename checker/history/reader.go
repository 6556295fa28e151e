package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds a line of a history file, in bytes. A read of a list of
// 200,000 numbers still fits.
const maxLine = 4 << 20

func errLong() *flaw {
	return wrong("line", fmt.Sprintf("longer than %d MiB", maxLine>>20), "check that this is a history file, with one operation per line")
}

// lines reads a text file line by line and puts name and line into errors.
type lines struct {
	scan  *bufio.Scanner
	name  string
	line  int
	bytes int // in the lines so far
}

// readSize is how much is read from a file at a time.
const readSize = 64 << 10

func newLines(r io.Reader, name string) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, readSize), maxLine)
	return &lines{scan: s, name: name}
}

// next returns the next line that is not blank, or io.EOF. The line is valid
// until the next call.
func (l *lines) next() ([]byte, error) {
	for l.scan.Scan() {
		b := l.scan.Bytes()
		l.line, l.bytes = l.line+1, l.bytes+len(b)+1
		if !blank(b) {
			return b, nil
		}
	}
	switch err := l.scan.Err(); {
	case err == nil:
		return nil, io.EOF
	case errors.Is(err, bufio.ErrTooLong):
		l.line++
		return nil, l.errorf(errLong())
	default:
		return nil, unread(l.name, l.line+1, err)
	}
}

func (l *lines) errorf(f *flaw) error { return f.in(l.name, l.line, 1) }

func blank(b []byte) bool {
	for _, c := range b {
		if !isSpace(c) {
			return false
		}
	}
	return true
}

// errEmpty is the error of a file without a single operation: to call such a
// history correct would hide that something went wrong before.
func errEmpty(name string) error {
	return wrong("file", "it holds no operation", "check that the recording worked and that this is the right file").in(name, 1, 1)
}

// A Reader reads the operations of a history file in the format of Encode, one at
// a time, in bounded memory apart from one entry for each process, key and name.
type Reader struct {
	lines *lines
	seen  order
	parse parser
	count int
	txns  bool // the file holds transactions
}

// NewReader returns a reader of r. Errors call the file by name.
func NewReader(r io.Reader, name string) *Reader {
	return &Reader{lines: newLines(r, name), parse: parser{names: &Names{}}}
}

// Line returns the line of the latest operation, counted from 1.
func (r *Reader) Line() int { return r.lines.line }

// Next returns the next operation, or io.EOF after the last one. Other errors
// say name:line:column: field: cause; remedy. A file without operations is an
// error, and so is one of transactions.
func (r *Reader) Next() (op Op, err error) {
	if err = r.next(&op); err == nil && r.txns {
		err = r.errorf(wrong("txn", "a transaction, where operations were expected", "read the file as a whole"))
	}
	return op, err
}

// next reads an operation into op, or a transaction into op and r.parse.micros.
func (r *Reader) next(op *Op) error {
	b, err := r.lines.next()
	if err == io.EOF && r.count == 0 {
		return errEmpty(r.lines.name)
	}
	if err != nil {
		return err
	}
	f := r.parse.line(b, op)
	if f == nil {
		f = op.check()
	}
	if f == nil {
		f = r.seen.check(op, r.lines.line)
	}
	if txn := r.parse.micros != nil; f == nil && r.count == 0 {
		r.txns = txn
	} else if f == nil && r.txns != txn {
		f = wrong("line", "operations and transactions in one file", "keep them in files of their own")
	}
	if f != nil {
		return r.errorf(f)
	}
	r.count++
	return nil
}

func (r *Reader) errorf(f *flaw) error { return r.lines.errorf(r.parse.placed(f)) }

// Decode reads a whole history in the format of Encode. It checks everything that
// can be checked line by line: fields, values, times, order, and that the
// operations of a process follow one another. Errors call the file by name.
func Decode(r io.Reader, name string) (History, error) {
	file, err := Load(r, name, Options{Format: FormatLines})
	if err == nil && file.Transactions != nil {
		err = wrong("txn", "transactions, where operations were expected", "read the file with Load").in(name, file.Lines[0].Call, 1)
	}
	if err != nil {
		return nil, err
	}
	return file.History, nil
}
