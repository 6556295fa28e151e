// Command bench measures Faultline's message path beside its peers, on one
// workload: n nodes, four tokens each, every token goes from node to random node.
// It knows nothing of experiments: a message is what is compared.
//
// It runs every peer in rounds, one after the other, so that what loads the
// machine loads them all, and prints a Markdown table of ratios. Run it here:
//
//	go run .
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A peer is a way to play the workload. Every run is a process of its own.
type peer struct {
	name     string
	messages int                                  // of a run
	prepare  func(dir string) error               // compiles it, or says why it cannot be had
	command  func(dir string, n, m int) *exec.Cmd // plays m messages between n nodes
	reason   error                                // why it cannot be had
	failed   map[int]error                        // numbers of nodes that it cannot play
	costs    map[int][]float64                    // nanoseconds of processor time a message, by nodes and round
}

// peers are those that are compared; the first is ours.
func peers() []*peer {
	return []*peer{
		goBench("Faultline", "partition"),
		goBench("Faultline, by profile", "partition", "-pgo=cmd/faultline/default.pgo"),
		goBench("naive Go", "naive"),
		cpp("C++ priority_queue", "loop", 1_600_000),
		byProfile("C++, by profile", "loop", 1_600_000),
		cpp("ns-3 map", "ns3", 800_000, "-lns3-core"),
		withArgs(cpp("ns-3 calendar", "ns3", 800_000, "-lns3-core"), "calendar"),
		python("SimPy", "simpy_tokens.py", 160_000),
		cpp("SimGrid actors", "simgrid", 80_000, "-lsimgrid"),
	}
}

// goBench is a benchmark of faultline/net: nothing is written twice. It is
// compiled with flags: the command is compiled by a profile.
func goBench(name, state string, flags ...string) *peer {
	binary := name + ".test"
	return &peer{name: name, messages: 1_600_000,
		prepare: func(dir string) error {
			cmd := exec.Command("go", slices.Concat([]string{"test", "-c", "-o", filepath.Join(dir, binary)}, flags, []string{"./net"})...)
			cmd.Dir = filepath.Join("..", "..")
			return run(cmd)
		},
		command: func(dir string, n, m int) *exec.Cmd {
			cmd := exec.Command(filepath.Join(dir, binary), "-test.run=^$",
				fmt.Sprintf("-test.bench=^BenchmarkMessage$/^%s$/^%d$", state, n), fmt.Sprintf("-test.benchtime=%dx", m))
			cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
			return cmd
		}}
}

// cpp is a program of the folder peers, compiled with -O2.
func cpp(name, source string, messages int, libraries ...string) *peer {
	return &peer{name: name, messages: messages,
		prepare: func(dir string) error { return run(compile(dir, name, source, libraries...)) },
		command: func(dir string, n, m int) *exec.Cmd {
			return exec.Command(filepath.Join(dir, name), strconv.Itoa(n), strconv.Itoa(m))
		}}
}

// compile makes a binary of a program of the folder peers.
func compile(dir, binary, source string, flags ...string) *exec.Cmd {
	args := []string{"-O2", "-std=c++17", "-o", filepath.Join(dir, binary), "peers/" + source + ".cc"}
	return exec.Command("g++", append(args, flags...)...)
}

// byProfile is a program of the folder peers that is compiled by the profile of a run of its own.
func byProfile(name, source string, messages int) *peer {
	p := cpp(name, source, messages)
	p.prepare = func(dir string) error {
		first, then := compile(dir, name, source, "-fprofile-generate="+dir), compile(dir, name, source, "-fprofile-use="+dir)
		for _, cmd := range []*exec.Cmd{first, p.command(dir, 1000, messages), then} {
			if err := run(cmd); err != nil {
				return err
			}
		}
		return nil
	}
	return p
}

// withArgs is p with more arguments.
func withArgs(p *peer, args ...string) *peer {
	plain := p.command
	p.command = func(dir string, n, m int) *exec.Cmd {
		cmd := plain(dir, n, m)
		cmd.Args = append(cmd.Args, args...)
		return cmd
	}
	return p
}

// python is a script of the folder peers, for the first interpreter that has SimPy:
// Debian's package is for Debian's own.
func python(name, script string, messages int) *peer {
	interpreter := ""
	return &peer{name: name, messages: messages,
		prepare: func(string) (err error) {
			for _, interpreter = range []string{"python3", "/usr/bin/python3"} {
				if err = run(exec.Command(interpreter, "-c", "import simpy")); err == nil {
					return nil
				}
			}
			return err
		},
		command: func(_ string, n, m int) *exec.Cmd {
			return exec.Command(interpreter, "peers/"+script, strconv.Itoa(n), strconv.Itoa(m))
		}}
}

// run runs cmd; its error is the first line of what it said that speaks of an error.
func run(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(strings.ToLower(line), "error") {
			return fmt.Errorf("%s", strings.TrimSpace(line))
		}
	}
	return err
}

// measure is what one message costs p in nanoseconds of processor time. A short
// run is taken off a long one, so that neither start nor warm-up counts.
func (p *peer) measure(dir string, nodes, messages int) (float64, error) {
	short := messages / 8
	var spent [2]time.Duration
	for i, m := range []int{short, messages} {
		cmd := p.command(dir, nodes, m)
		if err := run(cmd); err != nil {
			return 0, err
		}
		spent[i] = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return float64(spent[1]-spent[0]) / float64(messages-short), nil
}

func main() {
	rounds := flag.Int("rounds", 5, "paired rounds; the table shows the median of their ratios")
	nodes := flag.String("nodes", "10,100,1000,10000", "numbers of nodes")
	flag.Parse()
	if err := compare(*rounds, *nodes); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func compare(rounds int, list string) error {
	var sizes []int
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 2 {
			return fmt.Errorf("-nodes: %q is not a number of nodes, of which there are two or more", field)
		}
		sizes = append(sizes, n)
	}
	if rounds < 1 {
		return fmt.Errorf("-rounds: %d; at least one is needed", rounds)
	}
	dir, err := os.MkdirTemp("", "faultline-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	all := peers()
	for _, p := range all {
		p.costs, p.failed = map[int][]float64{}, map[int]error{}
		p.reason = p.prepare(dir)
	}
	if all[0].reason != nil {
		return all[0].reason
	}
	for range rounds {
		for _, n := range sizes {
			for _, p := range all {
				if p.reason != nil || p.failed[n] != nil {
					continue
				}
				cost, err := p.measure(dir, n, max(p.messages, 16*n))
				if err != nil {
					p.failed[n] = err
					continue
				}
				p.costs[n] = append(p.costs[n], cost)
			}
		}
	}
	table(all, sizes)
	return nil
}

// median returns the median of numbers in order: of an even number of them, the mean of the middle two.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// table writes the table: ns a message, and how many times Faultline's message
// costs less, as the median of the rounds with the least and the greatest.
func table(all []*peer, sizes []int) {
	fmt.Print("| |")
	for _, n := range sizes {
		fmt.Printf(" n=%d |", n)
	}
	fmt.Println("\n|---" + strings.Repeat("|---", len(sizes)) + "|")
	for _, p := range all {
		if p.reason != nil {
			continue
		}
		fmt.Printf("| %s |", p.name)
		for _, n := range sizes {
			var ratios []float64
			for round, cost := range p.costs[n] {
				ratios = append(ratios, cost/all[0].costs[n][round])
			}
			slices.Sort(ratios)
			costs := slices.Sorted(slices.Values(p.costs[n]))
			if p.failed[n] != nil {
				fmt.Printf(" fails: %v |", p.failed[n])
				continue
			}
			fmt.Printf(" %.2f (%.2f-%.2f), %.0f ns |", median(ratios), ratios[0], ratios[len(ratios)-1], median(costs))
		}
		fmt.Println()
	}
	for _, p := range all {
		if p.reason != nil {
			fmt.Printf("\n%s skipped: %v\n", p.name, p.reason)
		}
	}
}
