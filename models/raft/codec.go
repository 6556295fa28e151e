package raft

import (
	"encoding/binary"
	"time"

	"faultline/checker/history"
	"faultline/models/store"
	"faultline/sim"
)

// encode returns a request as the payload of a log entry: the number of the
// proposal, who wants it (the token), and what. Whom to answer is no part of it:
// only the leader that took the request in answers it.
func encode(number uint64, r *store.Request) []byte {
	b := make([]byte, 0, 32+len(r.Key)) // enough for a write of a number
	b = binary.LittleEndian.AppendUint64(b, number)
	b = append(b, byte(r.Kind))
	b = binary.AppendUvarint(b, uint64(uint32(r.Token.Client)))
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

// decode returns the proposal that encode wrote. It panics if data is anything else.
func decode(data []byte) (number uint64, r *store.Request) {
	in := reader{data}
	r = new(store.Request)
	number = binary.LittleEndian.Uint64(in.next(8))
	r.Kind = history.Kind(in.next(1)[0])
	r.Token.Client = sim.NodeID(uint32(in.uvarint()))
	r.Token.Seq = in.uvarint()
	r.Key = string(in.next(int(in.uvarint())))
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
