package store

import (
	"fmt"
	"slices"
	"time"
)

// A Param is one setting of a model, typed and documented.
type Param struct {
	Name    string
	Doc     string
	Default any      // int, bool, time.Duration or string; its type is the type of the setting
	Min     any      // int or time.Duration; nil: no bound
	Max     any      // the same
	Choices []string // of a string
	Safety  bool     // a wrong value breaks the store's promise, not just its speed
}

// Values are settings by name. Each has the type of its Param's Default.
type Values map[string]any

// Int returns the setting of that name, which must be an int.
func (c Config) Int(name string) int { return get[int](c, name) }

// Bool returns the setting of that name, which must be a bool.
func (c Config) Bool(name string) bool { return get[bool](c, name) }

// Duration returns the setting of that name, which must be a duration.
func (c Config) Duration(name string) time.Duration { return get[time.Duration](c, name) }

// Choice returns the setting of that name, which must be a string.
func (c Config) Choice(name string) string { return get[string](c, name) }

func get[T any](c Config, name string) T {
	v, ok := c.Values[name].(T)
	if !ok {
		panic(fmt.Sprintf("store: setting %q is %T, want %T", name, c.Values[name], v))
	}
	return v
}

// Defaults returns the settings of m with every default in place, overridden by set.
func (m *Model) Defaults(set Values) Values {
	values := Values{}
	for _, p := range m.Params {
		values[p.Name] = p.Default
	}
	for name, v := range set { // any order: a copy of a map is a map
		values[name] = v
	}
	return values
}

// Param returns the setting's declaration by name, or nil.
func (m *Model) Param(name string) *Param {
	i := slices.IndexFunc(m.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &m.Params[i]
}

// Check returns what is wrong with v as a value of p, or nil.
func (p *Param) Check(v any) error {
	switch v := v.(type) {
	case int:
		return inRange(p, v)
	case time.Duration:
		return inRange(p, v)
	case string:
		if len(p.Choices) > 0 && !slices.Contains(p.Choices, v) {
			return fmt.Errorf("%q is none of %v", v, p.Choices)
		}
	}
	return nil
}

func inRange[T int | time.Duration](p *Param, v T) error {
	if lo, ok := p.Min.(T); ok && v < lo {
		return fmt.Errorf("%v is below %v", v, lo)
	}
	if hi, ok := p.Max.(T); ok && v > hi {
		return fmt.Errorf("%v is above %v", v, hi)
	}
	return nil
}
