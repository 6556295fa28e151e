package strict

import (
	"fmt"
	"regexp"
	"strconv"
)

// step is one step of a path: a field's name or a list's index.
type step struct {
	name    string
	index   int
	indexed bool
}

// A step is a plain name, a quoted name in brackets, or an index in brackets. A dot stands before every name but the first.
var (
	plainName  = regexp.MustCompile(`^[^\s.\[\]"=]+`)
	quotedName = regexp.MustCompile(`^\["(?:[^"\\]|\\.)*"\]`)
	listIndex  = regexp.MustCompile(`^\[([0-9]{1,6})\]`)
)

// longestName is how much of a field's name a path holds, in characters; no name that anyone knows is longer.
const longestName = 80

// joinField returns the path of a field, quoting a name that holds a dot or another character of the path's own grammar.
func joinField(path, name string) string {
	if r := []rune(name); len(r) > longestName {
		name = string(r[:longestName]) + "..."
	}
	switch {
	case name == "" || plainName.FindString(name) != name:
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

func joinIndex(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// parsePath splits a path such as faults[0].partition.for or sweep["model.n"] into steps, or returns why it cannot.
func parsePath(path string) (steps []step, cause string) {
	rest := path
	for first := true; rest != "" || first; first = false {
		var s step
		var taken int
		switch {
		case rest != "" && rest[0] == '[':
			s, taken = bracketStep(rest)
		case first:
			s, taken = nameStep(rest)
		case rest[0] == '.':
			s, taken = nameStep(rest[1:])
			if taken > 0 {
				taken++
			}
		}
		if taken == 0 {
			return nil, fmt.Sprintf("%q is not a path", shorten(path))
		}
		steps, rest = append(steps, s), rest[taken:]
	}
	return steps, ""
}

func nameStep(text string) (step, int) {
	name := plainName.FindString(text)
	return step{name: name}, len(name)
}

func bracketStep(text string) (step, int) {
	if m := listIndex.FindStringSubmatch(text); m != nil {
		i, err := strconv.Atoi(m[1])
		if err == nil {
			return step{index: i, indexed: true}, len(m[0])
		}
	}
	quoted := quotedName.FindString(text)
	if quoted == "" {
		return step{}, 0
	}
	name, err := strconv.Unquote(quoted[1 : len(quoted)-1])
	if err != nil {
		return step{}, 0
	}
	return step{name: name}, len(quoted)
}
