package main

import (
	"io"
	"os"

	"faultline/checker"
	"faultline/checker/history"
	"faultline/checker/judge"
)

// bigFile is the size of a history, in bytes, from which it is judged while it is
// read if nothing else is asked: in memory it takes two to three times as much.
const bigFile = 64 << 20

// streamable reports whether no more is asked than a stream can tell, of a file
// that is worth it and can be read again.
func (o *checkOptions) streamable(in io.Reader) (*os.File, bool) {
	f, ok := in.(*os.File)
	if !ok || o.level != string(checker.Linearizable) || o.html != "" {
		return nil, false
	}
	info, err := f.Stat()
	return f, err == nil && info.Mode().IsRegular() && info.Size() >= bigFile
}

// streamNote says what is missing where a history was judged while it was read.
const streamNote = "judged while it was read, for its size: no scores, no other levels; leave --level out for those, and have memory for all of it"

// A passage is a history file that is read several times.
type passage struct {
	in   *os.File
	name string
	read history.Options

	file    *history.File // as the first reading found it
	ops     int
	clients map[int]bool
	keys    map[string]bool
}

// checkStream judges a file while it is read. It returns nil if that cannot be
// done: if the file is spoilt, holds transactions, or no registers of unique values.
func checkStream(in *os.File, name string, o *checkOptions) (*checked, error) {
	w := &passage{in: in, name: name, read: o.read, clients: map[int]bool{}, keys: map[string]bool{}}
	r, err := checker.CheckStream(w.pass)
	if err != nil || r.Verdict == judge.Undecided {
		return nil, w.rewind()
	}
	w.file.History = r.Ops
	if err := w.place(r.Evidence.Ops); err != nil {
		return nil, err
	}
	c := newChecked(name, w.file)
	c.Ops, c.Clients, c.Keys = w.ops, len(w.clients), len(w.keys)
	c.Notes = append(c.Notes, streamNote)
	for k := range r.Evidence.Ops {
		r.Evidence.Ops[k] = k
	}
	c.settle(string(checker.Linearizable), &r.Result)
	return c, nil
}

func (w *passage) rewind() error {
	_, err := w.in.Seek(0, io.SeekStart)
	return err
}

// each reads the file from its beginning, until do returns false.
func (w *passage) each(do func(*history.Op, history.Place) bool) (*history.Stream, error) {
	if err := w.rewind(); err != nil {
		return nil, err
	}
	s, err := history.Open(w.in, w.name, w.read)
	if err != nil {
		return nil, err
	}
	for {
		op, at, err := s.Next()
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		if !do(&op, at) {
			return s, nil
		}
	}
}

// pass yields the operations, and counts what they are about the first time.
func (w *passage) pass(yield func(*history.Op) bool) error {
	first := w.file == nil
	s, err := w.each(func(op *history.Op, _ history.Place) bool {
		if first {
			w.ops++
			w.clients[op.Client], w.keys[op.Key] = true, true
		}
		return yield(op)
	})
	if err == nil && first {
		w.file = s.File()
	}
	return err
}

// place finds the lines of operations, which are given in ascending order.
func (w *passage) place(ops []int) error {
	if len(ops) == 0 {
		return nil
	}
	i, left := 0, ops
	_, err := w.each(func(_ *history.Op, at history.Place) bool {
		if i == left[0] {
			w.file.Lines, left = append(w.file.Lines, at), left[1:]
		}
		i++
		return len(left) > 0
	})
	return err
}
