package strict

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// unit is a scalar with a unit: it reads itself from its text and says how it is written.
type unit interface {
	parse(text string) *complaint
	what() string    // with its article, such as "a duration"
	example() string // a hint that shows how it is written
	pattern() string // a regular expression for the schema, anchored
	fmt.Stringer
}

// complaint is why a text cannot be read, and the remedy.
type complaint struct{ cause, hint string }

// Duration is a length of time in nanoseconds, written as 250ms, 1.5s, 2m or 1m30s. A bare number is refused.
type Duration time.Duration

// Size is a number of bytes, written as 512B, 64KB (64,000 bytes) or 1MiB (1,048,576 bytes).
type Size int64

// Bandwidth is a number of bytes per second, written as 10MB/s or 100Mbit/s.
type Bandwidth int64

// Rate is a number of events per second, written as 200/s or 10/m.
type Rate float64

// Share is a part of a whole, from 0 to 1, written as 0.5% or 0.005.
type Share float64

// Std returns the duration as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String returns the duration with the largest unit that divides it, such as 1500ms.
func (d Duration) String() string { return durations.format(int64(d)) }

// String returns the size with the largest unit that divides it, such as 64KB.
func (s Size) String() string { return sizes.format(int64(s)) }

// String returns the bandwidth with the largest unit that divides it, such as 10MB/s.
func (b Bandwidth) String() string { return bandwidths.format(int64(b)) }

func (d *Duration) parse(text string) *complaint  { return durations.parse(text, (*int64)(d)) }
func (s *Size) parse(text string) *complaint      { return sizes.parse(text, (*int64)(s)) }
func (b *Bandwidth) parse(text string) *complaint { return bandwidths.parse(text, (*int64)(b)) }

func (d *Duration) what() string  { return durations.what }
func (s *Size) what() string      { return sizes.what }
func (b *Bandwidth) what() string { return bandwidths.what }
func (r *Rate) what() string      { return "a rate" }
func (s *Share) what() string     { return "a share" }

func (d *Duration) example() string  { return durations.example }
func (s *Size) example() string      { return sizes.example }
func (b *Bandwidth) example() string { return bandwidths.example }
func (r *Rate) example() string      { return "write a number and a unit of time, such as 200/s or 10/m" }
func (s *Share) example() string     { return "write a percentage such as 0.5%, or a number from 0 to 1" }

func (d *Duration) pattern() string  { return durations.whole.String() }
func (s *Size) pattern() string      { return sizes.whole.String() }
func (b *Bandwidth) pattern() string { return bandwidths.whole.String() }
func (r *Rate) pattern() string      { return rateGrammar.String() }
func (s *Share) pattern() string     { return `^(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)%$` }

// scale is a quantity that is a whole number of its smallest unit.
type scale struct {
	what, example string
	smallest      string // plural, for messages
	units         []scaleUnit
	repeats       bool              // several numbers with their units may follow each other, as in 1m30s
	signed        bool              // a minus may stand before
	bare          []string          // units that a bare number probably meant
	mistaken      map[string]string // units as people write them, in small letters, and what they mean

	whole *regexp.Regexp // the grammar
	part  *regexp.Regexp // one number with its unit
}

// compiled returns the scale with its grammar, which follows from its units.
func (s scale) compiled() *scale {
	names := make([]string, len(s.units))
	for i, u := range s.units {
		names[i] = u.name
	}
	part := `([0-9]+(?:\.[0-9]+)?)(` + strings.Join(names, "|") + ")"
	sign, repeat := "", ""
	if s.signed {
		sign = "-?"
	}
	if s.repeats {
		repeat = "+"
	}
	s.part = regexp.MustCompile(part)
	s.part.Longest() // or 500ms would begin with 500 minutes
	s.whole = regexp.MustCompile("^" + sign + "(?:" + part + ")" + repeat + "$")
	return &s
}

// scaleUnit is one unit. Units are listed from the largest; aliases are read but not written.
type scaleUnit struct {
	name  string
	size  int64
	alias bool
}

var durations = scale{
	what: "a duration", example: "write a number and unit, such as 250ms, 10s or 2m", smallest: "nanoseconds",
	units: []scaleUnit{
		{"h", int64(time.Hour), false}, {"m", int64(time.Minute), false}, {"s", int64(time.Second), false},
		{"ms", int64(time.Millisecond), false}, {"us", int64(time.Microsecond), false}, {"µs", int64(time.Microsecond), true}, {"ns", 1, false},
	},
	repeats: true, signed: true, bare: []string{"s", "ms"},
	mistaken: map[string]string{
		"sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
		"hr": "h", "hrs": "h", "hour": "h", "hours": "h", "msec": "ms", "msecs": "ms", "millis": "ms", "milliseconds": "ms",
		"usec": "us", "micros": "us", "microseconds": "us", "nanos": "ns", "nanoseconds": "ns",
	},
}.compiled()

const (
	kilo, mega, giga = 1_000, 1_000_000, 1_000_000_000
	kibi, mebi, gibi = 1 << 10, 1 << 20, 1 << 30
	bitsPerByte      = 8
)

var sizes = scale{
	what: "a size", example: "write a number and unit, such as 512B, 64KB or 1MiB", smallest: "bytes",
	units: []scaleUnit{
		{"GiB", gibi, false}, {"GB", giga, false}, {"MiB", mebi, false}, {"MB", mega, false}, {"KiB", kibi, false}, {"KB", kilo, false}, {"B", 1, false},
	},
	bare:     []string{"KB", "B"},
	mistaken: map[string]string{"k": "KB", "m": "MB", "g": "GB", "ki": "KiB", "mi": "MiB", "gi": "GiB", "byte": "B", "bytes": "B"},
}.compiled()

var bandwidths = scale{
	what: "a bandwidth", example: "write a number and unit, such as 10MB/s or 100Mbit/s", smallest: "bytes per second",
	units: []scaleUnit{
		{"GB/s", giga, false}, {"MB/s", mega, false}, {"KB/s", kilo, false}, {"B/s", 1, false},
		{"Gbit/s", giga / bitsPerByte, true}, {"Mbit/s", mega / bitsPerByte, true}, {"Kbit/s", kilo / bitsPerByte, true},
	},
	bare: []string{"MB/s", "KB/s"},
	mistaken: map[string]string{
		"kb": "KB/s", "mb": "MB/s", "gb": "GB/s", "k": "KB/s", "m": "MB/s", "g": "GB/s",
		"kbps": "Kbit/s", "mbps": "Mbit/s", "gbps": "Gbit/s", "kbit": "Kbit/s", "mbit": "Mbit/s", "gbit": "Gbit/s",
	},
}.compiled()

// longestQuantity bounds the digits of a quantity, and with them the cost of exact arithmetic.
const longestQuantity = 40

// parse reads a quantity exactly.
func (s *scale) parse(text string, into *int64) *complaint {
	if len(text) > longestQuantity || !s.whole.MatchString(text) {
		return &complaint{cause: s.cause(text), hint: s.hint(text)}
	}
	total := new(big.Rat)
	for _, m := range s.part.FindAllStringSubmatch(text, -1) {
		number, ok := new(big.Rat).SetString(m[1])
		if !ok {
			panic(fmt.Sprintf("strict: %q matched as a number and is none", m[1]))
		}
		total.Add(total, number.Mul(number, new(big.Rat).SetInt64(s.size(m[2]))))
	}
	if strings.HasPrefix(text, "-") {
		total.Neg(total)
	}
	switch {
	case !total.IsInt():
		return &complaint{cause: fmt.Sprintf("%s is not a whole number of %s", strconv.Quote(text), s.smallest), hint: s.example}
	case !total.Num().IsInt64():
		return &complaint{cause: fmt.Sprintf("%s is too large", strconv.Quote(text)), hint: "the greatest is " + strconv.FormatInt(math.MaxInt64, 10) + " " + s.smallest}
	}
	*into = total.Num().Int64()
	return nil
}

func (s *scale) size(name string) int64 {
	for _, u := range s.units {
		if u.name == name {
			return u.size
		}
	}
	panic(fmt.Sprintf("strict: %q matched as a unit of %s and is none", name, s.what))
}

var (
	bareNumber = regexp.MustCompile(`^-?[0-9]+(?:\.[0-9]+)?$`)
	oneUnit    = regexp.MustCompile(`^(-?[0-9]+(?:\.[0-9]+)?)\s*(\S+)$`)
)

func (s *scale) cause(text string) string {
	if bareNumber.MatchString(text) {
		return shorten(text) + " has no unit"
	}
	return strconv.Quote(shorten(text)) + " is not " + s.what
}

// hint guesses what was meant: a unit for a bare number, or the right spelling of a wrong one.
func (s *scale) hint(text string) string {
	if len(text) > longestQuantity {
		return s.example
	}
	if bareNumber.MatchString(text) {
		return fmt.Sprintf("did you mean %s%s or %s%s?", text, s.bare[0], text, s.bare[1])
	}
	m := oneUnit.FindStringSubmatch(text)
	if m == nil {
		return s.example
	}
	unit := s.mistaken[strings.ToLower(m[2])]
	for _, u := range s.units {
		if strings.EqualFold(u.name, m[2]) {
			unit = u.name
		}
	}
	if unit == "" {
		return s.example
	}
	return fmt.Sprintf("did you mean %s%s?", m[1], unit)
}

func (s *scale) format(n int64) string {
	for _, u := range s.units {
		if !u.alias && n != 0 && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return "0" + s.bare[0]
}

// longestFloat is longer than any number that String writes without an exponent.
const longestFloat = 400

// Grammars of the shares and rates. A rate with the wrong word for its unit is matched too, for the sake of its hint.
var (
	rateGrammar  = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)/(s|m|h|ms)$`)
	rateMeant    = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*(?:/|per)\s*([A-Za-z]+)$`)
	shareGrammar = regexp.MustCompile(`^-?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+|%)?$`)
)

// secondsPer are the units of time of a rate.
var secondsPer = map[string]float64{"s": 1, "m": 60, "h": 3600, "ms": 0.001}

func (r *Rate) parse(text string) *complaint {
	if bareNumber.MatchString(text) {
		return &complaint{cause: shorten(text) + " has no unit", hint: fmt.Sprintf("did you mean %s/s?", shorten(text))}
	}
	m := rateGrammar.FindStringSubmatch(text)
	if m == nil || len(text) > longestFloat {
		return &complaint{cause: strconv.Quote(shorten(text)) + " is not a rate", hint: r.hint(text)}
	}
	events, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return &complaint{cause: strconv.Quote(shorten(text)) + " is too large"}
	}
	*r = Rate(events / secondsPer[m[2]])
	return nil
}

// hint guesses which unit of time was meant.
func (r *Rate) hint(text string) string {
	m := rateMeant.FindStringSubmatch(text)
	if m == nil || len(text) > longestFloat {
		return r.example()
	}
	unit := strings.ToLower(m[2])
	if known, ok := durations.mistaken[unit]; ok {
		unit = known
	}
	if _, ok := secondsPer[unit]; !ok {
		return r.example()
	}
	return fmt.Sprintf("did you mean %s/%s?", m[1], unit)
}

// String returns the rate per second, minute or hour, whichever is shortest; parsing it gives the same rate.
func (r Rate) String() string {
	best := strconv.FormatFloat(float64(r), 'f', -1, 64) + "/s"
	for _, unit := range []string{"m", "h"} {
		text := strconv.FormatFloat(float64(r)*secondsPer[unit], 'f', -1, 64) + "/" + unit
		var back Rate
		if back.parse(text) == nil && back == r && len(text) < len(best) {
			best = text
		}
	}
	return best
}

func (s *Share) parse(text string) *complaint {
	if len(text) > longestFloat || !shareGrammar.MatchString(text) {
		return &complaint{cause: strconv.Quote(shorten(text)) + " is not a share", hint: s.hint(text)}
	}
	number, percent := strings.CutSuffix(text, "%")
	f, err := strconv.ParseFloat(number, 64)
	if percent {
		f /= 100
	}
	switch {
	case f < 0:
		return &complaint{cause: shorten(text) + " is below zero", hint: s.example()}
	case err == nil && f <= 1:
		*s = Share(f)
		return nil
	case f <= 100 && !percent:
		return &complaint{cause: shorten(text) + " is more than the whole, which is 1", hint: fmt.Sprintf("did you mean %s%%?", shorten(text))}
	}
	return &complaint{cause: shorten(text) + " is more than the whole", hint: "write at most 100%"}
}

// hint guesses that a blank is too much.
func (s *Share) hint(text string) string {
	compact := strings.ReplaceAll(text, " ", "")
	if compact != text && new(Share).parse(compact) == nil {
		return fmt.Sprintf("did you mean %s?", compact)
	}
	return s.example()
}

// String returns the share in percent, or as a number where percent would not be exact; parsing it gives the same share.
func (s Share) String() string {
	text := strconv.FormatFloat(float64(s)*100, 'f', -1, 64) + "%"
	var back Share
	if back.parse(text) == nil && back == s {
		return text
	}
	return strconv.FormatFloat(float64(s), 'f', -1, 64)
}
