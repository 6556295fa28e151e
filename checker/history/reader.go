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
	return &flaw{"line", fmt.Sprintf("longer than %d MiB", maxLine>>20), "check that this is a history file, with one operation per line"}
}

// lines reads a text file line by line and puts name and line into errors.
type lines struct {
	scan *bufio.Scanner
	name string
	line int
}

func newLines(r io.Reader, name string) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	return &lines{scan: s, name: name}
}

// next returns the next line that is not blank, or io.EOF. The line is valid
// until the next call.
func (l *lines) next() ([]byte, error) {
	for l.scan.Scan() {
		l.line++
		if b := l.scan.Bytes(); !blank(b) {
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
		return nil, fmt.Errorf("%s:%d: %w", l.name, l.line, err)
	}
}

func (l *lines) errorf(f *flaw) error { return fmt.Errorf("%s:%d: %w", l.name, l.line, f) }

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
	return fmt.Errorf("%s:1: file: it holds no operation; check that the recording worked and that this is the right file", name)
}

// A Reader reads the operations of a history file in the format of Encode, one at
// a time, in bounded memory apart from one entry for each process and key.
type Reader struct {
	lines *lines
	seen  order
	keys  map[string]string // so that equal keys share memory
	count int
}

// NewReader returns a reader of r. Errors call the file by name.
func NewReader(r io.Reader, name string) *Reader {
	return &Reader{lines: newLines(r, name), keys: map[string]string{}}
}

// Next returns the next operation, or io.EOF after the last one. Other errors
// say name:line: field: cause; remedy. A file without operations is an error.
func (r *Reader) Next() (Op, error) {
	b, err := r.lines.next()
	if err == io.EOF && r.count == 0 {
		return Op{}, errEmpty(r.lines.name)
	}
	if err != nil {
		return Op{}, err
	}
	op, f := parseOp(b, r.keys)
	if f == nil {
		f = op.check()
	}
	if f == nil {
		f = r.seen.check(&op, r.lines.line)
	}
	if f != nil {
		return Op{}, r.lines.errorf(f)
	}
	r.count++
	return op, nil
}

// Decode reads a whole history in the format of Encode. It checks everything that
// can be checked line by line: fields, values, times, order, and that the
// operations of a process follow one another. Errors call the file by name.
func Decode(r io.Reader, name string) (History, error) {
	var h History
	for next := NewReader(r, name); ; {
		op, err := next.Next()
		if err == io.EOF {
			return h, nil
		}
		if err != nil {
			return nil, err
		}
		h = append(h, op)
	}
}
