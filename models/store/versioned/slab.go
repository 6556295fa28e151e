package versioned

// A Slab hands out memory for small messages, many to an allocation.
type Slab[M any] struct{ left []M }

const slabMessages = 64

// New returns where m now is.
func (s *Slab[M]) New(m M) *M {
	if len(s.left) == 0 {
		s.left = make([]M, slabMessages)
	}
	at := &s.left[0]
	s.left = s.left[1:]
	*at = m
	return at
}
