package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func examplePage() *Page {
	end := int64(7)
	return &Page{
		Title: "x & y: not <fine>", Bad: true, Facts: []string{"2 ops"}, Why: `client 1 read "</script>"`, Head: []string{"", "line"},
		Table: [][]string{{"1", "<b>"}}, Notes: []string{"a < b"}, Links: [][2]string{{"another view", `x"y.html`}}, Footer: "faultline check 'a b'",
		Timed: true, Left: 3, Proof: []int{1},
		Ops: []PageOp{
			{Client: 1, Key: "k", Status: "unknown", Call: 5, Label: "write </script>", Text: "t", Lines: [2]int{1, 0}},
			{Client: 2, Key: "l", Reads: true, Status: "ok", Call: 6, Return: &end, Label: "read 1", Text: "{{title}}", Lines: [2]int{2, 3}},
		},
	}
}

func TestPageHoldsWhatItWasGivenAndNothingBreaksOut(t *testing.T) {
	var b bytes.Buffer
	if err := examplePage().Write(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"<title>x &amp; y: not &lt;fine&gt;</title>", `<h1 class="bad">`, "client 1 read &#34;&lt;/script&gt;&#34;", "<td>&lt;b&gt;</td>", "<li>a &lt; b</li>",
		`<a href="x&#34;y.html">another view</a>`, "3 other operations are not on this page", "faultline check &#39;a b&#39;", `role="img"`, "<noscript>", "prefers-color-scheme", "@media print",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if n := strings.Count(page, "</script>"); n != 2 {
		t.Errorf("%d scripts end on the page, want the data and the program", n)
	}
	for _, never := range []string{`src="`, "http:", "https:", "@import", "url("} {
		if strings.Contains(page, never) {
			t.Errorf("the page holds %s: it must stand alone", never)
		}
	}
}

func TestPageDataIsWhatTheScriptReads(t *testing.T) {
	raw, err := examplePage().data()
	if err != nil {
		t.Fatal(err)
	}
	var data struct {
		Title, Desc string
		Timed       bool
		Keys        []string
		Ops         [][]any
		Proof       []int
	}
	if err := json.Unmarshal(raw, &data); err != nil {
		t.Fatal(err)
	}
	if len(data.Keys) != 2 || len(data.Ops) != 2 || len(data.Proof) != 1 || !strings.Contains(data.Desc, "A row for each client") {
		t.Errorf("got %+v", data)
	}
	if op := data.Ops[0]; op[2] != "write" || op[3] != "unknown" || op[5] != nil {
		t.Errorf("the first operation is %v", op)
	}
}
