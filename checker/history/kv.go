package history

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// storeFunctions are the functions of a log of a string store:
//
//	{:process 0, :type :invoke, :f :append, :key "4", :value "x 0 1 y"}
//	{:process 0, :type :ok, :f :append, :key "4", :value "x 0 1 y"}
//	{:process 0, :type :invoke, :f :get, :key "4", :value nil}
//	{:process 0, :type :ok, :f :get, :key "4", :value "x 0 1 y"}
//
// A string becomes the list of the pieces it was put together from: put writes
// a list of one piece, append adds one, get reads the list. Text that is no piece
// is an item of its own. This is exact as long as no piece is the beginning of
// another, and an error otherwise.
var storeFunctions = map[string]Kind{"get": Read, "put": Write, "append": Append}

// pieces are the texts that were put or appended.
type pieces struct {
	line map[string]int // where each first came up
	gets []get
}

// A get is the answer to one, to be taken apart once all pieces are known.
type get struct {
	op   int
	text string
}

func newPieces() *pieces { return &pieces{line: map[string]int{}} }

// bringPiece fills in what is put or appended.
func (r *recording) bringPiece(e *event, op *Op, v *form) *flaw {
	text, flaw := storeText(v)
	switch {
	case flaw != nil || op.Kind == Read:
		return flaw
	case op.Kind == Append && text == "", v.kind == nilForm:
		return v.wrong("value", fmt.Sprintf(":%s of nothing", e.f), "give some text in double quotes")
	case text == "":
		return nil
	}
	if _, ok := r.pieces.line[text]; !ok {
		r.pieces.line[text] = e.line
	}
	if n := r.names.Number(nameOf(text)); op.Kind == Append {
		op.In = Num(n)
	} else {
		op.In.List = []int64{n}
	}
	return nil
}

func storeText(v *form) (string, *flaw) {
	if v.kind != stringForm && v.kind != nilForm {
		return "", v.wrong("value", short(v.String())+" is no string", `use nil or text in double quotes`)
	}
	return v.text, nil
}

// got notes what a get returned.
func (r *recording) got(i int, v *form) *flaw {
	text, flaw := storeText(v)
	r.pieces.gets = append(r.pieces.gets, get{i, text})
	return flaw
}

// takeApart replaces what the gets returned by lists of pieces.
func (r *recording) takeApart() *flaw {
	line := r.pieces.line
	known := slices.Sorted(maps.Keys(line))
	for i := 1; i < len(known); i++ {
		if a, b := known[i-1], known[i]; strings.HasPrefix(b, a) {
			f := wrong("value", fmt.Sprintf("%q begins with %q (lines %d and %d), so a get cannot be told apart", short(b), short(a), line[b], line[a]), "end each piece of text with a mark")
			f.line, f.column = max(line[a], line[b]), 1
			return f
		}
	}
	for _, g := range r.pieces.gets {
		r.ops[g.op].Out.List = r.numbersOf(g.text, known)
	}
	return nil
}

// numbersOf returns the numbers of the pieces that make up the text. If a piece
// is a beginning of the text, it is the greatest piece not beyond it, since no
// piece is the beginning of another.
func (r *recording) numbersOf(text string, known []string) []int64 {
	var list []int64
	for text != "" {
		i, exact := slices.BinarySearch(known, text)
		if !exact {
			i--
		}
		if i < 0 || !strings.HasPrefix(text, known[i]) {
			return append(list, r.names.Number(nameOf(text))) // nobody wrote this
		}
		list = append(list, r.names.Number(nameOf(known[i])))
		text = text[len(known[i]):]
	}
	return list
}
