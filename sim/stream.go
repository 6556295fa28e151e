package sim

import "math/bits"

// A Stream is a stream of random numbers that belongs to one entity (SplitMix64;
// Steele, Lea and Flood, OOPSLA 2014). All its draws are integers at heart, so
// they are the same on every platform.
type Stream struct{ state uint64 }

const golden = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio, odd

// What keeps the streams of nodes, disks and the trace hash apart from each other.
const (
	nodeStreams   = 1 << 40
	diskStreams   = 2 << 40
	serverStreams = 3 << 40
	hashSalt      = 0x5bf03635aca3f1d7
)

// Mix scrambles 64 bits so that every bit of the result depends on every bit of x.
func Mix(x uint64) uint64 { return mix(x) }

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// fold mixes one event into a trace hash.
func fold(hash uint64, at Time, kind uint8, node, from NodeID) uint64 {
	what := uint64(uint32(node))<<32 | uint64(uint32(from))
	hash = (hash ^ uint64(at) ^ uint64(kind)<<56) * 0xff51afd7ed558ccd
	return bits.RotateLeft64(hash, 29) ^ what*golden
}

// NewStream returns the stream of a named entity in the run with the given seed.
func NewStream(seed uint64, name string) *Stream { return &Stream{named(seed, name)} } // inlined, so that one that is drawn from once is no garbage

func named(seed uint64, name string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return begin(seed, h)
}

func newStream(seed, key uint64) *Stream { return &Stream{begin(seed, key)} }

func begin(seed, key uint64) uint64 { return mix(mix(seed+golden) ^ mix(key)) }

// Uint64 returns 64 random bits.
func (r *Stream) Uint64() uint64 {
	r.state += golden
	return mix(r.state)
}

// IntN returns a random number from 0 to n-1. It panics if n is not positive.
func (r *Stream) IntN(n int) int {
	if n <= 0 {
		panic("sim: IntN of a number that is not positive")
	}
	hi, lo := bits.Mul64(r.Uint64(), uint64(n)) // Lemire, "Fast Random Integer Generation in an Interval", 2019
	for reject := -uint64(n) % uint64(n); lo < reject; {
		hi, lo = bits.Mul64(r.Uint64(), uint64(n))
	}
	return int(hi)
}

// Float64 returns a random number in [0, 1), a multiple of 2^-53.
func (r *Stream) Float64() float64 { return float64(r.Uint64()>>11) / (1 << 53) }

// Chance returns true with probability p.
func (r *Stream) Chance(p float64) bool { return r.Float64() < p }

// Shuffle permutes n things at random, by swapping them.
func (r *Stream) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, r.IntN(i+1))
	}
}
