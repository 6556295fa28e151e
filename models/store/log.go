package store

// A Log is a sequence of writes without its beginning, which the replica has
// forgotten. Writes have places, from 1 on.
type Log[W any] struct {
	forgotten uint64       // the writes up to here
	held      []W          // those after
	room      []W          // the memory that held lies in
	early     map[uint64]W // by place: writes that overtook others on their way
}

// NewLog returns a log that begins after a place.
func NewLog[W any](after uint64, held ...W) Log[W] { return Log[W]{forgotten: after, held: held} }

// Last returns the place of the last write.
func (l *Log[W]) Last() uint64 { return l.forgotten + uint64(len(l.held)) }

// Forgotten returns the place up to which the log no longer holds the writes.
func (l *Log[W]) Forgotten() uint64 { return l.forgotten }

// At returns the write at a place, which the log must hold.
func (l *Log[W]) At(place uint64) *W { return &l.held[place-l.forgotten-1] }

// After returns the writes after a place. They are the log's own, until the next is added.
func (l *Log[W]) After(place uint64) []W { return l.held[place-l.forgotten:] }

// Append adds the next write.
func (l *Log[W]) Append(w W) {
	if len(l.held) == cap(l.held) {
		l.makeRoom()
	}
	l.held = append(l.held, w)
}

// makeRoom moves the writes to the front of the memory, if that is where forgotten
// ones were, or else to twice as much.
func (l *Log[W]) makeRoom() {
	if len(l.room) < 2*len(l.held)+1 {
		l.room = make([]W, max(firstWrites, 2*len(l.room)))
	}
	n := copy(l.room, l.held)
	clear(l.room[n:])
	l.held = l.room[:n]
}

const firstWrites = 64 // that a log has room for to begin with

// Take adds a write that is to have a place, if its turn has come, and after it
// those that came early; it returns the writes that it added. One that comes
// early itself is kept until its turn; one that is there is ignored.
func (l *Log[W]) Take(place uint64, w W) []W {
	last := l.Last()
	switch {
	case place <= last:
		return nil
	case place > last+1:
		if l.early == nil {
			l.early = map[uint64]W{}
		}
		l.early[place] = w
		return nil
	}
	l.Append(w)
	for len(l.early) > 0 {
		next, ok := l.early[l.Last()+1]
		if !ok {
			break
		}
		delete(l.early, l.Last()+1)
		l.Append(next)
	}
	return l.After(last)
}

// DropEarly forgets the writes that came early.
func (l *Log[W]) DropEarly() { clear(l.early) }

// Forget drops the writes up to a place.
func (l *Log[W]) Forget(upTo uint64) {
	if upTo > l.forgotten {
		l.held = l.held[upTo-l.forgotten:]
		l.forgotten = upTo
	}
}
