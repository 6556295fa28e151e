package sequential

import (
	"encoding/binary"
	"slices"

	"faultline/checker/judge"
)

// A search puts one event after another, depth first. Only the first write of a
// value that is read is a choice: everything else can be taken as soon as nothing
// stands before it, since no other order of it could help. Which events were
// taken says everything about a state, so a state is how far each session got.
type search struct {
	p       *problem
	at      []int32 // by chain: the next event
	need    []int32 // by node: how many edges into it are from nodes not taken
	out     [][]int32
	left    [][]int32 // by key and block: how many of its events are not taken
	current []int32   // by key: the block whose value it holds, or none
	taken   []int32   // events, in order
	was     []int32   // for each of them, the block whose value its key held before
	failed  map[string]struct{}
	room    int // bytes for states that may yet be remembered
	looks   int // how often a choice was looked at
	spent   bool
	state   []byte  // scratch
	met     []int32 // scratch
}

// maxStates bounds the memory for states, in bytes.
const maxStates = 256 << 20

// mapOverhead is about what a map keeps beside the bytes of a state.
const mapOverhead = 32

func (p *problem) search() answer {
	s := newSearch(p)
	switch found := s.run(); {
	case found:
		return p.holds(Search, s.taken)
	case s.spent:
		return answer{verdict: judge.Undecided, engine: Search}
	default:
		return answer{verdict: judge.Violated, engine: Search, why: &reason{problem: p, exhausted: true}}
	}
}

func newSearch(p *problem) *search {
	nodes := p.g.Nodes()
	s := &search{
		p: p, at: make([]int32, len(p.x.Chains)), need: make([]int32, nodes), out: make([][]int32, nodes),
		left: make([][]int32, len(p.x.Keys)), current: make([]int32, len(p.x.Keys)),
		failed: map[string]struct{}{}, room: maxStates,
	}
	for c := range p.x.Chains {
		s.at[c] = p.x.Chains[c].First
	}
	var free []int32
	for _, e := range p.g.Edges {
		s.out[e.From] = append(s.out[e.From], e.To)
		s.need[e.To]++
	}
	for _, join := range p.g.Joins() {
		if s.need[join] == 0 {
			free = append(free, join) // it gathers nothing
		}
	}
	for _, join := range free {
		s.release(join, -1)
	}
	for k := range p.registers {
		s.current[k] = none
		for i := range p.registers[k].blocks {
			s.left[k] = append(s.left[k], p.registers[k].blocks[i].size)
		}
	}
	return s
}

// run takes what can be taken, then tries the choices that are left. It reports
// whether it took everything.
func (s *search) run() bool {
	began := len(s.taken)
	s.settle()
	if len(s.taken) == len(s.p.x.Events) {
		return true
	}
	// To look at every client counts, too: where there are hundreds, that takes longest.
	if s.p.steps += 1 + (len(s.taken)-began+len(s.at))/nodesPerStep; s.p.steps > s.p.limit {
		s.spent = true
		return false
	}
	if !s.known() {
		for _, e := range s.choices() {
			if s.dead(e) {
				continue
			}
			s.take(e)
			if s.run() {
				return true
			}
			s.undo(len(s.taken) - 1)
			if s.spent {
				return false
			}
		}
		s.remember()
	}
	s.undo(began)
	return false
}

// settle takes all that is no choice.
func (s *search) settle() {
	for again := true; again; {
		again = false
		for c := range s.at {
			for s.at[c] < s.p.x.Chains[c].End && s.enabled(s.at[c]) && !s.isChoice(s.at[c]) {
				s.take(s.at[c])
				again = true
			}
		}
	}
}

// enabled reports whether nothing stands before the event, the next of its chain.
func (s *search) enabled(e int32) bool {
	ev := &s.p.x.Events[e]
	if s.need[e] > 0 {
		return false
	}
	return !s.isHead(e) || s.current[ev.Key] == none || s.left[ev.Key][s.current[ev.Key]] == 0
}

// isHead reports whether the event begins a block of a register.
func (s *search) isHead(e int32) bool {
	ev := &s.p.x.Events[e]
	return ev.Writes && ev.From == none && !s.p.x.Keys[ev.Key].Appends
}

// isChoice reports whether the event begins a block to which more belongs.
func (s *search) isChoice(e int32) bool {
	return s.isHead(e) && s.block(e).size > 1
}

// block returns the block of an event of a register, if it is not the initial one.
func (s *search) block(e int32) *block {
	return &s.p.registers[s.p.x.Events[e].Key].blocks[s.p.inBlock[e]]
}

// choices returns the events to try, those first whose values were in place first.
func (s *search) choices() []int32 {
	var all []int32
	for c := range s.at {
		if e := s.at[c]; e < s.p.x.Chains[c].End && s.enabled(e) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b int32) int { return s.p.compare(s.block(a), s.block(b), true) })
	return all
}

// dead reports whether the choice could never be completed: the block that it
// begins waits for a value on another key, which waits for that key's block to be
// complete, which waits in turn, and so on until one waits for this key again.
func (s *search) dead(e int32) bool {
	if s.p.crowded {
		return false
	}
	key := s.p.x.Events[e].Key
	s.met = append(s.met[:0], key)
	for i := 0; i < len(s.met); i++ {
		k := s.met[i]
		end := s.block(e).end
		if i > 0 {
			end = s.p.registers[k].blocks[s.current[k]].end
			if s.waits(end, key, e) {
				return true
			}
		}
		for m := range s.p.registers {
			if s.isOpen(int32(m)) && !slices.Contains(s.met, int32(m)) && s.waits(end, int32(m), none) {
				s.met = append(s.met, int32(m))
			}
		}
	}
	return false
}

// looksPerStep is how many looks at what a block waits for count as one step of the budget.
const looksPerStep = 8

// isOpen reports whether the key holds a value whose block is not complete.
func (s *search) isOpen(key int32) bool {
	return s.current[key] != none && s.left[key][s.current[key]] > 0
}

// waits reports whether another value must be written to the key, other than by
// the event but, before the end of a block.
func (s *search) waits(end, key, but int32) bool {
	if s.looks++; s.looks%looksPerStep == 0 {
		s.p.steps++
	}
	heads := &s.p.registers[key].heads
	for _, run := range heads.Runs {
		if last, _ := s.p.g.LastWrite(heads, run, end); last != none && last >= s.at[run.Chain] && last != but {
			return true
		}
	}
	return false
}

// take puts an event next.
func (s *search) take(e int32) {
	ev := &s.p.x.Events[e]
	s.taken, s.was = append(s.taken, e), append(s.was, s.current[ev.Key])
	s.at[ev.Chain]++
	s.count(e, -1)
	if s.isHead(e) {
		s.current[ev.Key] = s.p.inBlock[e]
	}
	s.release(e, -1)
}

// undo takes back the events from the n-th on.
func (s *search) undo(n int) {
	for len(s.taken) > n {
		last := len(s.taken) - 1
		e, was := s.taken[last], s.was[last]
		s.taken, s.was = s.taken[:last], s.was[:last]
		ev := &s.p.x.Events[e]
		s.release(e, 1)
		s.current[ev.Key] = was
		s.count(e, 1)
		s.at[ev.Chain]--
	}
}

// count notes how much of the event's block is left.
func (s *search) count(e, more int32) {
	ev := &s.p.x.Events[e]
	if left := s.left[ev.Key]; len(left) > 0 && s.p.inBlock[e] != initialBlock && s.inRegister(e) {
		left[s.p.inBlock[e]] += more
	}
}

func (s *search) inRegister(e int32) bool { return !s.p.x.Keys[s.p.x.Events[e].Key].Appends }

// release lets go of what waits for the node, or takes hold of it again.
func (s *search) release(node, more int32) {
	for _, to := range s.out[node] {
		held := s.need[to] == 0
		s.need[to] += more
		if s.p.g.IsJoin(to) && held != (s.need[to] == 0) {
			s.release(to, more)
		}
	}
}

// position writes down how far each chain got.
func (s *search) position() []byte {
	s.state = s.state[:0]
	for _, e := range s.at {
		s.state = binary.LittleEndian.AppendUint32(s.state, uint32(e))
	}
	return s.state
}

// known reports whether the search has been here in vain.
func (s *search) known() bool {
	_, known := s.failed[string(s.position())]
	return known
}

// remember notes that nothing leads on from here.
func (s *search) remember() {
	if s.room -= len(s.position()) + mapOverhead; s.room < 0 {
		s.spent = true
		return
	}
	s.failed[string(s.state)] = struct{}{}
}
