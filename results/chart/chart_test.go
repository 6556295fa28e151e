package chart

import (
	"os"
	"path/filepath"
	"testing"

	"faultline/results"
)

// samples are the pictures that a change of the theme is judged by. Set
// FAULTLINE_SAMPLES to a folder to look at them.
func samples() map[string]func(format string) ([]byte, error) {
	seven, gridded, two := sevenStores(100), quorumGrid(40), sevenStores(100)
	draw := func(kind string, set *results.Set, o Options) func(string) ([]byte, error) {
		return func(format string) ([]byte, error) {
			o.Format = format
			return Draw(kind, set, o)
		}
	}
	return map[string]func(string) ([]byte, error){
		"frontier":    draw("frontier", seven, Options{}),
		"timeline":    draw("timeline", seven, Options{}),
		"timeline-3":  draw("timeline", two, Options{Series: []string{"raft", "lww", "single"}}),
		"heatmap":     draw("heatmap", gridded, Options{}),
		"heatmap-p99": draw("heatmap", gridded, Options{Metric: "p99"}),
		"violations":  draw("heatmap", gridded, Options{Metric: "violations"}),
		"staleness":   draw("staleness", gridded, Options{}),
		"latency":     draw("latency", seven, Options{}),
		"tail":        draw("tail", seven, Options{}),
		"dots":        draw("dots", seven, Options{}),
		"frontier-rw": draw("frontier", gridded, Options{Y: "stale"}),
		"frontier-21": draw("frontier", lossy(), Options{}),
		"dots-p99":    draw("dots", lossy(), Options{Metric: "p99"}),
		"one-seed":    draw("frontier", sevenStores(1), Options{WidthCM: 12}),
		"partial":     draw("timeline", partialSet(), Options{Series: []string{"raft", "ström 流"}}),
		"undecided":   draw("frontier", undecidedSet(), Options{X: "lost"}),
	}
}

func TestSamples(t *testing.T) {
	folder := os.Getenv("FAULTLINE_SAMPLES")
	for name, draw := range samples() {
		for _, format := range Formats() {
			if folder == "" && format != "svg" {
				continue
			}
			data, err := draw(format)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if folder != "" {
				if err := os.WriteFile(filepath.Join(folder, name+"."+format), data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
