package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"

	"faultline/results"
)

// A sample is a chart that a change of the theme is judged by. To look at them
// all, name a folder: FAULTLINE_SAMPLES=/some/folder go test -run Samples
type sample struct {
	name, kind string
	set        *results.Set
	options    Options
}

var samples = sync.OnceValue(func() []sample {
	seven, grid, loss := sevenStores(20), quorumGrid(12), lossy()
	return []sample{
		{"frontier", "frontier", seven, Options{}},
		{"frontier-stale", "frontier", grid, Options{Y: "stale"}},
		{"frontier-crowded", "frontier", loss, Options{}},
		{"frontier-one-seed", "frontier", sevenStores(1), Options{WidthCM: 12}},
		{"frontier-undecided", "frontier", undecidedSet(), Options{X: "lost"}},
		{"frontier-narrow", "frontier", loss, Options{WidthCM: minWidthCM}},
		{"timeline", "timeline", seven, Options{}},
		{"timeline-together", "timeline", seven, Options{Series: []string{"raft", "lww", "single"}}},
		{"timeline-partial", "timeline", partialSet(), Options{}},
		{"heatmap", "heatmap", grid, Options{}},
		{"heatmap-p99", "heatmap", grid, Options{Metric: "p99", WidthCM: 11}},
		{"heatmap-violations", "heatmap", grid, Options{Metric: "violations"}},
		{"heatmap-models", "heatmap", loss, Options{Metric: "succeeded"}},
		{"heatmap-panels", "heatmap", maps(), Options{X: "faults[0].cpu-quota.for", Y: "workload.rate", Metric: "recovered", Panels: "client"}},
		{"heatmap-steps", "heatmap", steps(), Options{Metric: "lost"}},
		{"services", "services", pages(), Options{}},
		{"services-one", "services", pages(), Options{Series: []string{"max_attempts=3"}, WidthCM: minWidthCM}},
		{"curve", "curve", loss, Options{X: "network.loss"}},
		{"curve-p99", "curve", grid, Options{X: "model.r", Metric: "p99"}},
		{"curve-violations", "curve", grid, Options{X: "model.w", Metric: "violations"}},
		{"staleness", "staleness", grid, Options{}},
		{"latency", "latency", seven, Options{}},
		{"tail", "tail", seven, Options{Operations: "read"}},
		{"dots", "dots", seven, Options{}},
		{"dots-p99", "dots", loss, Options{Metric: "p99"}},
		{"effects", "effects", effectsSet(20, 0, 1, 7), Options{}},
		{"effects-one-seed", "effects", effectsSet(1, 0, 1), Options{WidthCM: 11}},
		{"dots-violations", "dots", seven, Options{Metric: "violations"}},
	}
})

func (s sample) draw(t *testing.T, format string) []byte {
	t.Helper()
	s.options.Format = format
	data, err := Draw(s.kind, s.set, s.options)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	return data
}

func TestWriteSamples(t *testing.T) {
	folder := os.Getenv("FAULTLINE_SAMPLES")
	if folder == "" {
		t.Skip("FAULTLINE_SAMPLES names no folder")
	}
	for _, s := range samples() {
		for _, format := range Formats() {
			if err := os.WriteFile(filepath.Join(folder, s.name+"."+format), s.draw(t, format), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// An inspector notes where text is drawn.
type inspector struct {
	vg.Canvas
	texts []placedText
}

type placedText struct {
	text string
	box  rect
}

func (i *inspector) FillString(f font.Face, at vg.Point, s string) {
	x, y, size := float64(at.X), float64(at.Y), float64(f.Font.Size)
	if s != "" {
		i.texts = append(i.texts, placedText{s, rect{x, y, x + float64(f.Width(s)), y + capHeight*size}})
	}
	i.Canvas.FillString(f, at, s)
}

// No text of any chart leaves the margins, and no two texts touch.
func TestTextIsWholeAndApart(t *testing.T) {
	for _, s := range samples() {
		f, err := figureOf(s.kind, s.set, s.options)
		if err != nil {
			t.Fatal(err)
		}
		wide := s.options.WidthCM
		if wide == 0 {
			wide = defaultWidthCM
		}
		l := f.layout(wide*pointsPerCM, &remarks{})
		page := &inspector{Canvas: vgsvg.New(vg.Length(l.width), vg.Length(l.height))}
		f.paint(&canvas{page, &remarks{}}, l)
		inside := rect{margin - 1, margin - 1, l.width - margin + 1, l.height - margin + 1}
		for i, a := range page.texts {
			if !a.box.within(inside) {
				t.Errorf("%s: %q at %.0f leaves the page %.0f", s.name, a.text, a.box, inside)
			}
			for _, b := range page.texts[:i] {
				if a.box.overlap(b.box) > tolerated {
					t.Errorf("%s: %q and %q lie on each other", s.name, a.text, b.text)
				}
			}
		}
		if len(page.texts) < 10 {
			t.Errorf("%s has %d texts", s.name, len(page.texts))
		}
	}
}

func TestSameRowsSameBytes(t *testing.T) {
	for _, s := range samples() {
		if strings.Contains(s.name, "-") { // one of each kind
			continue
		}
		for _, format := range Formats() {
			first, second := s.draw(t, format), s.draw(t, format)
			if !bytes.Equal(first, second) {
				t.Errorf("%s: two drawings as %s differ", s.name, format)
			}
			for start, f := range map[string]string{"\x89PNG": "png", "<?xml": "svg", "%PDF-": "pdf"} {
				if f == format && !bytes.HasPrefix(first, []byte(start)) {
					t.Errorf("%s: %s begins with %q", s.name, format, first[:8])
				}
			}
		}
	}
}

// What listeners and machines without the fonts need of an SVG.
func TestSVGSpeaks(t *testing.T) {
	for _, s := range samples() {
		if strings.HasPrefix(s.name, "frontier-") { // slow, and no different
			continue
		}
		data := s.draw(t, "svg")
		d := xml.NewDecoder(bytes.NewReader(data))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", s.name, err)
			}
		}
		title, err := Finding(s.kind, s.set, s.options)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		for _, want := range []string{`role="img"`, "<title id=\"title\">" + xmlText(title), "<desc id=\"desc\">", "'Liberation Sans',Arimo,Arial"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the SVG has no %s", s.name, want)
			}
		}
		lacking := strings.Contains(text, "font of the charts lacks")
		if lacking != (s.set.Manifest.Experiment == "failover") {
			t.Errorf("%s: says that characters are missing: %v", s.name, lacking)
		}
	}
}

func xmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;").Replace(s)
}

// A PDF needs no font and no date of its own.
func TestPDFIsSelfContained(t *testing.T) {
	data := samples()[0].draw(t, "pdf")
	if !bytes.Contains(data, []byte("/CreationDate (D:20000101000000)")) {
		t.Error("the PDF has a date of its own")
	}
	if bytes.Contains(data, []byte("/FontFile")) {
		t.Error("the PDF embeds a font: the backend mixes up two of them")
	}
}

// The outlines that stand for letters in a PDF are as large as the letters.
func TestOutlinesHaveTheSizeOfLetters(t *testing.T) {
	for _, st := range []style{titleStyle, smallStyle} {
		f := st.face()
		low, high, right := 0.0, 0.0, 0.0
		for _, step := range outline(f, 'H', vg.Point{}) {
			low, high, right = min(low, float64(step.Pos.Y)), max(high, float64(step.Pos.Y)), max(right, float64(step.Pos.X))
		}
		advance := float64(f.Width("H"))
		if low != 0 || abs(high/st.size-capHeight) > 0.05 || right > advance || right < 0.8*advance {
			t.Errorf("H at %v points goes from %.2f to %.2f and to the right to %.2f; it advances %.2f", st.size, low, high, right, advance)
		}
	}
	if outline(titleStyle.face(), ' ', vg.Point{}) != nil {
		t.Error("a space has an outline")
	}
}

// What is undecided must look neither held nor violated.
func TestEveryVerdictHasItsOwnMark(t *testing.T) {
	seen := map[string]string{}
	for _, verdict := range []string{results.Holds, results.Violated, results.Undecided, ""} {
		page := vgsvg.New(50, 50)
		mark(&canvas{page, &remarks{}}, point{25, 25}, verdict, ink)
		drawn, err := written(page)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[string(drawn)]; ok {
			t.Errorf("%q and %q look the same", verdict, other)
		}
		seen[string(drawn)] = verdict
	}
}

func TestRefusals(t *testing.T) {
	seven := samples()[0].set
	twice := []results.Row{gridRow(1, 1, 1), gridRow(1, 2, 1), gridRow(2, 1, 1), gridRow(2, 1, 2)}
	twice[3].Cell = 99
	plain := stores[0].row(0, 1)
	plain.Timeline, plain.Latency, plain.Verdicts, plain.Metrics = results.Timeline{}, results.Latency{}, nil, nil
	bare := results.NewSet(results.Manifest{}, []results.Row{plain})
	for _, c := range []struct {
		kind string
		set  *results.Set
		o    Options
		want string
	}{
		{"fronteer", seven, Options{}, `chart "fronteer": unknown` + "\n" + `  hint: did you mean "frontier"?`},
		{"frontier", seven, Options{X: "p9"}, `did you mean "p99"?`},
		{"frontier", seven, Options{Property: "linearisable"}, `did you mean "linearizable"?`},
		{"frontier", seven, Options{Series: []string{"rafft"}}, `did you mean "raft"?`},
		{"frontier", seven, Options{Format: "gif"}, "known: png, svg and pdf"},
		{"frontier", seven, Options{WidthCM: 3}, "charts are 10 to 60 cm wide"},
		{"frontier", results.NewSet(testManifest("partition", 1), nil), Options{}, "the result has no rows"},
		{"frontier", bare, Options{}, "no cell has both p99 and succeeded"},
		{"heatmap", seven, Options{}, "needs two swept settings, this result has 1 (model)"},
		{"heatmap", samples()[1].set, Options{X: "model.q"}, `did you mean "model.r"?`},
		{"heatmap", results.NewSet(testManifest("x", 1), twice), Options{}, "have the same model.r and model.w"},
		{"timeline", bare, Options{}, "no timeline"},
		{"timeline", seven, Options{Metric: "p99"}, "it shows the metrics succeeded and consistency"},
		{"timeline", bare, Options{Metric: "consistency"}, "how consistent each window was"},
		{"staleness", seven, Options{}, "how fresh"},
		{"latency", bare, Options{}, "no row has an operation"},
		{"latency", seven, Options{Operations: "raed"}, `did you mean "read"?`},
		{"dots", bare, Options{}, "no row has a value of lost"},
		{"dots", bare, Options{Metric: "violations"}, "no run was judged"},
	} {
		_, err := Draw(c.kind, c.set, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "\n  hint: ") {
			t.Errorf("%s %+v: want %q and a hint, got %v", c.kind, c.o, c.want, err)
		}
	}
}

func TestWordsCanBeReplaced(t *testing.T) {
	data, err := Draw("dots", samples()[0].set, Options{Title: "My title & more", Subtitle: "My facts", Format: "svg"})
	if err != nil || !strings.Contains(string(data), ">My title &amp; more<") || !strings.Contains(string(data), ">My facts<") {
		t.Errorf("the words are not there; error %v", err)
	}
}

func TestCatalogueIsWhole(t *testing.T) {
	fields := []string{"X", "Y", "Metric", "Panels", "Property", "Operations"}
	for _, k := range Kinds {
		if k.draw == nil || !strings.HasSuffix(k.Doc, ".") {
			t.Errorf("kind %s: %q", k.Name, k.Doc)
		}
		for _, u := range k.Uses {
			if !slices.Contains(fields, u) {
				t.Errorf("kind %s uses %s", k.Name, u)
			}
		}
		if !slices.ContainsFunc(samples(), func(s sample) bool { return s.kind == k.Name }) {
			t.Errorf("kind %s has no sample", k.Name)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	for _, s := range samples() {
		if strings.Contains(s.name, "-") {
			continue
		}
		b.Run(fmt.Sprintf("%s/png", s.name), func(b *testing.B) {
			for b.Loop() {
				if _, err := Draw(s.kind, s.set, s.options); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
