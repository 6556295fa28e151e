package raft

import "fmt"

// silent is the library's logger: what happened is in the trace. The library
// panics where its own assumptions are broken, which it does through its logger,
// so that such a panic can be told from a bug of this package.
type silent struct{}

// broken is what the library panics with: it found a log or a message that
// cannot be, as when a disk came back empty or had lied about a sync.
type broken string

func (silent) Debug(...any)            {}
func (silent) Debugf(string, ...any)   {}
func (silent) Info(...any)             {}
func (silent) Infof(string, ...any)    {}
func (silent) Warning(...any)          {}
func (silent) Warningf(string, ...any) {}
func (silent) Error(...any)            {}
func (silent) Errorf(string, ...any)   {}

func (silent) Fatal(v ...any)                 { panic(broken(fmt.Sprint(v...))) }
func (silent) Fatalf(format string, v ...any) { panic(broken(fmt.Sprintf(format, v...))) }
func (silent) Panic(v ...any)                 { panic(broken(fmt.Sprint(v...))) }
func (silent) Panicf(format string, v ...any) { panic(broken(fmt.Sprintf(format, v...))) }
