package strict

import (
	"bytes"
	"fmt"
	"regexp"
	"unicode/utf8"
)

// byteOrderMark may begin a UTF-8 file; YAML skips it and so do we.
const byteOrderMark = "\uFEFF"

// harmless is a text that no YAML reader takes for anything else: letters first, then the characters of names, quantities and
// laws. What begins with a digit must end in a unit.
var harmless = regexp.MustCompile(`^(?:[A-Za-z_][A-Za-z0-9_.%/()-]*|[0-9]+(?:\.[0-9]+)?(?:[a-zA-Zµ]*/)?(?:%|ns|us|ms|s|m|h|[KMG]i?B|B))$`)

// ambiguous are the words that common YAML readers take for something else than text.
var ambiguous = map[string]bool{
	"true": true, "false": true, "yes": true, "no": true, "on": true, "off": true, "null": true,
}

// plausible reports whether data can be a text that a person wrote, and says where it is not.
func plausible(src *source, data []byte, r *report) bool {
	start := place{src, 1, 1}
	switch {
	case len(data) > MaxBytes:
		r.add(start, "", fmt.Sprintf("the file is larger than %d KiB", MaxBytes>>10), "is this the right file?")
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		r.add(start, "", "the file is UTF-16", "save it as UTF-8")
	case bytes.IndexByte(data, 0) >= 0:
		r.add(start, "", "this is a binary file", "is this the right file?")
	default:
		return readable(src, data, r)
	}
	return false
}

// readable reports whether data is UTF-8 without control characters.
func readable(src *source, data []byte, r *report) bool {
	at := place{src, 1, 1}
	rest := bytes.TrimPrefix(data, []byte(byteOrderMark))
	for len(rest) > 0 {
		c, size := utf8.DecodeRune(rest)
		switch {
		case c == utf8.RuneError && size == 1:
			r.add(at, "", fmt.Sprintf("the byte 0x%02X is not UTF-8", rest[0]), "save the file as UTF-8")
			return false
		case forbidden(c):
			r.add(at, "", fmt.Sprintf("the invisible character U+%04X", c), "delete it")
			return false
		case c == '\n' || c == '\r' && !bytes.HasPrefix(rest, []byte("\r\n")):
			at.line, at.col = at.line+1, 1
		default:
			at.col++
		}
		rest = rest[size:]
	}
	return true
}

// forbidden is true of control characters, and of characters that some readers take for line ends.
func forbidden(c rune) bool {
	switch c {
	case '\t', '\n', '\r':
		return false
	case '\u0085', '\u2028', '\u2029', '\uFEFF', '\uFFFE', '\uFFFF':
		return true
	}
	return c < ' ' || c >= 0x7F && c <= 0x9F
}
