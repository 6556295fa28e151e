// Package versioned holds what stores share that keep one stamped version of
// every key: the table of versions with its digest, the journal that puts it on
// disk, and the two messages by which replicas compare tables. It knows no
// protocol: what a stamp is made of, which version wins and who compares with
// whom is the model's own.
package versioned

import (
	"fmt"

	"faultline/checker/history"
	"faultline/sim"
)

// A Stamp tells the versions of a key apart, and orders them; papers call it tag
// or timestamp. The order is the model's own: a Table keeps what it is given.
type Stamp interface {
	// Fingerprint mixes the stamp with h, the hash of its key. Different stamps
	// have different fingerprints, but for a chance of 2^-64.
	Fingerprint(h uint64) uint64
	// Place returns the stamp's place in the order, for checkers: it compares as
	// the stamps do, and is greater than the zero Version.
	Place() history.Version
	// String shows the stamp in transcripts, such as #3 by 0.
	String() string
}

// A Version is a value of a key, under its stamp. Versions are shared by
// messages and tables, and never change.
//
// A model has one version more, which stands for every key that was never
// written. It has no key, and a stamp that loses against all others.
type Version[S Stamp] struct {
	Key   string
	Stamp S
	Value history.Value
	hash  uint64 // of Key, once somebody wanted it
}

// keyHash returns the hash of the key, which every replica needs: it is computed
// once, but for the version that stands for unwritten keys, which runs share.
func (v *Version[S]) keyHash() uint64 {
	if v.hash == 0 && v.Key != "" {
		v.hash = Hash(v.Key)
	}
	if v.Key == "" {
		return Hash("")
	}
	return v.hash
}

// Place returns the place of the version in the store's own order; zero if the key was never written.
func (v *Version[S]) Place() history.Version {
	if v.Key == "" {
		return history.Version{}
	}
	return v.Stamp.Place()
}

// String shows the version in transcripts as key=value and its stamp: x=7 #3 by 0.
func (v *Version[S]) String() string {
	if v.Key == "" {
		return "nothing"
	}
	return fmt.Sprintf("%s=%v %v", v.Key, v.Value, v.Stamp)
}

// Bytes that parts of a message take on the wire.
const (
	HeaderSize = 40 // addresses and lengths in every message, roughly those of TCP/IP
	WordSize   = 8
	StampSize  = 3 * WordSize // a time or counter, who wrote, and what tells two such writes apart
)

// Size returns the bytes that the version takes on the wire.
func (v *Version[S]) Size() int { return len(v.Key) + StampSize + WordSize*(1+len(v.Value.List)) }

// Hash returns 64 bits for a key, of which any part is as good as another: FNV-1a, mixed.
func Hash(key string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	return sim.Mix(h)
}
