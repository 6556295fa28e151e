package history

import (
	"fmt"
	"slices"
	"strings"
)

// A Format is a kind of history file.
type Format string

// The formats that can be read.
const (
	FormatLines  Format = "faultline" // JSON Lines, see Encode and EncodeTransactions
	FormatEDN    Format = "edn"       // events as Jepsen and Knossos write them: maps, or one vector of maps
	FormatJSON   Format = "json"      // the same events as JSON objects, or as one array
	FormatJepsen Format = "jepsen"    // Jepsen's text log of one register, or its history.txt
	FormatKV     Format = "kv"        // EDN maps of get, put and append of strings
)

// Formats lists them.
var Formats = []Format{FormatLines, FormatEDN, FormatJSON, FormatJepsen, FormatKV}

// A Dialect is how a tool takes what event logs leave open. :info, like no answer
// at all, means in all of them: it may take effect at any later time or never.
type Dialect string

// The dialects.
const (
	// A failed cas was answered: the register did not hold what it expected. A
	// read of nil found the initial value. So porcupine's test of etcd logs.
	Porcupine Dialect = "porcupine"
	// Whatever failed certainly did not happen, and nothing follows from it. A
	// read of nil says nothing. So Knossos's models, and with them Jepsen's checkers.
	Knossos Dialect = "knossos"
	// Whatever failed certainly did not happen. A read of nil found the initial
	// value. So most clients of Jepsen's tests mean it, and Elle takes it.
	Jepsen Dialect = "jepsen"
)

// Dialects lists them.
var Dialects = []Dialect{Porcupine, Knossos, Jepsen}

func (d Dialect) blindCAS() bool { return d == Porcupine }

func (d Dialect) silentNil() bool { return d == Knossos }

// dialectOf returns the dialect of a file that was not told to have another.
func dialectOf(f Format) Dialect {
	switch f {
	case FormatJepsen:
		return Porcupine
	case FormatEDN, FormatJSON:
		return Knossos
	default:
		return "" // nothing is left open
	}
}

// A Model is the kind of object that a history is about.
type Model string

// The models.
const (
	ModelRegister      Model = "register"       // reads and writes
	ModelCASRegister   Model = "cas-register"   // and compare-and-sets
	ModelMutex         Model = "mutex"          // a lock, as a compare-and-set register
	ModelKV            Model = "kv"             // a store of strings with get, put and append
	ModelList          Model = "list-append"    // lists that are appended to, alone or in transactions
	ModelSet           Model = "set"            // add, and reads of all members
	ModelQueue         Model = "queue"          // first in, first out
	ModelStack         Model = "stack"          // last in, first out
	ModelRWRegister    Model = "rw-register"    // transactions of reads and writes
	ModelMultiRegister Model = "multi-register" // the same as Knossos writes them
	ModelMixed         Model = "mixed"          // keys of several kinds
)

// A modelRule says what a model consists of.
type modelRule struct {
	model     Model
	kinds     []Kind
	ops, txns bool // whether there are such histories
}

// modelRules are in the order in which a history is tried for them.
var modelRules = []modelRule{
	{ModelRegister, []Kind{Read, Write}, true, false},
	{ModelCASRegister, []Kind{Read, Write, CAS}, true, false},
	{ModelMutex, []Kind{CAS}, true, false},
	{ModelRWRegister, []Kind{Read, Write}, false, true},
	{ModelList, []Kind{Read, Append}, true, true},
	{ModelKV, []Kind{Read, Write, Append}, true, false},
	{ModelSet, []Kind{Read, Add}, true, false},
	{ModelQueue, []Kind{Enqueue, Dequeue}, true, false},
	{ModelStack, []Kind{Push, Pop}, true, false},
	{ModelMultiRegister, []Kind{Read, Write}, true, true},
}

// Models lists the models that can be asked for.
func Models() []Model {
	all := make([]Model, len(modelRules))
	for i, r := range modelRules {
		all[i] = r.model
	}
	return all
}

func (m Model) rule() modelRule {
	i := slices.IndexFunc(modelRules, func(r modelRule) bool { return r.model == m })
	if i < 0 {
		return modelRule{}
	}
	return modelRules[i]
}

// has reports whether an object of the model knows operations of that kind. Any
// object does as long as no model is given.
func (m Model) has(k Kind) bool { return m == "" || slices.Contains(m.rule().kinds, k) }

// inTransactions reports whether there are transactions on objects of the model.
func (m Model) inTransactions() bool { return m == "" || m.rule().txns }

// modelOf returns the first model that has all the kinds.
func modelOf(kinds [len(kindNames)]bool, txns bool) Model {
	for _, r := range modelRules {
		fits := txns && r.txns || !txns && r.ops
		for k, seen := range kinds {
			fits = fits && (!seen || slices.Contains(r.kinds, Kind(k)))
		}
		if fits {
			return r.model
		}
	}
	return ModelMixed
}

// Options say how to read a file. The zero Options find everything out from it.
type Options struct {
	Format  Format  // empty: as the first bytes show
	Model   Model   // empty: whatever the file holds; otherwise anything else is an error
	Dialect Dialect // empty: Porcupine for text logs, Knossos for EDN and JSON
	Initial string  // what every register of an event log holds at first, as EDN; empty: nothing
}

// check returns what is wrong with the options.
func (o *Options) check() error {
	switch {
	case o.Format != "" && !slices.Contains(Formats, o.Format):
		return notOne("format", o.Format, Formats)
	case o.Model != "" && o.Model.rule().model == "":
		return notOne("model", o.Model, Models())
	case o.Dialect != "" && !slices.Contains(Dialects, o.Dialect):
		return notOne("dialect", o.Dialect, Dialects)
	}
	return nil
}

func notOne[T ~string](what string, got T, all []T) error {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = string(one)
	}
	return fmt.Errorf("%s: there is no %s; use %s", what, short(string(got)), strings.Join(names, ", "))
}
