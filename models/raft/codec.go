package raft

import (
	"encoding/binary"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// encode appends to b a request as the payload of a log entry: the number of the
// proposal, who wants it (the token), and what. Whom to answer is no part of it:
// only the leader that took the request in answers it.
func encode(b []byte, number uint64, r *store.Request) []byte {
	b = binary.LittleEndian.AppendUint64(b, number)
	b = append(b, byte(r.Kind))
	b = binary.AppendUvarint(b, uint64(r.Token.Client))
	b = binary.AppendUvarint(b, r.Token.Seq)
	b = binary.AppendUvarint(b, uint64(len(r.Key)))
	b = append(b, r.Key...)
	if r.Kind.Mutates() {
		b = appendValue(b, r.In)
	}
	if r.Kind == history.CAS {
		b = appendValue(b, *r.Expect)
	}
	if r.Once != nil {
		b = append(b, byte(r.Once.Part))
		b = binary.AppendVarint(b, int64(r.Once.At))
		b = binary.AppendVarint(b, int64(r.Once.Keep))
	}
	return b
}

func appendValue(b []byte, v history.Value) []byte {
	b = binary.AppendVarint(b, v.Num)
	b = binary.AppendUvarint(b, uint64(len(v.List)))
	for _, x := range v.List {
		b = binary.AppendVarint(b, x)
	}
	return b
}

// A decoder reads proposals, one after the other. Their requests lie in the same
// memory, and their keys are each made once.
type decoder struct {
	req  *store.Request
	keys map[string]string
}

func newDecoder(cfg store.Config) decoder { return decoder{cfg.Request(), map[string]string{}} }

// decode returns the proposal that encode wrote, which is good until the next. It
// panics if data is anything else.
func (d *decoder) decode(data []byte) (number uint64, r *store.Request) {
	in := reader{data}
	r = d.req
	r.In, r.Expect, r.Once = history.Value{}, nil, nil
	number = binary.LittleEndian.Uint64(in.next(8))
	r.Kind = history.Kind(in.next(1)[0])
	r.Token.Client = int64(in.uvarint())
	r.Token.Seq = in.uvarint()
	r.Key = d.key(in.next(int(in.uvarint())))
	if r.Kind.Mutates() {
		r.In = in.value()
	}
	if r.Kind == history.CAS {
		expect := in.value()
		r.Expect = &expect
	}
	if len(in.left) > 0 {
		r.Once = &store.Once{Part: store.Part(in.next(1)[0]), At: sim.Time(in.varint()), Keep: time.Duration(in.varint())}
	}
	return number, r
}

// key returns the key that bytes spell.
func (d *decoder) key(spelled []byte) string {
	key, known := d.keys[string(spelled)]
	if !known {
		key = string(spelled)
		d.keys[key] = key
	}
	return key
}

// A reader takes numbers off the front of what is left.
type reader struct{ left []byte }

func (r *reader) uvarint() uint64 {
	x, n := binary.Uvarint(r.left)
	r.next(n)
	return x
}

func (r *reader) varint() int64 {
	x, n := binary.Varint(r.left)
	r.next(n)
	return x
}

func (r *reader) next(n int) []byte {
	taken := r.left[:n]
	r.left = r.left[n:]
	return taken
}

func (r *reader) value() history.Value {
	v := history.Value{Num: r.varint()}
	if n := int(r.uvarint()); n > 0 {
		v.List = make([]int64, n)
		for i := range v.List {
			v.List[i] = r.varint()
		}
	}
	return v
}
