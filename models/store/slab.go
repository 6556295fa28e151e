package store

// A Slab hands out memory for small messages and records, many to an allocation.
// What it handed out stays as it is until the end of the run. Its zero value is ready.
type Slab[M any] struct {
	left []M
	kept [][]M // blocks that serve the next run again
	next int   // of those
}

const (
	slabBlock = 64 // messages
	slabKept  = 64 // blocks: a short run's messages; what a long run takes beyond them is garbage once it is read
)

// New returns where m now is.
func (s *Slab[M]) New(m M) *M {
	if len(s.left) == 0 {
		s.refill()
	}
	at := &s.left[0]
	s.left = s.left[1:]
	*at = m
	return at
}

// refill takes a block of an earlier run, or a new one.
func (s *Slab[M]) refill() {
	if s.next < len(s.kept) {
		s.left = s.kept[s.next]
		s.next++
		return
	}
	s.left = make([]M, slabBlock)
	if len(s.kept) < slabKept {
		s.kept = append(s.kept, s.left)
		s.next++
	}
}

func (s *Slab[M]) reset() { s.left, s.next = nil, 0 }

// Boxes are the memory of a run's messages, which the next run takes over. So
// short runs, one after the other, cause next to no garbage, and what they say
// lies where the processor's caches have it already. Its zero value is ready.
type Boxes struct {
	requests Slab[Request]
	replies  Slab[Reply]
	others   []interface{ reset() } // one Slab of each type of message
}

// Reset takes all memory back: whoever holds a message of an earlier run must not look at it again.
func (b *Boxes) Reset() {
	b.requests.reset()
	b.replies.reset()
	for _, s := range b.others {
		s.reset()
	}
}

// Request returns where r now is. Its replies will lie in the same boxes. Without boxes it is anywhere.
func (b *Boxes) Request(r Request) *Request {
	if b == nil {
		own := r // &r would have the compiler allocate every request
		return &own
	}
	r.boxes = b
	return b.requests.New(r)
}

// Request returns an empty request, whose replies will lie in the run's memory.
func (c Config) Request() *Request { return &Request{boxes: c.Boxes} }

// SlabOf returns the run's memory for messages of one type, which all replicas
// share; or memory of its own, if nobody keeps the run's.
func SlabOf[M any](cfg Config) *Slab[M] {
	b := cfg.Boxes
	if b == nil {
		return new(Slab[M])
	}
	for _, s := range b.others {
		if s, ok := s.(*Slab[M]); ok {
			return s
		}
	}
	s := new(Slab[M])
	b.others = append(b.others, s)
	return s
}

// box returns where a reply to r now is.
func (r *Request) box(reply Reply) *Reply {
	if r.boxes == nil {
		own := reply // &reply would have the compiler allocate every reply
		return &own
	}
	return r.boxes.replies.New(reply)
}
