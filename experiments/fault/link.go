package fault

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"faultline/models/store"
	"faultline/net"
	"faultline/sim"
	"faultline/sim/dist"
)

// TolerableDelay is the delay of a message up to which a fault leaves
// store.FailStop unbroken: failure detectors wait several times longer.
const TolerableDelay = 20 * time.Millisecond

// HeavyLoss is the share of lost messages from which a replica counts as down.
const HeavyLoss = 0.9

// Which links are impaired.
const (
	betweenAny      = "all"
	betweenReplicas = "replicas"
	betweenClients  = "clients"
)

// impairing returns a kind that has an effect on links. tolerable reports
// whether replicas can bear it without taking live ones for dead.
func impairing(name, doc string, own []Param, effect func(settings) net.Effect, tolerable func(settings) bool) *Kind {
	where := []Param{
		targetParam(targetAll, "Whose links: all, random (a replica), leader, follower, minority, or names such as n2.", targetAll, targetRandom, targetLeader),
		choiceParam("between", "Which of their links: all, those with replicas (and the master), or those with clients.", betweenAny, betweenAny, betweenReplicas, betweenClients),
	}
	return &Kind{
		Name: name, Family: "links", Doc: doc,
		Params: params(append(own, where...), timing()),
		plan: func(w *World, v settings, r *sim.Stream) strike {
			targets, e := w.servers(v.Choice("target"), r), effect(v)
			s := w.impair(fmt.Sprintf("%s %s", name, w.names(targets)), w.linksOf(targets, v.Choice("target"), v.Choice("between")), e)
			if v.Choice("target") == targetAll {
				s.label = name
			}
			s.nobody = len(targets) == 0
			if e.Loss >= HeavyLoss && v.Choice("between") != betweenClients {
				s.takes = targets
			}
			return s
		},
		breaks: func(v settings, c Cluster) ([]store.Assumption, int) {
			if v.Choice("between") == betweenClients || tolerable(v) {
				return nil, 0
			}
			down := 0
			if effect(v).Loss >= HeavyLoss {
				down, _ = c.countTarget(v.Choice("target"))
			}
			return []store.Assumption{store.FailStop}, down
		},
		check: checkTarget,
	}
}

// impair plans a strike that impairs links.
func (w *World) impair(label string, links net.Links, e net.Effect) strike {
	return strike{label: label, begin: func() func() {
		id := w.net.Impair(links, e)
		return func() { w.net.Heal(id) }
	}}
}

// linksOf returns the links of some servers with others. All replicas have the master with them.
func (w *World) linksOf(targets []sim.NodeID, target, between string) net.Links {
	servers := w.serverIDs()
	if target == targetAll {
		targets = servers
	}
	var links net.Links
	if between != betweenClients {
		links = append(net.All(targets), net.Between(targets, without(servers, targets))...)
	}
	if between != betweenReplicas {
		links = append(links, net.Between(targets, w.net.OnHosts(w.cast.Clients...))...)
	}
	return slices.Clip(links)
}

var loss = impairing("loss", "Messages are lost.",
	[]Param{shareParam("share", "How many of the messages, from 0 to 1.", 0.2, 0.02, 0.2, 0.5)},
	func(v settings) net.Effect { return net.Effect{Loss: v.share("share")} },
	func(v settings) bool { return v.share("share") == 0 })

var duplication = impairing("duplication", "Messages arrive twice.",
	[]Param{shareParam("share", "How many of the messages, from 0 to 1.", 0.2, 0.02, 0.2, 0.5)},
	func(v settings) net.Effect { return net.Effect{Duplicate: v.share("share")} },
	func(settings) bool { return true })

var reordering = impairing("reordering", "Messages are held up, so that later ones overtake them.",
	[]Param{
		shareParam("share", "How many of the messages, from 0 to 1.", 0.2, 0.02, 0.2, 0.5),
		durationParam("by", "How long they are held up.", 10*time.Millisecond, 0, time.Millisecond, 10*time.Millisecond, 100*time.Millisecond)},
	func(v settings) net.Effect {
		return net.Effect{Reorder: v.share("share"), ReorderBy: dist.Constant(v.Duration("by"))}
	},
	func(v settings) bool { return v.share("share") == 0 || v.Duration("by") <= TolerableDelay })

var delay = impairing("delay", "Messages take longer.",
	[]Param{durationParam("by", "How much longer.", 100*time.Millisecond, 0, 10*time.Millisecond, 100*time.Millisecond, 500*time.Millisecond)},
	func(v settings) net.Effect { return net.Effect{Extra: dist.Constant(v.Duration("by"))} },
	func(v settings) bool { return v.Duration("by") <= TolerableDelay })

var grayLink = &Kind{
	Name: "gray-link", Family: "links",
	Doc: "The link from one replica to another loses and delays messages; the way back is sound, and nobody else notices.",
	Params: params([]Param{
		{Param: store.Param{Name: "from", Doc: "The sender: random, leader, follower, or a name such as n1.", Default: targetRandom}, Samples: []any{targetRandom, targetLeader, targetFollower}},
		{Param: store.Param{Name: "to", Doc: "The receiver: random, or a name such as n2.", Default: targetRandom}},
		shareParam("share", "How many of the messages are lost, from 0 to 1.", 0.3, 0.1, 0.3, 0.8),
		durationParam("by", "How much longer the others take.", 50*time.Millisecond, 0, 0*time.Millisecond, 50*time.Millisecond),
	}, timing()),
	plan: func(w *World, v settings, r *sim.Stream) strike {
		from := w.servers(v.Choice("from"), r)
		to := without(w.cast.Replicas, from)
		r.Shuffle(len(to), func(i, j int) { to[i], to[j] = to[j], to[i] })
		if name := v.Choice("to"); name != targetRandom {
			to = w.named([]string{name})
		}
		if len(from) == 0 || len(to) == 0 || from[0] == to[0] { // the leader may be the receiver just now
			return strike{nobody: true}
		}
		return w.impair(fmt.Sprintf("gray link %s to %s", w.name(from[0]), w.name(to[0])), net.OneWay(from[:1], to[:1]),
			net.Effect{Loss: v.share("share"), Extra: dist.Constant(v.Duration("by"))})
	},
	breaks: breaksFailStop,
	check:  checkGrayLink,
}

func checkGrayLink(v settings, c Cluster) error {
	from, to := v.Choice("from"), v.Choice("to")
	if c.Replicas < 2 {
		return errors.New("it needs at least 2 replicas")
	}
	if from == to && from != targetRandom {
		return fmt.Errorf("from and to are both %s", from)
	}
	for _, end := range [][2]string{{"from", from}, {"to", to}} {
		name, value := end[0], end[1]
		if value == targetRandom || name == "from" && fillsUp(value) {
			continue
		}
		if err := c.checkName(value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if prefix, _ := splitName(value); prefix != 'n' {
			return fmt.Errorf("%s: %s is no replica", name, value)
		}
	}
	return nil
}
