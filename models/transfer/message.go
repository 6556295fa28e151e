package transfer

import (
	"faultline/net/call"
)

// A transfer is named by the token of the client's intent, and by the life of the
// coordinator that tries to carry it out: what a bank promised to an earlier life,
// which may be told to abort, is no promise to this one. A saga has one name in all lives.
type name struct {
	intent call.Token
	life   uint64
}

// A transfer is what is to be done.
type transfer struct {
	name   name
	key    string
	number int64
	place  int64 // in the order in which transfers were begun (saga) or decided (two-phase)
}

// An act is what a bank is asked to do, or says that it has done.
type act uint8

const (
	doChange  act = iota // saga: debit or credit
	doRefund             // saga: undo the debit
	doPrepare            // two-phase: lock, and promise
	doCommit             // two-phase: change, and unlock
	doAbort              // two-phase: unlock
)

type (
	// An ask is from the coordinator to a bank.
	ask struct {
		act      act
		transfer transfer
	}
	// A told is the bank's answer: done, or refused.
	told struct {
		act     act
		name    name
		refused bool
	}
	// An inquiry is from a bank that is in doubt: what was decided?
	inquiry struct{ name name }
)

const smallSize = 56 // bytes of a message that holds only a few numbers

// Size returns the bytes of the message on the wire.
func (m ask) Size() int { return smallSize + len(m.transfer.key) }

// Size returns the bytes of the message on the wire.
func (told) Size() int { return smallSize }

// Size returns the bytes of the message on the wire.
func (inquiry) Size() int { return smallSize }
