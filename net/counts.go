package net

import (
	"math/bits"

	"faultline/sim"
)

// The counts of the messages on the links from a node are a table of bytes by
// receiver while there are at most a thousand nodes or so. Among more, most links
// carry nothing: then they are a hash table of those that do, until that would be
// as large as the table. So a message among 10,000 nodes, whose links would take
// 160 MB, finds its count in a few megabytes.

// dense is how large a table of all receivers may always be.
const dense = 1 << 10

// count counts a message on the link to a node, and returns how-maniest it is.
//
// The low byte of a count is apart: among 1,000 nodes the million links' counts
// miss the cache at every message, and bytes halve the time of a message against
// words. Links busy enough to wrap are few, so only their senders have the rest.
func (p *place) count(to sim.NodeID) uint64 {
	if int(to) >= len(p.sent) {
		return p.countFew(to)
	}
	p.sent[to]++
	if low := p.sent[to]; low != 0 && p.rare == nil {
		return uint64(low)
	}
	return p.countHigh(to)
}

// glance reads what count will need, without a branch that depends on it.
func (p *place) glance(to sim.NodeID) uint64 {
	switch {
	case int(to) < len(p.sent):
		return uint64(p.sent[to])
	case p.few != nil:
		return uint64(p.few.slots[uint32(to)*fewHash>>p.few.shift])
	}
	return 0
}

// countHigh returns the whole count of a link from a node of which a count has wrapped.
func (p *place) countHigh(to sim.NodeID) uint64 {
	low, r := p.sent[to], p.makeRare()
	if low == 0 {
		r.wraps = widen(r.wraps, to)
		r.wraps[to]++
	}
	if int(to) >= len(r.wraps) {
		return uint64(low)
	}
	return uint64(r.wraps[to])<<8 + uint64(low)
}

// countFew counts a message to a receiver beyond the table.
func (p *place) countFew(to sim.NodeID) uint64 {
	if p.few == nil {
		if to < dense || p.rare != nil && p.rare.wraps != nil {
			p.sent = widen(p.sent, to)
			return p.count(to)
		}
		p.few = fewOf(p.sent)
		p.sent = nil
	}
	if count := p.few.count(to); count > 0 {
		return count
	}
	p.spread()
	p.sent = widen(p.sent, to)
	return p.count(to)
}

// spread makes the few counts a table of all receivers.
func (p *place) spread() {
	for _, s := range p.few.slots {
		to, count := sim.NodeID(s>>fewBits), s%(1<<fewBits)
		if count == 0 {
			continue
		}
		p.sent = widen(p.sent, to)
		p.sent[to] = uint8(count)
		if count > 0xff {
			r := p.makeRare()
			r.wraps = widen(r.wraps, to)
			r.wraps[to] = count >> 8
		}
	}
	p.few = nil
}

// A few is a hash table of counts that are not 0 (linear probing, at most half full).
type few struct {
	slots []uint32   // the receiver and its count; 0 if free
	shift int        // from 32 bits to an index of slots
	used  int        // slots that are not free
	last  sim.NodeID // the highest receiver
}

const (
	fewBits  = 16         // of a slot that are the count; the others are the receiver
	fewFirst = 6          // log2 of the first size
	fewHash  = 0x9e3779b1 // 2^32 divided by the golden ratio
)

// fewOf returns those of a table's counts that are not 0.
func fewOf(table []uint8) *few {
	f := new(few)
	f.resize(fewFirst)
	for to, count := range table {
		if count > 0 {
			f.add(sim.NodeID(to), count)
		}
	}
	return f
}

// count counts a message, and returns how-maniest it is, or 0 without having
// counted it if that takes a table of all receivers.
func (f *few) count(to sim.NodeID) uint64 {
	s := f.slot(uint32(to))
	switch {
	case *s == 0:
		f.last = max(f.last, to)
		if f.full() && len(f.slots)*2*4 > roundUp(f.last) {
			return 0
		}
		f.add(to, 1)
		return 1
	case (*s+1)>>fewBits != *s>>fewBits:
		return 0
	}
	*s++
	return uint64(*s % (1 << fewBits))
}

func (f *few) full() bool { return f.used*2 >= len(f.slots) }

// slot returns where the count of a receiver is or belongs.
func (f *few) slot(to uint32) *uint32 {
	for i := to * fewHash >> f.shift; ; i++ {
		s := &f.slots[i%uint32(len(f.slots))]
		if *s == 0 || *s>>fewBits == to {
			return s
		}
	}
}

// add adds the count of a receiver that has none.
func (f *few) add(to sim.NodeID, count uint8) {
	if f.full() {
		f.resize(bits.Len(uint(len(f.slots))))
	}
	*f.slot(uint32(to)) = uint32(to)<<fewBits | uint32(count)
	f.used++
}

// resize makes f one of 2^log slots.
func (f *few) resize(log int) {
	old := f.slots
	f.slots, f.shift = make([]uint32, 1<<log), 32-log
	for _, s := range old {
		if s != 0 {
			*f.slot(s >> fewBits) = s
		}
	}
}

// widen returns the table of a node's links with room for a receiver.
func widen[T any](table []T, to sim.NodeID) []T {
	if int(to) < len(table) {
		return table
	}
	wider := make([]T, roundUp(to))
	copy(wider, table)
	return wider
}
