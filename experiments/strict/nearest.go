package strict

import (
	"fmt"
	"strings"
)

// Nearest returns the word among the given ones that word is most likely a misspelling of, and whether there is one: at
// most one edit for every three letters, ties to the first.
func Nearest(word string, among []string) (string, bool) {
	const lettersPerEdit = 3
	best, bestCost := "", -1
	for _, candidate := range among {
		allowed := max(1, max(len(word), len(candidate))/lettersPerEdit)
		cost := distance(strings.ToLower(word), strings.ToLower(candidate))
		if cost <= allowed && cost < min(len(word), len(candidate)) && (bestCost < 0 || cost < bestCost) {
			best, bestCost = candidate, cost
		}
	}
	return best, bestCost >= 0
}

// longestWord is beyond any name that could have been misspelt; it bounds the cost of distance on hostile input.
const longestWord = 64

// distance is the number of edits between two words (Damerau and Levenshtein): insert, delete, replace, or swap two neighbours.
func distance(a, b string) int {
	if len(a) > longestWord || len(b) > longestWord {
		return max(len(a), len(b))
	}
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+differ(x[i-1], y[j-1]))
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}

func differ(a, b rune) int {
	if a == b {
		return 0
	}
	return 1
}

// longestList is how many choices a hint lists.
const longestList = 12

// suggest returns a hint for a word that is not among the allowed ones: the nearest, or all of them.
func suggest(word string, allowed []string) string {
	near, ok := Nearest(word, allowed)
	switch {
	case ok:
		return fmt.Sprintf("did you mean %q?", near)
	case len(allowed) == 0:
		return ""
	case len(allowed) > longestList:
		return fmt.Sprintf("one of %s and %d more", strings.Join(allowed[:longestList], ", "), len(allowed)-longestList)
	case len(allowed) == 1:
		return "only " + allowed[0] + " is known here"
	}
	return "one of " + strings.Join(allowed, ", ")
}
