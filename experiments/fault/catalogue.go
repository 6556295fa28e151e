package fault

import (
	"slices"

	"faultline/net"
)

// All is the catalogue of faults, by family.
var All = []*Kind{
	halves,
	isolate,
	partition,
	shaped("majority-ring", "Every replica hears a majority, but no two the same.", net.MajorityRing, 3, false),
	shaped("bridge", "Two halves of the replicas that only one connects.", net.Bridge, 3, true),
	shaped("star", "Replicas keep only their links with one of them: nobody else reaches a majority.", net.Star, 3, true),
	shaped("chain", "Replicas keep only their links with their neighbours in a row.", net.Chain, 3, false),
	shaped("shatter", "No two replicas reach each other.", net.Shatter, 2, false),
	deaf,
	mute,
	cutClient,
	flapping,

	crash,
	powerLoss,
	pause,
	slowNode,
	slowDisk,
	lyingDisk,

	loss,
	duplication,
	reordering,
	delay,
	grayLink,

	clockOffset,
	clockStep,
	clockDrift,
	clockFreeze,

	cpuQuota,
	coinToss,
	flushCaches,
	surge,
	poison,
	crashAtStep,
}

// planned are the kinds that random plans draw from.
var planned = slices.DeleteFunc(slices.Clone(All), func(k *Kind) bool { return k.byHand })

// Find returns the kind of that name.
func Find(name string) (*Kind, bool) {
	i := slices.IndexFunc(All, func(k *Kind) bool { return k.Name == name })
	if i < 0 {
		return nil, false
	}
	return All[i], true
}
