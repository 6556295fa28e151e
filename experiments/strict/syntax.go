package strict

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// syntaxError is what a YAML parser knows of a mistake: its own message, where it stopped, and where the construct that it was
// reading had begun.
type syntaxError struct {
	message    string
	at, opened place
}

// explainSyntax reports the mistake in the words of someone who has never read the YAML specification.
func explainSyntax(e syntaxError, r *report) {
	for _, known := range explanations {
		if strings.Contains(e.message, known.message) {
			at, cause, hint := known.explain(e)
			r.add(at, "", cause, hint)
			return
		}
	}
	r.add(e.at, "", "this is not YAML: "+e.message, "")
}

// explanations is in order: the first message that is part of the parser's own decides.
var explanations = []struct {
	message string
	explain func(e syntaxError) (at place, cause, hint string)
}{
	{"tab character", explainTab},
	{"mapping values are not allowed", explainColon},
	{"did not find expected ',' or", explainUnclosed},
	{"unexpected end of stream", func(e syntaxError) (place, string, string) {
		return e.opened, "this quote is never closed", fmt.Sprintf("add the closing %s", e.opened.char())
	}},
	{"cannot start any token", explainChar},
	{"expected comment or line break", func(e syntaxError) (place, string, string) {
		return e.opened, fmt.Sprintf("%q at the start of a value begins a block of text in YAML", e.opened.char()), "put the value in quotes: " + quoteRest(e.opened)
	}},
	{"expected key", func(e syntaxError) (place, string, string) {
		return e.at, "this line does not fit the fields above it", "give all fields of one mapping the same indentation, and every field the form \"name: value\""
	}},
	{"expected '-' indicator", func(e syntaxError) (place, string, string) {
		return e.at, fmt.Sprintf("this line does not fit the list that starts in line %d", e.opened.line), "start it with \"- \", or indent it to match what it belongs to"
	}},
	{"could not find expected ':'", func(e syntaxError) (place, string, string) {
		return e.opened, "this field has no \":\"", "write \"name: value\""
	}},
	{"unknown anchor", func(e syntaxError) (place, string, string) {
		return e.at, "there is no anchor of this name", "put text that starts with * in quotes"
	}},
	{"exceeded max depth", func(e syntaxError) (place, string, string) {
		return e.at, fmt.Sprintf("nested more than %d deep", MaxDepth), "is this the right file?"
	}},
	{"expected node content", explainNoValue},
	{"incompatible YAML document", func(e syntaxError) (place, string, string) {
		return e.at, "a version of YAML that is not known", "delete the line"
	}},
}

func explainTab(e syntaxError) (place, string, string) {
	at := e.at
	if line := at.text(); strings.HasPrefix(strings.TrimLeft(line, " "), "\t") {
		at.col = strings.IndexByte(line, '\t') + 1
	}
	return at, "a tab is used for indentation", "indent with spaces; most editors can convert the file"
}

// explainColon tells a second colon in a line from a line that is indented too deep.
func explainColon(e syntaxError) (place, string, string) {
	before := []rune(e.at.text())
	before = before[:min(max(e.at.col-1, 0), len(before))]
	if strings.Contains(string(before), ": ") {
		return e.at, "a second \": \" in one line", "put text that holds \": \" in quotes, or start a new line"
	}
	at := e.at
	at.col = len(before) - len([]rune(strings.TrimLeft(string(before), " "))) + 1
	return at, "this line is indented deeper than the value above it allows", "line up the fields of one mapping; a field with fields of its own has no value on its line"
}

// explainUnclosed points at the opening bracket if the parser ran into another line, where the mistake cannot be.
func explainUnclosed(e syntaxError) (place, string, string) {
	closing := "]"
	if strings.Contains(e.message, "'}'") {
		closing = "}"
	}
	if e.at.line > e.opened.line {
		return e.opened, fmt.Sprintf("this %s is never closed", e.opened.char()), fmt.Sprintf("add the closing %s", closing)
	}
	return e.at, fmt.Sprintf("expected \",\" or %q before this", closing), "separate entries by commas; put text with special characters in quotes"
}

// explainNoValue tells a stray character from the end of the text, which leaves the last bracket open.
func explainNoValue(e syntaxError) (place, string, string) {
	if e.at.char() == "" {
		return e.at.lastWritten(), "the text ends where a value should follow", "write the value, and close every bracket"
	}
	return e.at, fmt.Sprintf("a value cannot start with %s", e.at.char()), "put it in quotes, or add what is missing before it"
}

func explainChar(e syntaxError) (place, string, string) {
	if e.at.char() == "\t" {
		return explainTab(e)
	}
	return e.at, fmt.Sprintf("a value cannot start with %s", e.at.char()), "put the value in quotes: " + quoteRest(e.at)
}

// text returns the line of a place, or nothing if the source has no such line.
func (at place) text() string {
	if at.line < 1 || at.line > len(at.src.lines) {
		return ""
	}
	return at.src.lines[at.line-1]
}

// lastWritten returns the last character of the text that is not blank.
func (at place) lastWritten() place {
	for line := len(at.src.lines); line > 0; line-- {
		if text := strings.TrimSpace(at.src.lines[line-1]); text != "" {
			return place{at.src, line, utf8.RuneCountInString(strings.TrimRight(at.src.lines[line-1], " \t"))}
		}
	}
	return at
}

// char returns the character at a place, or nothing at the end of a line.
func (at place) char() string {
	if line := []rune(at.text()); at.col >= 1 && at.col <= len(line) {
		return string(line[at.col-1])
	}
	return ""
}

// quoteRest returns the value that starts at a place, in quotes: up to the end of the line, or to a character that would end it between
// braces or brackets.
func quoteRest(at place) string {
	line := []rune(at.text())
	value := string(line[min(max(at.col-1, 0), len(line)):])
	if before := string(line[:len(line)-len([]rune(value))]); strings.ContainsAny(before, "{[") {
		value, _, _ = strings.Cut(value, ",")
		value = strings.TrimRight(value, "}] ")
	}
	return fmt.Sprintf("%q", shorten(strings.TrimSpace(value)))
}
