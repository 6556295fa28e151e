package linear

// A configuration is one way in which things may stand before an operation
// returns (Lowe, "Testing for linearizability", 2017), told by the open operations
// alone. One that is neither taken nor free is still to happen.
type configuration struct {
	taken uint64 // open operations that happened and left their mark
	free  uint64 // open operations that may pass for having happened unseen, or for still to happen
	state state
	used  bag   // crashed operations that happened
	event int32 // the return that comes next
	trail int32 // the last step that led here, or none

	older int32 // in a set: the next older one of the same hash, plus one
	onWay bool  // it is being led on until what returns has happened
	gone  bool  // in a set: a younger one covers it
}

// covers reports whether a can go on in every way in which b can. What is free
// can pass for taken, and for still to happen.
func (a *configuration) covers(b *configuration, bags *bags) bool {
	return a.state == b.state && a.event == b.event && a.onWay == b.onWay &&
		a.taken&^b.taken == 0 && b.free&^a.free == 0 && b.taken&^(a.taken|a.free) == 0 && bags.within(a.used, b.used)
}

// configurations are a set in which, as a rule, none covers another.
type configurations struct {
	all  []configuration
	head []int32 // by hash of event and state: the youngest one, plus one
}

// fewest is how many configurations a set has room for at first.
const fewest = 64

// reset empties the set.
func (s *configurations) reset() {
	switch {
	case s.head == nil:
		s.all, s.head = make([]configuration, 0, fewest), make([]int32, fewest)
	case len(s.all) < len(s.head)/8:
		for i := range s.all {
			s.head[s.place(&s.all[i])] = 0
		}
	default:
		clear(s.head)
	}
	s.all = s.all[:0]
}

func (s *configurations) place(c *configuration) uint64 {
	h := uint64(c.event)<<33 | uint64(c.state)<<1
	if c.onWay {
		h++
	}
	h *= hashMultiplier
	return (h ^ h>>32) & uint64(len(s.head)-1)
}

// add adds c, and marks as gone what it covers. If another covers c already, add
// returns false. looked is how many it was compared with.
func (s *configurations) add(c *configuration, bags *bags) (added bool, looked int) {
	at := s.place(c)
	for i := s.head[at]; i != 0; i = s.all[i-1].older {
		looked++
		other := &s.all[i-1]
		if other.covers(c, bags) {
			return false, looked
		}
		other.gone = other.gone || c.covers(other, bags)
	}
	c.older = s.head[at]
	s.all = append(s.all, *c)
	s.head[at] = int32(len(s.all))
	if len(s.all) > 2*len(s.head) {
		s.grow()
	}
	return true, looked
}

func (s *configurations) grow() {
	s.head = make([]int32, 4*len(s.head))
	for i := range s.all {
		at := s.place(&s.all[i])
		s.all[i].older, s.head[at] = s.head[at], int32(i+1)
	}
}
