package results

import (
	"slices"
	"strings"
)

// A Match picks the cells whose swept setting has one of some values.
type Match struct {
	Name   string // model, or the path of a swept setting
	Values []string
}

// model is the name under which a Match speaks of the store.
const model = "model"

// Like reports whether the cell is as all matches say. A store that is swept goes
// by its label, otherwise by its name.
func (c *CellInfo) Like(where []Match) bool {
	for _, m := range where {
		value := ""
		if m.Name == model {
			value = c.Model
		}
		for _, p := range c.Params {
			if p.Name == m.Name {
				value = p.Value
			}
		}
		if !slices.Contains(m.Values, value) {
			return false
		}
	}
	return true
}

// Words writes matches for people, by the last part of each setting's path:
// "raft or chain, rate=50/s". Without matches it is empty.
func Words(where []Match) string {
	var parts []string
	for _, m := range where {
		text := strings.Join(m.Values, " or ")
		if m.Name != model {
			text = m.Name[strings.LastIndexByte(m.Name, '.')+1:] + "=" + text
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
