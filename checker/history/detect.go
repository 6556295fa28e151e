package history

import (
	"bytes"
)

// headBytes is how far the format is looked for.
const headBytes = 4096

const byteOrderMark = "\ufeff"

// illegible returns why no format has a file that begins with these bytes.
func illegible(head []byte) *flaw {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return wrong("file", "it is compressed with gzip", "unpack it first: gunzip -c FILE | faultline check -")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return wrong("file", "it is encoded in UTF-16", "save it as UTF-8")
	case bytes.IndexByte(head, 0) >= 0:
		return wrong("file", "it is no text: it holds NUL bytes", "check that this is a history file")
	case len(bytes.TrimSpace(head)) == 0:
		return wrong("file", "it holds no operation", "check that the recording worked and that this is the right file")
	}
	return nil
}

// detect says which format a file has that begins with these bytes.
func detect(head []byte) (Format, *flaw) {
	text, commented := uncomment(head)
	switch c := first(text); {
	case commented, c == '(', c == '#':
		return FormatEDN, nil
	case c == '[':
		if inner := bytes.TrimSpace(text[1:]); first(inner) == '{' && first(bytes.TrimSpace(inner[1:])) == '"' {
			return FormatJSON, nil
		}
		return FormatEDN, nil
	case c == '{':
		return ofObject(text), nil
	case bytes.HasPrefix(text, []byte("INFO")), c == ':', '0' <= c && c <= '9':
		return FormatJepsen, nil
	}
	p := parser{b: text}
	return "", wrong("file", "no history format begins with "+p.rest(), "give JSON Lines (see the help of check), EDN, or a Jepsen text log")
}

func first(b []byte) byte {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

// uncomment returns the text behind blanks and comments of EDN, and whether
// there were comments.
func uncomment(head []byte) ([]byte, bool) {
	commented := false
	for {
		head = bytes.TrimLeft(head, " \t\r\n,")
		if first(head) != ';' {
			return head, commented
		}
		commented = true
		_, head, _ = bytes.Cut(head, []byte("\n"))
	}
}

// named reports whether a line of JSON has a field of that name.
func named(line []byte, name string) bool {
	_, behind, found := bytes.Cut(line, []byte(`"`+name+`"`))
	return found && first(bytes.TrimSpace(behind)) == ':'
}

// ofObject says which format has lines that begin with such an object: its
// names are keywords in EDN, and type and f in the JSON of the same events.
func ofObject(text []byte) Format {
	inner := bytes.TrimSpace(text[1:])
	if first(inner) == ':' || first(inner) == '}' {
		return FormatEDN
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.HasPrefix(inner, []byte(`"history"`)) {
		return FormatJSON
	}
	if !named(line, "kind") && !named(line, "txn") && named(line, "type") {
		return FormatJSON
	}
	return FormatLines
}
