package experiments

import (
	"slices"
	"time"

	"faultline/experiments/strict"
	"faultline/sim"
)

// ServerSpec is how a replica or service serves requests, as it is written.
type ServerSpec struct {
	Label       string          `yaml:"label" doc:"name in tables and charts, where it is swept"`
	Workers     int             `yaml:"workers" default:"1" min:"1" max:"10000" doc:"how many things are worked on at once"`
	Service     *LawSpec        `yaml:"service" doc:"what the request of a client takes of a worker; default: what machine.cpu says"`
	Queue       QueueSpec       `yaml:"queue" doc:"of what waits for a worker"`
	RejectCost  strict.Share    `yaml:"reject_cost" default:"0%" doc:"what turning a request away takes of a worker, as a share of what the request would have taken"`
	DropExpired bool            `yaml:"drop_expired" default:"false" doc:"drop a request whose sender no longer waits when its turn comes; the server looks at its own clock"`
	MinLeft     strict.Duration `yaml:"min_left" default:"0s" min:"0s" max:"1h" doc:"with drop_expired: and one whose sender waits no longer than this"`
	Background  *BackgroundSpec `yaml:"background" doc:"work of its own that keeps a worker busy, such as compaction"`
}

// QueueSpec is a queue as it is written.
type QueueSpec struct {
	Discipline string          `yaml:"discipline" oneof:"fifo,lifo,codel,controlled-delay" default:"fifo" doc:"which request is next; codel turns away more and more while none waits for less than target (RFC 8289); controlled-delay all at once that waited for longer than target, if there was a line for an interval before they came, and else for longer than interval (Maurer, Fail at Scale, 2015)"`
	Limit      *int            `yaml:"limit" min:"0" max:"1000000" doc:"requests that may wait; one more is turned away, of lifo the oldest; default: any number"`
	Target     strict.Duration `yaml:"target" default:"5ms" min:"1us" max:"1h" doc:"of codel and controlled-delay: how long a request may wait"`
	Interval   strict.Duration `yaml:"interval" default:"100ms" min:"1us" max:"1h" doc:"of codel and controlled-delay: for how long it may be longer"`
}

// BackgroundSpec is background work as it is written.
type BackgroundSpec struct {
	Every strict.Duration `yaml:"every" required:"true" min:"1ms" max:"24h" doc:"time from one beginning to the next"`
	Takes LawSpec         `yaml:"takes" required:"true" doc:"what it takes of a worker"`
}

// CheckStrict looks at the rules that span several fields.
func (s *ServerSpec) CheckStrict(n *strict.Node) {
	if s.MinLeft > 0 && !s.DropExpired {
		n.FailField("min_left", "min_left says more precisely what drop_expired drops, which is off", "add drop_expired: true")
	}
	if b := s.Background; b != nil && b.Takes.Mean() >= b.Every.Std()*time.Duration(s.Workers) {
		n.FailField("background", "background work leaves the workers no time for requests", "let it come up less often, or take less")
	}
}

// CheckStrict looks at the rules that span several fields.
func (s *QueueSpec) CheckStrict(n *strict.Node) {
	for _, field := range []string{"target", "interval"} {
		if f := n.Field(field); f != nil && discipline(s.Discipline) < sim.CoDel {
			f.Fail(field+" is a setting of codel and controlled-delay, and the discipline is "+s.Discipline, "add discipline: codel, or leave it out")
		}
	}
}

// server returns what the spec describes.
func (s *ServerSpec) server() *sim.Server {
	if s == nil {
		return nil
	}
	rules := &sim.Server{
		Workers: s.Workers, Discipline: discipline(s.Queue.Discipline),
		RejectCost: int64(float64(s.RejectCost*1000) + 0.5), DropExpired: s.DropExpired, MinLeft: s.MinLeft.Std(),
		Target: s.Queue.Target.Std(), Interval: s.Queue.Interval.Std(),
	}
	if s.Service != nil {
		rules.Service = s.Service.Law
	}
	if s.Queue.Limit != nil {
		rules.Bounded, rules.Limit = true, *s.Queue.Limit
	}
	if b := s.Background; b != nil {
		rules.Every, rules.Chore = b.Every.Std(), b.Takes.Law
	}
	return rules
}

// discipline returns the one of that name. The names come from the oneof of a
// field, which a test compares with the disciplines.
func discipline(name string) sim.Discipline {
	return sim.Discipline(slices.IndexFunc(sim.Disciplines, func(d sim.Discipline) bool { return d.String() == name }))
}
