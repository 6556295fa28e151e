package checker

// Comparisons that can be changed without changing what the package does, or only
// how fast: by package, by the function they are in and what they become, and why.
var equivalent = map[string]map[string]string{
	"linear": {
		// How fast, or in how much memory.
		"collect: width < uint64(denseSlack*len(w.ops))": "either table finds the writer",
		"collect: width > uint64(denseSlack*len(w.ops))": "either table finds the writer",
		"clusterOfList: len(v.List) > len(k)":            "a list that is known is followed once more",
		"clusterOfList: len(v.List) <= len(k)":           "a list that is known was found before",
		"merge: len(orders) >= 1":                        "a single order is sorted already",
		"reset: len(s.all) <= len(s.head)/8":             "both ways empty the set",
		"reset: len(s.all) >= len(s.head)/8":             "both ways empty the set",
		"add: len(s.all) >= 2*len(s.head)":               "the set grows a little sooner",
		"reset: t.used >= 0":                             "an empty table is emptied",
		"reset: len(t.slots) >= keptSlots":               "both ways empty the table",
		"reset: len(t.slots) <= keptSlots":               "both ways empty the table",
		"prepare: shift+size+1 >= 64":                    "fields may stand in more words than they need",
		"prepare: shift+size+1 <= 64":                    "fields may stand in more words than they need",
		"prepare: n >= 0":                                "a field of no bits may have a guard",
		"take: op.Return <= s.reads[n-1].at":             "of reads that return at one instant the first is named anyway",
		"take: op.Return <= x.soonest":                   "more reads are kept than evidence needs",
		"pick: cmp.Compare(b.number, a.number)":          "sorted to leave out what comes twice; comparePairs sorts by time",

		"judge: n < longest":                               "whether there is a quick try first",
		"judge: n > longest":                               "whether there is a quick try first",
		"depth: len(s.here.all) >= most":                   "one configuration less is kept",
		"breadth: len(s.here.all)+len(s.past.all) >= most": "one configuration less is kept",
		"judge: s.steps >= limit":                          "what has no steps left decides nothing",

		"prepare: s.here.head != nil":                  "a search gets its memory later, bit by bit",
		"try: effect.kind == history.Write":            "what could be hidden now can be hidden, or happen, at its own return",
		"try: s.blind&^(c.taken|c.free) != 0":          "what could be hidden now can be hidden, or happen, at its own return",
		"tells: s.builds >= 0":                         "steps are taken that nothing can tell of",
		"tells: s.window.states[d.state].expects >= 0": "steps are taken that nothing can tell of",
		"see: op.Kind != history.CAS":                  "more states are told apart than matter",
		"seeMaybe: pass >= passes":                     "more states are told apart than matter",
		"seeMaybe: pass <= passes":                     "more states are told apart than matter",
		"shows: s.shown.get(0, x) != 0":                "more states are told apart than matter",
		"matter: at >= dead":                           "nobody asks until when dead matters",
		"settle: at >= blank":                          "the initial value continues no list",
		"alive: at >= dead":                            "dead is dead",
		"seeMaybe: len(maybe) >= 0":                    "none left is as many as before",
		"smallest: len(b) >= 0":                        "what is kept is asked about once more",
		"ask: w.h[i].Return < since":                   "what is not asked about is never needed",
		"ask: returned(op) >= since":                   "a little less of what is long past is left out",

		// Sets.
		"collect: at <= m.answer.at":                         "of adds of one item that return at one instant either may be named",
		"newDirectory: s.writers >= 0":                       "either directory finds the member",
		"newDirectory: s.writers <= 0":                       "either directory finds the member",
		"newDirectory: width < uint64(denseSlack*s.writers)": "either directory finds the member",
		"chain: len(list) >= size":                           "reads of one set are in order of call, so that none returned before one of lower rank was called",
		"compare: cmp.Compare(b.call.op, a.call.op)":         "calls at one instant may come in either order",
		"compare: r.call.at >= g.ranks[latest].call.at":      "of calls at one instant only the instant counts",

		// Queues.
		"line: cmp.Compare(b, a)": "values that come or go at one instant may stand in either order",
		"play: out[k] <= never":   "what need not have happened may as well happen after all else",

		// What cannot be.
		"try: freeEnd <= dueEnd": "no two operations have one event",
		"earliest: m.end <= end": "no two operations have one event",
		"plus: known <= 0":       "the empty bag is no bag with one more",
		"before: cmp.Or(cmp.Compare(m.at, n.at), cmp.Compare(m.op, n.op)) <= 0": "no value awaits the same return twice",
		"blame: i <= s.wrong":    "what is blamed twice is the same operation",
		"pick: s.wrong <= wrong": "an operation is about one value",

		// Which of several that are as good.
		"takeSlot: p.returns(p.open[at-1]) < p.h[m.op].Return": "returns at one instant may come in either order",
		"Verify: op.Call >= h[latest[0]].Call":                 "an error names one of two operations called at one instant",
		"witness: w.steps <= 0":                                "how much is shown when steps run out",
		"witness: len(needed) >= witnessMost":                  "how much is shown when steps run out",
		"witness: len(needed) <= witnessMost":                  "how much is shown when steps run out",
		"proves: w.steps <= 0":                                 "how much is shown when steps run out",
		"culprit: steps > 0":                                   "what has no steps left decides nothing",
		"arrange: cmp.Compare(b.head, a.head)":                 "blocks that begin at one instant may come in either order",
		"rank: v.last.at >= w.latest[0].last.at":               "of calls at one instant only the instant counts",
		"rank: v.last.at >= w.latest[1].last.at":               "of calls at one instant only the instant counts",
		"retry: c.steps > c.limit":                             "a key that no step is left for is tried with none",
	},
	"session": {},
}
