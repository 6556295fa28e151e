package linear

import "faultline/checker/history"

// A family is what sort of thing a key is.
type family uint8

const (
	registers family = iota // registers and lists: read, written, compared and set, appended to
	sets                    // read and added to
	queues                  // enqueued and dequeued
	stacks                  // pushed and popped
)

var familyOf = [...]uint8{
	history.Read:    1<<registers | 1<<sets | 1<<queues | 1<<stacks,
	history.Write:   1 << registers,
	history.CAS:     1 << registers,
	history.Append:  1 << registers,
	history.Add:     1 << sets,
	history.Enqueue: 1 << queues,
	history.Dequeue: 1 << queues,
	history.Push:    1 << stacks,
	history.Pop:     1 << stacks,
}
