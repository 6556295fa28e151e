package experiments

import (
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"faultline/experiments/strict"
	"faultline/models/service"
	"faultline/net/policy"
)

// ServiceSpec is one service as it is written.
type ServiceSpec struct {
	N          int         `yaml:"n" default:"3" min:"1" max:"1000" doc:"replicas"`
	Server     *ServerSpec `yaml:"server" doc:"how they serve requests; default: as server, at the top, says"`
	Concurrent int         `yaml:"concurrent" default:"0" min:"0" max:"1000000" doc:"requests that a replica has under way at once, waits for answers included; one more is turned away; 0: any number"`
	Shards     *ShardSpec  `yaml:"shards" doc:"which replicas serve a client, or a key, whoever asks on its behalf; default: all"`
	Blocking   bool        `yaml:"blocking" default:"false" doc:"a worker of server is kept at a request until that is answered, waits for others included, as a thread is; needs server here"`
	Calls      []StageSpec `yaml:"calls" doc:"whom a request needs, one after the other: a service, store (the model), or a list of them that are called at once"`
}

// ShardSpec is who may ask whom, as it is written.
type ShardSpec struct {
	Size int    `yaml:"size" required:"true" min:"1" max:"1000" doc:"replicas of each shard"`
	By   string `yaml:"by" oneof:"client,key" default:"client" doc:"what is dealt out to shards: clients, whose requests keep theirs on their way through all services; or keys"`
	Kind string `yaml:"kind" oneof:"shuffle,cells" default:"shuffle" doc:"shuffle: each client, or key, has a choice of its own; cells: replicas are divided up, and clients or keys with them"`
}

// StageSpec is what a service calls at one time: auth, {to: auth, optional: true}, or a list of such.
type StageSpec struct{ Calls []CallSpec }

// CallSpec is a call of a service as it is written.
type CallSpec struct {
	Label    string           `yaml:"label" doc:"name in tables and charts, where it is swept"`
	To       string           `yaml:"to" required:"true" doc:"a service, or store"`
	Times    int              `yaml:"times" default:"1" min:"1" max:"10000" doc:"how many such calls are made at once (fan-out)"`
	Share    strict.Share     `yaml:"share" default:"100%" doc:"of the requests that need the call: which they are does not change from one attempt to the next"`
	Optional bool             `yaml:"optional" default:"false" doc:"the request does without if the call fails (soft dependency)"`
	Client   *ClientSpec      `yaml:"client" doc:"policy of the call, as that of clients; limiter: {rule: fixed} is a bulkhead; default: one attempt of 500ms, at the replicas of a service in turn"`
	Deadline string           `yaml:"deadline" oneof:"own,passed-on" default:"own" doc:"passed-on: the one called hears of the caller's deadline if that is earlier"`
	Key      string           `yaml:"key" oneof:"intent,none" default:"intent" doc:"idempotency key of writes: that of the client's intent, or none"`
	Cache    *CacheSpec       `yaml:"cache" doc:"look-aside cache of answers to reads, in each replica; a crash empties it, and so does the fault flush-caches"`
	Refresh  *strict.Duration `yaml:"refresh" min:"1ms" max:"24h" doc:"make the call this often, and not for each request; requests go by the latest answer, however old (static stability)"`
}

// CacheSpec is a cache as it is written.
type CacheSpec struct {
	For      strict.Duration `yaml:"for" required:"true" min:"1us" max:"24h" doc:"how long an answer about a key is good"`
	Coalesce bool            `yaml:"coalesce" default:"false" doc:"of several requests that miss a key at once, one asks for all: no stampede"`
	Stale    bool            `yaml:"stale" default:"false" doc:"if the call fails, an answer that is too old will do"`
}

// CheckStrict looks at the rules that span several fields.
func (s *ServiceSpec) CheckStrict(n *strict.Node) {
	if s.Blocking && s.Server == nil {
		n.FailField("blocking", "blocking keeps workers, and the service says nothing of any", "give it a server of its own: {workers: 20, service: 1ms}")
	}
}

// CheckStrict looks at what a share may be.
func (s *CallSpec) CheckStrict(n *strict.Node) {
	if s.Share == 0 {
		n.FailField("share", "no request needs the call", "leave the call out, or give it a share such as 20%")
	}
}

// UnmarshalStrict reads the stage.
func (s *StageSpec) UnmarshalStrict(n *strict.Node) {
	items := []*strict.Node{n}
	if n.Kind() == strict.List {
		items, _ = n.Items()
		if len(items) == 0 {
			n.Fail("there is no call in the list", "name a service, or leave the list out")
		}
	}
	for _, item := range items {
		var c CallSpec
		if item.Kind() == strict.Mapping {
			item.Decode(&c)
		} else if name, ok := item.Scalar("a call", "write the name of a service, store, or {to: name, optional: true}"); ok {
			c.To = name
			strict.Defaults(&c)
		}
		s.Calls = append(s.Calls, c)
	}
}

// MarshalStrict returns the stage as it is written.
func (s StageSpec) MarshalStrict() any {
	if len(s.Calls) == 1 {
		return s.Calls[0]
	}
	return s.Calls
}

// StrictSchema describes a stage to editors.
func (StageSpec) StrictSchema() *jsonschema.Schema {
	one := []*jsonschema.Schema{{Type: "string", Description: "name of a service, or store"}, schemaOf[CallSpec]()}
	return &jsonschema.Schema{AnyOf: append(one, &jsonschema.Schema{Type: "array", Description: "calls at once", Items: &jsonschema.Schema{AnyOf: one}})}
}

// oneAttempt is the policy of a call that says nothing of it. The replicas of a
// service are asked in turn, those of a store in the order that the store says.
func oneAttempt(to string) policy.Policy {
	p := policy.Policy{Retry: policy.Retry{AttemptTimeout: 500 * time.Millisecond, MaxAttempts: 1}}
	if to != service.Store {
		p.Balance = policy.RoundRobin
	}
	return p
}

// call returns what the spec describes.
func (s *CallSpec) call() service.Call {
	c := service.Call{To: s.To, Share: float64(s.Share), Optional: s.Optional, Policy: oneAttempt(s.To), PassOn: s.Deadline == "passed-on", NoKey: s.Key == "none"}
	if c.Share >= 1 {
		c.Share = 0
	}
	if s.Client != nil {
		c.Policy = s.Client.policy()
	}
	if s.Cache != nil {
		c.Cache, c.Coalesce, c.Stale = s.Cache.For.Std(), s.Cache.Coalesce, s.Cache.Stale
	}
	if s.Refresh != nil {
		c.Refresh = s.Refresh.Std()
	}
	return c
}

// graph returns the services, or an empty graph.
func (s *Spec) graph() *service.Graph {
	g := &service.Graph{}
	for _, entry := range s.Services {
		spec := entry.Value
		sv := service.Service{Name: entry.Name, Replicas: spec.N, Server: spec.Server.server(), Concurrent: spec.Concurrent}
		if spec.Shards != nil {
			sv.Shard, sv.Cells, sv.ByKey = spec.Shards.Size, spec.Shards.Kind == "cells", spec.Shards.By == "key"
		}
		if spec.Blocking && sv.Server != nil {
			sv.Server.Blocking = true
		}
		for i := range spec.Calls {
			var stage []service.Call
			for j := range spec.Calls[i].Calls {
				for range spec.Calls[i].Calls[j].Times {
					stage = append(stage, spec.Calls[i].Calls[j].call())
				}
			}
			sv.Stages = append(sv.Stages, stage)
		}
		g.Services = append(g.Services, sv)
	}
	return g
}

// place puts the store and the services into a scenario.
func (s *Spec) place(sc *Scenario) {
	sc.Replicas = s.nodes()
	if s.Model != nil {
		sc.Model, sc.Values, sc.Mutant = s.Model.Model, s.Model.Values, s.Model.Mutant
		if s.Idempotency != nil {
			sc.Model = s.Idempotency.layer().Over(sc.Model)
		}
	}
	if len(s.Services) > 0 {
		sc.Services = s.graph()
		sc.Model = sc.Services.Over(sc.Model, sc.beneath())
	}
}

// nodes returns how many replicas there are, of the store and of services.
func (s *Spec) nodes() int {
	n := s.graph().Nodes()
	if s.Model != nil {
		n += s.Model.replicas()
	}
	return n
}
