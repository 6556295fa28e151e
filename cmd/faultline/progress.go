package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"faultline/experiments"
	"faultline/results/report"
)

// A progress tells how far a sweep is: a bar on a terminal, else a line now and then.
type progress struct {
	mu    sync.Mutex
	out   io.Writer // nil: silent
	bar   bool
	name  string
	cells [2]string  // of the bar: done, to do
	width func() int // columns of the terminal

	most bool // total is an upper bound

	total, before, done, violated int // before: rows that were there already
	began                         time.Time
	stopped, ended                chan struct{}
}

// How often a progress is told.
const (
	barEvery  = 200 * time.Millisecond
	lineEvery = 10 * time.Second
	barWidth  = 24
)

// startProgress begins to tell. Stop it before anything else is printed.
func (a *app) startProgress(e *experiments.Experiment, before int) *progress {
	p := &progress{
		name: e.Name, total: wanted(e), most: e.Seeds.Auto, before: before, width: func() int { return columns(a.err) },
		began: time.Now(), stopped: make(chan struct{}), ended: make(chan struct{}),
	}
	p.bar = a.progress == "auto" && a.isTTY(a.err) && a.env("TERM") != "dumb" && a.env("CI") == ""
	p.cells = [2]string{"#", "."}
	if a.unicode() {
		p.cells = [2]string{"█", "░"}
	}
	if !a.quiet && a.progress != "none" {
		p.out = a.err
	}
	go p.tell()
	return p
}

// tell prints until the progress is stopped.
func (p *progress) tell() {
	defer close(p.ended)
	every := lineEvery
	if p.bar {
		every = barEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for p.out != nil {
		select {
		case now := <-tick.C:
			p.print(now)
		case <-p.stopped:
			if p.bar {
				fmt.Fprint(p.out, "\r\x1b[K")
			}
			return
		}
	}
}

// add counts a finished run.
func (p *progress) add(violated bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if violated {
		p.violated++
	}
}

func (p *progress) stop() {
	close(p.stopped)
	<-p.ended
}

func (p *progress) print(now time.Time) {
	p.mu.Lock()
	text := p.text(now)
	p.mu.Unlock()
	if p.bar {
		if line := []rune(text); len(line) >= p.width() {
			text = string(line[:p.width()-1]) // a longer one would go on in the next line, and stay there
		}
		fmt.Fprint(p.out, "\r"+text+"\x1b[K")
	} else {
		fmt.Fprintln(p.out, text)
	}
}

// text returns one line: how much is done, how fast it goes, and how long it will take.
func (p *progress) text(now time.Time) string {
	done := p.before + p.done
	parts := []string{fmt.Sprintf("%d/%d runs", done, p.total)}
	if p.most {
		parts[0] = fmt.Sprintf("%d of at most %d runs", done, p.total)
	}
	if rate := float64(p.done) / now.Sub(p.began).Seconds(); rate > 0 {
		left := time.Duration(float64(p.total-done) / rate * float64(time.Second))
		parts = append(parts, fmt.Sprintf("%.0f/s", rate), left.Round(time.Second).String()+" left")
	}
	if p.violated > 0 {
		parts = append(parts, fmt.Sprintf("%d with a violation", p.violated))
	}
	text := strings.Join(parts, ", ")
	if !p.bar {
		return p.name + ": " + text
	}
	full := min(barWidth, barWidth*done/max(1, p.total))
	return p.name + "  " + strings.Repeat(p.cells[0], full) + strings.Repeat(p.cells[1], barWidth-full) + "  " + text
}

// wanted returns how many runs an experiment asks for, or how many at most.
func wanted(e *experiments.Experiment) int { return e.Seeds.Most() * len(e.Cells) }

// columns returns the width of the terminal behind w.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 1 {
			return width
		}
	}
	return report.Width
}
