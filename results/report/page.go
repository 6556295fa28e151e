package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"
)

// A Page is a history as a web page that stands alone: who did what when, with
// the operations that prove a violation marked. It needs no network, prints in
// black and white, and can be used from the keyboard.
type Page struct {
	Title  string   // what was found out, such as "x.edn: not linearizable"
	Bad    bool     // it is a violation
	Facts  []string // the history in numbers
	Why    string   // the sentence that explains a violation; may be empty
	Table  [][]string
	Head   []string    // of the table, which lists the operations of the proof
	Levels [][3]string // level, verdict, why
	Notes  []string    // rules by which the file was read
	Links  [][2]string
	Footer string // the command that repeats it

	Timed bool // times are nanoseconds; otherwise the numbers of lines
	Ops   []PageOp
	Proof []int // indices into Ops, in the order of their numbers
	Left  int   // operations that are not on the page
}

// A PageOp is one box on the page.
type PageOp struct {
	Client int
	Key    string
	Reads  bool // it changes nothing, and looks lighter
	Status string
	Call   int64
	Return *int64 // nil: never answered
	Label  string // in the box, a few letters
	Text   string // in full
	Lines  [2]int // of call and answer in the file
}

//go:embed page.html
var pageTemplate string

// Write writes the page.
func (p *Page) Write(w io.Writer) error {
	data, err := p.data()
	if err != nil {
		return err
	}
	_, err = strings.NewReplacer(
		"{{title}}", html.EscapeString(p.Title),
		"{{header}}", p.header(),
		"{{links}}", p.links(),
		"{{sections}}", p.sections(),
		"{{footer}}", "<p>To repeat it: <code>"+html.EscapeString(p.Footer)+"</code></p>",
		"{{data}}", string(data),
	).WriteString(w, pageTemplate)
	return err
}

// data returns what the script on the page draws. JSON leaves < and & out of
// strings, so nothing can end the element that holds it.
func (p *Page) data() ([]byte, error) {
	keys, number := []string{}, map[string]int{}
	ops := make([][]any, len(p.Ops))
	for i, op := range p.Ops {
		if _, ok := number[op.Key]; !ok {
			number[op.Key] = len(keys)
			keys = append(keys, op.Key)
		}
		kind := "write"
		if op.Reads {
			kind = "read"
		}
		ops[i] = []any{op.Client, number[op.Key], kind, op.Status, op.Call, op.Return, op.Label, op.Text, op.Lines}
	}
	return json.Marshal(map[string]any{
		"title": p.Title, "desc": p.description(), "timed": p.Timed, "keys": keys, "ops": ops, "proof": append([]int{}, p.Proof...),
	})
}

// description says in words what the picture shows.
func (p *Page) description() string {
	s := fmt.Sprintf("A row for each client, a box for each operation from its call to its return: %s.", strings.Join(p.Facts, ", "))
	if p.Why != "" {
		s += " " + p.Why
	}
	return s
}

func (p *Page) header() string {
	var b strings.Builder
	class := ""
	if p.Bad {
		class = ` class="bad"`
	}
	fmt.Fprintf(&b, "<h1%s>%s</h1>\n<p class=\"facts\">%s</p>\n", class, html.EscapeString(p.Title), html.EscapeString(strings.Join(p.Facts, " · ")))
	if p.Why != "" {
		fmt.Fprintf(&b, "<p class=\"why\">%s</p>\n", html.EscapeString(p.Why))
	}
	if p.Left > 0 {
		fmt.Fprintf(&b, "<p class=\"facts\">%s are not on this page.</p>\n", Count(p.Left, "other operation"))
	}
	return b.String()
}

func (p *Page) links() string {
	var b strings.Builder
	for _, l := range p.Links {
		fmt.Fprintf(&b, `<a href="%s">%s</a> `, html.EscapeString(l[1]), html.EscapeString(l[0]))
	}
	return b.String()
}

// sections are the parts below the picture: the proof, the levels, the rules of reading.
func (p *Page) sections() string {
	var b strings.Builder
	if len(p.Table) > 0 {
		b.WriteString("<h2>Proof</h2>\n<table><tr>")
		cells(&b, "th", p.Head)
		for _, row := range p.Table {
			b.WriteString("</tr>\n<tr>")
			cells(&b, "td", row)
		}
		b.WriteString("</tr></table>\n")
	}
	if len(p.Levels) > 0 {
		b.WriteString("<h2>Levels</h2>\n<table>")
		for _, l := range p.Levels {
			b.WriteString("<tr>")
			cells(&b, "td", l[:])
			b.WriteString("</tr>\n")
		}
		b.WriteString("</table>\n")
	}
	if len(p.Notes) > 0 {
		b.WriteString("<h2>How the file was read</h2>\n<ul class=\"rules\">")
		for _, note := range p.Notes {
			fmt.Fprintf(&b, "<li>%s</li>\n", html.EscapeString(note))
		}
		b.WriteString("</ul>\n")
	}
	return b.String()
}

func cells(b *strings.Builder, tag string, texts []string) {
	for _, text := range texts {
		fmt.Fprintf(b, "<%s>%s</%s>", tag, html.EscapeString(text), tag)
	}
}
