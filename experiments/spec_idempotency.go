package experiments

import (
	"slices"

	"faultline/experiments/strict"
	"faultline/models/dedup"
	"faultline/net/call"
)

// IdempotencySpec is how a write that is retried is recognised, as it is written.
type IdempotencySpec struct {
	Label  string          `yaml:"label" doc:"name in tables and charts, where it is swept"`
	Key    string          `yaml:"key" oneof:"intent,attempt,none" default:"intent" doc:"what an idempotency key names: the client's intent, the same over all its attempts; each attempt anew; or there is none"`
	Table  string          `yaml:"table" oneof:"replicated,local,none" default:"replicated" doc:"where the store keeps the keys: in its log, in the memory of the replica that was asked, or nowhere"`
	Record string          `yaml:"record" oneof:"atomic,after,before" default:"atomic" doc:"when a key is recorded: in the same step as the effect, or in one of its own, after or before it"`
	Window strict.Duration `yaml:"window" default:"0s" min:"0s" max:"8760h" doc:"how long a record is good; 0s: for ever"`
}

// layer returns the table of keys that the spec describes.
func (s *IdempotencySpec) layer() dedup.Layer {
	if s == nil {
		return dedup.Layer{}
	}
	return dedup.Layer{
		Table:  dedup.Table(slices.Index(dedup.Tables, s.Table)),
		Record: dedup.Timing(slices.Index(dedup.Timings, s.Record)),
		Window: s.Window.Std(),
	}
}

// key returns what a key names.
func (s *IdempotencySpec) key() Key {
	if s == nil {
		return PerIntent
	}
	return Key(slices.Index(keyNames, s.Key))
}

// A Key says what the token of a request names.
type Key uint8

// What a token may name.
const (
	PerIntent  Key = iota // what the client wants: the same over all attempts
	PerAttempt            // one attempt: a retry looks like something new
	NoKey                 // nothing
)

var keyNames = []string{"intent", "attempt", "none"}

// keyShift leaves room for the attempts of an intent below its number.
const keyShift = 16

// token returns the token of an attempt, made from that of the intent.
func (k Key) token(h call.Header) call.Token {
	t := h.Token
	switch k {
	case PerAttempt:
		t.Seq = t.Seq<<keyShift | uint64(h.Attempt)
	case NoKey:
		t.Seq = 0
	}
	return t
}
