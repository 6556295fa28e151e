package workload

import "time"

// A Preset is a workload with a name, for experiments to start from.
type Preset struct {
	Name     string // as in experiment files
	Doc      string // one sentence
	Workload Workload
}

// All is the catalogue of workloads.
var All = []*Preset{
	{"balanced", "As many reads as writes on ten keys: YCSB's workload A, the hardest for a replicated register.",
		with(Mix{Reads: 1, Writes: 1}, 10, KeyLaw{})},
	{"read-mostly", "Nineteen reads to a write: YCSB's workload B, such as a profile store.",
		with(Mix{Reads: 95, Writes: 5}, 10, KeyLaw{})},
	{"write-heavy", "Nine writes to a read, such as metrics and logs.",
		with(Mix{Reads: 1, Writes: 9}, 10, KeyLaw{})},
	{"hot-key", "Nine operations of ten are about one key: contention, and the most work for a checker.",
		with(Mix{Reads: 1, Writes: 1}, 10, KeyLaw{Kind: HotKeys, Hot: 1, Share: 0.9})},
	{"zipf", "Popularity falls as 1/i^0.99, as YCSB has it for web traffic.",
		with(Mix{Reads: 95, Writes: 5}, 100, KeyLaw{Kind: Zipf, Theta: 0.99})},
	{"cold-tail", "Five hot keys, and 200 that are touched so rarely that only anti-entropy repairs them.",
		with(Mix{Reads: 1, Writes: 1}, 205, KeyLaw{Kind: HotKeys, Hot: 5, Share: 0.8})},
	{"compare-and-set", "Reads, writes and compare-and-sets on few keys: what locks and counters are made of.",
		with(Mix{Reads: 1, Writes: 1, CAS: 1}, 5, KeyLaw{})},
	{"append", "Reads and appends to lists: each read shows the order of all writes before it.",
		with(Mix{Reads: 1, Appends: 1}, 5, KeyLaw{})},
	{"charges", "Charges to accounts: each is an entry that is added to a statement, so that what was charged twice or never is there to be seen.",
		with(Mix{Reads: 1, Appends: 9}, 5, KeyLaw{})},
	{"open-loop", "Half reads, half writes that arrive 200 times a second, however slow the store is.",
		openLoop(with(Mix{Reads: 1, Writes: 1}, 10, KeyLaw{}), 200)},
}

// What the presets have in common.
const (
	presetClients  = 5
	presetDuration = 30 * time.Second
)

func with(mix Mix, keys int, law KeyLaw) Workload {
	return Workload{Clients: presetClients, Duration: presetDuration, Keys: keys, Law: law, Mix: mix}
}

func openLoop(w Workload, rate float64) Workload {
	w.Rate = rate
	return w
}

// Find returns the preset of that name.
func Find(name string) (*Preset, bool) {
	for _, p := range All {
		if p.Name == name {
			return p, true
		}
	}
	return nil, false
}

// Names lists the names of the catalogue, in its order.
func Names() []string {
	var names []string
	for _, p := range All {
		names = append(names, p.Name)
	}
	return names
}
