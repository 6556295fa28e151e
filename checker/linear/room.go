package linear

// A room holds what a search needs for a small key, in one piece: most keys that
// need a search are small, and allocating is what would take longest.
type room struct {
	with     [few]slot
	number   [firstSlots]slot
	visited  [fewest]configuration
	head     [fewest]int32
	out      [4]configuration
	stack    [few]int32
	open     [few]int32
	maybe    [few]int32
	until    [few]int32
	from     [few]state
	effects  [few]effect
	states   [few]inState
	byEffect [few]byEffect
	active   [few]int32
	crashes  [few]int32
	fields   [few]field
	rows     [few]uint64
	guards   [1]uint64
}

// few is how many states, effects and bags a small key has at most.
const few = 16

// furnish gives the search its first memory.
func (s *search) furnish() {
	r := new(room)
	s.here.all, s.here.head = r.visited[:0], r.head[:]
	s.out, s.stack = r.out[:0], r.stack[:0]
	s.plan.open, s.maybe, s.plan.effects = r.open[:0], r.maybe[:0], r.effects[:0]
	s.space.until, s.space.from, s.space.with.slots, s.number.slots = r.until[:0], r.from[:0], r.with[:], r.number[:]
	s.window.states, s.window.effects, s.active = r.states[:0], r.byEffect[:0], r.active[:0]
	s.crashes, s.bags.fields, s.bags.rows, s.bags.guards = r.crashes[:0], r.fields[:0], r.rows[:0], r.guards[:0]
}
