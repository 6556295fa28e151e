package history

import "math/bits"

// digestMultiplier is the 64-bit golden ratio: odd, with no pattern in its bits.
const digestMultiplier = 0x9e3779b97f4a7c15

// A digest folds 64-bit words into one. Integers only, so every platform agrees.
type digest uint64

func (d *digest) word(x uint64) {
	h := (uint64(*d) ^ x) * digestMultiplier
	*d = digest(bits.RotateLeft64(h, 29) ^ h>>32)
}

func (d *digest) text(s string) {
	d.word(uint64(len(s)))
	var w uint64
	for i := 0; i < len(s); i++ {
		w = w<<8 | uint64(s[i])
		if i%8 == 7 {
			d.word(w)
			w = 0
		}
	}
	d.word(w)
}

func (d *digest) value(n *Names, v Value) {
	d.item(n, v.Num)
	d.word(uint64(len(v.List)))
	for _, x := range v.List {
		d.item(n, x)
	}
}

// item folds in a number, or the name that it stands for: which number that is
// says nothing.
func (d *digest) item(n *Names, x int64) {
	if name, ok := n.Of(x); ok {
		d.text(name)
	} else {
		d.word(uint64(x))
	}
}

func (d *digest) op(op *Op) {
	d.word(uint64(op.Client))
	d.word(uint64(op.Process))
	d.word(uint64(op.Kind) | uint64(op.Status)<<8 | bit(op.Swapped)<<16 | bit(op.Blind)<<17)
	d.text(op.Key)
	d.value(op.Names, op.In)
	d.value(op.Names, op.Expect)
	d.value(op.Names, op.Out)
	d.word(uint64(op.Call))
	d.word(uint64(op.Return))
	d.word(uint64(len(op.Attempts)))
	for _, a := range op.Attempts {
		d.word(uint64(a.Node))
		d.word(uint64(a.Call))
		d.word(uint64(a.Return))
		d.word(uint64(a.Status))
	}
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// Digest returns a 64-bit hash of the whole history: order, values, times,
// outcomes and attempts. It is the same on all platforms and survives Encode and
// Decode; it is no protection against someone who looks for a collision.
func (h History) Digest() uint64 {
	d := digest(len(h))
	for i := range h {
		if op := &h[i]; op.isPlain() {
			d.op(op)
		} else {
			meant := op.meaning()
			d.op(&meant)
		}
	}
	return uint64(d)
}
