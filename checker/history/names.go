package history

import (
	"fmt"
	"math"
	"strings"
)

// Names are what the values of a history from outside are called, where they are
// not plain numbers: strings, keywords, and the number 0, which as a Value would
// mean that nothing was written yet. Each name stands for one number, given in
// the order in which the names come up. A nil *Names names nothing.
type Names struct {
	texts  []string
	number map[string]int64
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

// briefItems is how many items at either end of a long list a sentence shows.
const briefItems = 3

// show returns the value for a sentence: null, a number or name, or a list, of
// which the middle is left out if it is long.
func (n *Names) show(v Value) string {
	switch {
	case len(v.List) > 2*briefItems:
		return fmt.Sprintf("[%s,...,%s] (%d items)", n.items(v.List[:briefItems]), n.items(v.List[len(v.List)-briefItems:]), len(v.List))
	case len(v.List) > 0:
		return "[" + n.items(v.List) + "]"
	case v.Num == 0:
		return "null"
	default:
		return n.item(v.Num)
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
	if text, ok := n.Of(x); ok {
		return text
	}
	return fmt.Sprint(x)
}
