package workload

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A KeyLaw says how operations are spread over the keys. The zero KeyLaw is uniform.
type KeyLaw struct {
	Kind  LawKind
	Theta float64 // of Zipf: how skewed, 0 (uniform) to MaxTheta; 0.99 is what YCSB uses
	Hot   int     // of HotKeys: how many keys are hot, k0 and on
	Share float64 // of HotKeys: how much of all operations is about them; the others share the rest evenly
}

// A LawKind is a family of key laws.
type LawKind uint8

// The families of key laws.
const (
	Uniform LawKind = iota // all keys alike
	Zipf                   // the i-th key, from 1, is asked for in proportion to 1/i^Theta
	HotKeys                // some hot keys and a cold tail
)

// MaxTheta bounds the exponent of Zipf; beyond it, k0 gets nearly everything.
const MaxTheta = 5.0

// Laws says how the laws are written in experiment files, with a sentence each.
var Laws = []struct{ Name, Signature, Doc, Example string }{
	Uniform: {"uniform", "uniform", "All keys alike.", "uniform"},
	Zipf:    {"zipf", "zipf(theta)", "The i-th key in proportion to 1/i^theta.", "zipf(0.99)"},
	HotKeys: {"hot", "hot(keys, share)", "Some hot keys get this share of all operations, a cold tail the rest.", "hot(1, 0.8)"},
}

// String returns the law as ParseLaw reads it.
func (l KeyLaw) String() string {
	switch name := Laws[l.Kind].Name; l.Kind {
	case Zipf:
		return name + "(" + number(l.Theta) + ")"
	case HotKeys:
		return name + "(" + strconv.Itoa(l.Hot) + ", " + number(l.Share) + ")"
	default:
		return name
	}
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// ParseLaw reads a law of keys: uniform, zipf(0.99), hot(1, 0.8) or hot(1, 80%).
// That there are enough keys for it is for Workload.Check to say.
func ParseLaw(text string) (KeyLaw, error) {
	name, rest, more := strings.Cut(strings.TrimSpace(text), "(")
	var args []string
	if more {
		inside, ok := strings.CutSuffix(rest, ")")
		if !ok {
			return KeyLaw{}, fmt.Errorf("law %q: the closing bracket is missing", text)
		}
		args = strings.Split(inside, ",")
	}
	law, err := lawOf(strings.TrimSpace(name), args)
	if err != nil {
		return KeyLaw{}, fmt.Errorf("law %q: %w", text, err)
	}
	return law, nil
}

func lawOf(name string, args []string) (KeyLaw, error) {
	i := slices.IndexFunc(Laws, func(l struct{ Name, Signature, Doc, Example string }) bool { return l.Name == name })
	if i < 0 {
		return KeyLaw{}, fmt.Errorf("unknown law of keys %q; write uniform, zipf(0.99) or hot(1, 0.8)", name)
	}
	law := KeyLaw{Kind: LawKind(i)}
	if want := lawArgs[law.Kind]; len(args) != want {
		return KeyLaw{}, fmt.Errorf("%d values in brackets where %s has %d", len(args), Laws[i].Signature, want)
	}
	var err error
	switch law.Kind {
	case Zipf:
		law.Theta, err = parseNumber(args[0])
	case HotKeys:
		if law.Hot, err = strconv.Atoi(strings.TrimSpace(args[0])); err != nil {
			return KeyLaw{}, fmt.Errorf("%q is not a number of keys", strings.TrimSpace(args[0]))
		}
		law.Share, err = parseNumber(args[1])
	}
	if err == nil {
		err = law.check(MaxKeys)
	}
	return law, err
}

// lawArgs is how many values a law has in brackets.
var lawArgs = [...]int{Uniform: 0, Zipf: 1, HotKeys: 2}

// parseNumber reads 0.8 or 80%.
func parseNumber(text string) (float64, error) {
	text = strings.TrimSpace(text)
	digits, percent := strings.CutSuffix(text, "%")
	x, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	if percent {
		x /= 100
	}
	return x, nil
}

// check returns what is wrong with the law for that many keys, or nil.
func (l KeyLaw) check(keys int) error {
	switch l.Kind {
	case Uniform:
		return nil
	case Zipf:
		if !(l.Theta >= 0 && l.Theta <= MaxTheta) {
			return fmt.Errorf("law: theta of zipf is %v, not from 0 to %v", l.Theta, MaxTheta)
		}
	case HotKeys:
		if l.Hot < 1 || l.Hot > keys {
			return fmt.Errorf("law: %d hot keys, not from 1 to %d, which is how many keys there are", l.Hot, keys)
		}
		if !(l.Share >= 0 && l.Share <= 1) {
			return fmt.Errorf("law: the share of the hot keys is %v, not from 0 to 1", l.Share)
		}
	default:
		return fmt.Errorf("law: no law of keys has the number %d", l.Kind)
	}
	return nil
}

// weights returns how often the keys are asked for, in proportion.
func (l KeyLaw) weights(keys int) []float64 {
	weights := make([]float64, keys)
	for i := range weights {
		weights[i] = l.weight(i, keys)
	}
	return weights
}

func (l KeyLaw) weight(i, keys int) float64 {
	switch {
	case l.Kind == Zipf:
		return 1 / power(float64(i+1), l.Theta)
	case l.Kind == HotKeys && l.Hot < keys && i < l.Hot:
		return l.Share / float64(l.Hot)
	case l.Kind == HotKeys && l.Hot < keys:
		return (1 - l.Share) / float64(keys-l.Hot)
	}
	return 1
}

// power returns x^y for x >= 1 and 0 <= y <= MaxTheta, with the same bits on
// every platform: math.Pow has not, but multiplication and square roots are
// rounded in one way only. y is taken in binary: x^0.625 = sqrt(x) * sqrt(sqrt(sqrt(x))).
func power(x, y float64) float64 {
	whole := math.Floor(y)
	product := 1.0
	for range int(whole) {
		product = float64(product * x)
	}
	root := x
	for rest := y - whole; rest > 0 && root > 1; {
		root = math.Sqrt(root)
		if rest = float64(rest * 2); rest >= 1 {
			product = float64(product * root)
			rest--
		}
	}
	return product
}
