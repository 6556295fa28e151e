// Package call is request and reply between a script and the nodes it asks. It
// knows nothing of what is asked: a request is any message that embeds a Header,
// a reply any message that names the call it answers.
//
// One intent ("write 7 to x") has one Token. Each try to carry it out is an
// attempt: one request to one node, with an ID of its own. Several attempts of
// one intent may be under way at once, and the reply to any of them ends it.
package call

import (
	"fmt"

	"faultline/sim"
)

// An ID names one attempt. IDs are unique within the script that makes the
// calls; nodes that answer only hand them back. The zero ID names none.
type ID uint64

// A Token names an intent: it stays the same over all attempts to carry it out,
// so that a store which remembers tokens applies a retried write once. The zero
// Token names no intent.
type Token struct {
	Client int64  // who wants it: the client's address, or a number of its own for every session there
	Seq    uint64 // the how-maniest intent of that client, from 1
}

// IsZero reports whether t names no intent.
func (t Token) IsZero() bool { return t.Seq == 0 }

// String prints t as client.seq: 7.3.
func (t Token) String() string { return fmt.Sprintf("%d.%d", t.Client, t.Seq) }

// A Header is what every request carries; request messages embed it.
type Header struct {
	ID       ID       // names this attempt; the reply hands it back
	Token    Token    // names the intent; the same over attempts
	Attempt  int      // the how-maniest attempt of the intent, from 1
	Deadline sim.Time // when the caller stops waiting for this attempt, as its clock reads then; 0: never
	Origin   int      // the client whose intent it serves, from 1, through however many services; 0: none
}

// CallHeader returns h itself; it lets code that knows no store read the header of any request.
func (h Header) CallHeader() Header { return h }

// Expires returns when the caller stops waiting for this attempt, as its own clock reads then (sim.Job).
func (h Header) Expires() sim.Time {
	if h.Deadline == 0 {
		return sim.Forever
	}
	return h.Deadline
}

// An Asks is a message that asks for a reply: anything that embeds a Header.
type Asks interface{ CallHeader() Header }

// A Cancel takes an attempt back: its caller has no more use for the answer. It
// takes the request out of a server's line (sim.Recall); what is under way is for its handler to end.
type Cancel struct{ ID ID }

// Recalls reports whether a job is the attempt's request.
func (c Cancel) Recalls(job any) bool {
	r, ok := job.(Asks)
	return ok && r.CallHeader().ID == c.ID
}

// Size returns the bytes that the message takes on the wire: addresses and an ID.
func (c Cancel) Size() int { return 40 }

// An Answer is a message that replies to a call.
type Answer interface {
	// CallID returns the ID of the attempt that it answers.
	CallID() ID
}
