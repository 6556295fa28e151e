// Package models is the catalogue of store models. To add one: write its folder,
// export a Model, and add a line here.
package models

import (
	"strings"

	"faultline/models/abd"
	"faultline/models/chain"
	"faultline/models/lww"
	"faultline/models/outbox"
	"faultline/models/primarybackup"
	"faultline/models/quorum"
	"faultline/models/raft"
	"faultline/models/single"
	"faultline/models/store"
	"faultline/models/transfer"
)

// All lists every model, in the order in which they are taught.
var All = []*store.Model{
	&single.Model,
	&primarybackup.Model,
	&chain.Model,
	&abd.Model,
	&quorum.Model,
	&raft.Model,
	&lww.Model,
	&outbox.Model,
	&transfer.Model,
}

// Find returns the model of that name, or nil. Hyphens and case do not matter:
// primary-backup is primarybackup.
func Find(name string) *store.Model {
	plain := strings.ToLower(strings.ReplaceAll(name, "-", ""))
	for _, m := range All {
		if m.Name == plain {
			return m
		}
	}
	return nil
}

// Names lists the names of the catalogue, in its order.
func Names() []string {
	var names []string
	for _, m := range All {
		names = append(names, m.Name)
	}
	return names
}
