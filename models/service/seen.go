package service

import (
	"faultline/net/call"
	"faultline/sim"
)

// seen are the requests that came last. A connection hides from its users what
// the network doubles: without this, one copy might be refused while another goes on to the store.
//
// It is a set with open addressing (Knuth, volume 3, section 6.4, algorithms L and
// R), since every request of a service is looked up here.
type seen struct {
	order []name  // of the last that came: a ring once it is full
	next  int     // where the oldest is then
	table []int16 // 1 + where in order, or 0; its length is a power of two
}

const (
	remembered = 1024 // requests
	smallest   = 64   // entries of the table
)

// add remembers a request and reports whether it was not remembered already.
func (s *seen) add(from sim.NodeID, id call.ID) bool {
	n := name{from, id}
	if len(s.table) > 0 && s.table[s.find(n)] != 0 {
		return false
	}
	if len(s.order) < remembered {
		s.order = append(s.order, n)
		s.enter()
		return true
	}
	s.remove(s.find(s.order[s.next]))
	s.order[s.next] = n
	s.table[s.find(n)] = int16(s.next + 1)
	s.next = (s.next + 1) % remembered
	return true
}

// home returns where in the table a name is, unless another is there already.
func (s *seen) home(n name) int {
	return int(sim.Mix(uint64(n.id)^uint64(n.from)<<48)) & (len(s.table) - 1)
}

// find returns where in the table a name is, or else where it would be.
func (s *seen) find(n name) int {
	i := s.home(n)
	for s.table[i] != 0 && s.order[s.table[i]-1] != n {
		i = (i + 1) & (len(s.table) - 1)
	}
	return i
}

// enter puts the newest name into the table, of which half is free.
func (s *seen) enter() {
	if n := len(s.order); 2*n <= len(s.table) {
		s.table[s.find(s.order[n-1])] = int16(n)
		return
	}
	s.table = make([]int16, max(smallest, 2*len(s.table)))
	for i, n := range s.order {
		s.table[s.find(n)] = int16(i + 1)
	}
}

// remove empties an entry, and moves those behind it that it kept from their homes.
func (s *seen) remove(hole int) {
	mask := len(s.table) - 1
	for i := (hole + 1) & mask; s.table[i] != 0; i = (i + 1) & mask {
		if home := s.home(s.order[s.table[i]-1]); (i-home)&mask >= (i-hole)&mask {
			s.table[hole], hole = s.table[i], i
		}
	}
	s.table[hole] = 0
}
