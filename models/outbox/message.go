package outbox

import (
	"slices"

	"faultline/checker/history"
	"faultline/net/call"
)

// An event says that there is an order. Its name is the token of the client's
// intent: the same event may be published, and delivered, more than once.
type event struct {
	name   call.Token
	key    string
	number int64
	place  int64 // of the order in the database; 0 of one that is published before it is there
}

// Between orders, broker and consumer.
type (
	// A publish puts an event into the queue.
	publish struct{ event event }
	// A confirm tells that the broker has it.
	confirm struct{ name call.Token }
	// A poll asks for the oldest event that is visible.
	poll struct{}
	// A delivery hands out an event, at a place in the queue.
	delivery struct {
		place uint64
		event event
	}
	// A done acknowledges what is at a place.
	done struct{ place uint64 }
)

// A book is numbers by key.
type book map[string][]int64

func (b book) add(ev event) { b[ev.key] = append(b[ev.key], ev.number) }

// sorted calls visit for every key with its numbers in order of size, as far as
// two books can be compared: what comes later may overtake.
func (b book) sorted(visit func(key string, v history.Value)) {
	for key, list := range b { // any order: Dump promises none
		visit(key, history.Value{List: slices.Sorted(slices.Values(list))})
	}
}

const smallSize = 56 // bytes of a message that holds only a few numbers

// Size returns the bytes of the message on the wire.
func (m publish) Size() int { return smallSize + len(m.event.key) }

// Size returns the bytes of the message on the wire.
func (confirm) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (poll) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (m delivery) Size() int { return smallSize + len(m.event.key) }

// Size returns the bytes of the message on the wire.
func (done) Size() int { return smallSize }
