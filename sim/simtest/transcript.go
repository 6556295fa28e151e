// Package simtest tests what runs in a simulation by transcripts: a short script
// goes in, an exact trace comes out. The script and the trace stand in one file
// that reads like a story; `go test -rewrite` writes the traces anew, and the
// difference is then there to be read.
package simtest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts anew instead of comparing with them")

// Rewriting reports whether golden files are to be written anew: -rewrite was given.
func Rewriting() bool { return *rewrite }

// A Play carries out one line of a script and returns what there is to see.
type Play func(line string) string

// Transcripts runs every file that matches the pattern. A file is a sequence of
// blocks, with empty lines between them:
//
//	# Comments tell the story.
//	crash b
//	run 10ms
//	----
//	2ms   b crash
//
// The lines above ---- are carried out, one after the other, by the Play that
// stage returns for the file; what they return together must equal the lines
// below it.
func Transcripts(t *testing.T, pattern string, stage func(t *testing.T) Play) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("simtest: no transcripts match %s (error: %v)", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), func(t *testing.T) {
			transcript(t, file, stage(t))
		})
	}
}

func transcript(t *testing.T, file string, play Play) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var anew strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(string(data)), "\n\n") {
		script, want, _ := strings.Cut(block+"\n", "----\n")
		got := perform(script, play)
		if !*rewrite && got != want {
			t.Errorf("%s: after\n%sgot\n%swant\n%s", file, script, got, want)
		}
		anew.WriteString(script + "----\n" + got + "\n")
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(strings.TrimSuffix(anew.String(), "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// perform carries out the lines of a script and returns what they show.
func perform(script string, play Play) string {
	var shown strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		shown.WriteString(play(line))
	}
	return shown.String()
}
