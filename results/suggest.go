package results

import "fmt"

// Suggest is the known word that was probably meant by word, or "" when none is near:
// at most a third of its letters wrong, counted as Levenshtein did.
func Suggest(word string, known []string) string {
	best, bestDistance := "", (len(word)+2)/3+1
	for _, k := range known {
		if d := distance(word, k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or change to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// UnknownName is the error for a name that is in no catalogue; it says which one was probably meant.
func UnknownName(kind, name string, known []string) error {
	hint := fmt.Sprintf("known: %s", Sentence(known))
	if s := Suggest(name, known); s != "" {
		hint = fmt.Sprintf("did you mean %q?", s)
	}
	return fmt.Errorf("%s %q: unknown\n  hint: %s", kind, name, hint)
}

// Sentence joins names as prose does: "a", "a and b", "a, b and c".
func Sentence(names []string) string {
	s := ""
	for i, n := range names {
		switch {
		case i == 0:
			s = n
		case i == len(names)-1:
			s += " and " + n
		default:
			s += ", " + n
		}
	}
	return s
}
