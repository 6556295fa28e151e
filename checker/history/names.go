package history

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Names are what the values of a history from outside are called, where they are
// not plain numbers: strings, keywords, and the number 0, which as a Value would
// mean that nothing was written yet. Each name stands for one number, given in
// the order in which the names come up. A nil *Names names nothing.
//
// A name is the text of the value as EDN writes it (:up, "two words", 0), or what
// a string of JSON Lines holds, which gets quotes if it reads like a number.
type Names struct {
	texts   []string
	number  map[string]int64
	initial string // what the initial value is called, if not null
}

// firstName is the number of the first name; the numbers from here to lastName
// stand for names and are not to be had as numbers.
const (
	firstName = math.MinInt64
	lastName  = firstName + 1<<31
)

// Number returns the number that stands for the text.
func (n *Names) Number(text string) int64 {
	x, ok := n.number[text]
	if !ok {
		if n.number == nil {
			n.number = map[string]int64{}
		}
		x = firstName + int64(len(n.texts))
		n.number[text] = x
		n.texts = append(n.texts, text)
	}
	return x
}

// Of returns what the number stands for, and whether it is a name.
func (n *Names) Of(x int64) (string, bool) {
	if n == nil || x >= firstName+int64(len(n.texts)) {
		return "", false
	}
	return n.texts[x-firstName], true
}

// isHeld reports whether the value is that of a mutex that somebody holds.
func (n *Names) isHeld(v Value) bool {
	if n == nil || v.Num == 0 || len(v.List) > 0 {
		return false
	}
	text, ok := n.Of(v.Num)
	return ok && text == held
}

// plain returns the number x as a value: by name if it is one of those that
// stand for names.
func (n *Names) plain(x int64) int64 {
	if x <= lastName {
		return n.Number(strconv.FormatInt(x, 10))
	}
	return x
}

// written returns the number x as a value that is written to a register, where
// 0 would be no value.
func (n *Names) written(x int64) int64 {
	if x == 0 {
		return n.Number("0")
	}
	return n.plain(x)
}

// briefItems is how many items at either end of a long list a sentence shows.
const briefItems = 3

// show returns the value for a sentence: null, a number or name, or a list, of
// which the middle is left out if it is long. An empty list that was read as one is
// shown as one, though it is the initial value like null.
func (n *Names) show(v Value) string {
	switch {
	case len(v.List) > 2*briefItems:
		return fmt.Sprintf("[%s,...,%s] (%d items)", n.items(v.List[:briefItems]), n.items(v.List[len(v.List)-briefItems:]), len(v.List))
	case len(v.List) > 0:
		return "[" + n.items(v.List) + "]"
	case v.Num != 0:
		return n.item(v.Num)
	case n != nil && n.initial != "":
		return n.initial
	case v.List != nil:
		return "[]"
	default:
		return "null"
	}
}

func (n *Names) items(list []int64) string {
	texts := make([]string, len(list))
	for i, x := range list {
		texts[i] = n.item(x)
	}
	return strings.Join(texts, ",")
}

func (n *Names) item(x int64) string {
	text, ok := n.Of(x)
	switch {
	case !ok:
		return strconv.FormatInt(x, 10)
	case bare(text):
		return text
	default:
		return strconv.Quote(text)
	}
}

// bare reports whether a name can stand in a sentence without quotes.
func bare(text string) bool {
	quoted := len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"'
	return text != "" && strings.IndexFunc(text, func(r rune) bool {
		return !unicode.IsGraphic(r) || unicode.IsSpace(r) && !quoted || r == ','
	}) < 0
}

// isNumber reports whether a text reads like a whole number.
func isNumber(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// nameOf returns the name of a string in JSON Lines. What reads like a number,
// or like the name of such a string, gets quotes around it.
func nameOf(s string) string {
	if isNumber(strings.Trim(s, `"`)) {
		return `"` + s + `"`
	}
	return s
}

// appendName writes the name as JSON Lines hold it, so that nameOf gives it back.
func appendName(b []byte, name string) []byte {
	if isNumber(name) {
		return append(b, name...)
	}
	if inner := strings.TrimSuffix(strings.TrimPrefix(name, `"`), `"`); isNumber(strings.Trim(inner, `"`)) {
		name = inner
	}
	return append(b, quote(name)...)
}

// appendItem writes a number as JSON Lines hold it: itself, or what it stands for.
func (n *Names) appendItem(b []byte, x int64) []byte {
	if name, ok := n.Of(x); ok {
		return appendName(b, name)
	}
	return strconv.AppendInt(b, x, 10)
}

// appendValue writes a value as JSON Lines hold it.
func (n *Names) appendValue(b []byte, v Value) []byte {
	switch {
	case v.List != nil && v.Num == 0:
		b = append(b, '[')
		for i, x := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = n.appendItem(b, x)
		}
		return append(b, ']')
	case v.Num != 0:
		return n.appendItem(b, v.Num)
	default:
		return append(b, "null"...)
	}
}
