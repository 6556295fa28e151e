package staleness

import (
	"cmp"
	"slices"

	"faultline/checker/history"
	"faultline/checker/keys"
)

// A version is one place in the store's own order.
type version struct {
	op   int32        // the write, or the first read that shows it where the write is not known
	call history.Time // of the write
	seen history.Time // in place: acknowledged, or read; never before call
}

// ranked judges the reads of a key by the store's own order of versions.
func (s *Score) ranked(h history.History, k *keys.Key, ranks keys.Ranks) {
	vs := versions(h, k, ranks)
	first := firstSeen(vs)
	acks := newest(h, k, ranks)
	from := len(s.Stale)
	for n, r := range k.Reads {
		if k.Shape == keys.Register && k.From[n] == keys.Nobody {
			s.Unexplained++
			continue
		}
		s.Reads++
		s.Ranked++
		next := ranks.Reads[n] // place in vs of the next version
		stale := int(next) < len(vs) && vs[first[next]].seen < h[r].Call
		if stale {
			newer := &vs[first[next]]
			s.Stale = append(s.Stale, Stale{Op: int(r), Newer: int(newer.op), Age: h[r].Call.Sub(newer.seen), Versions: int(next)})
		}
		s.sampleRanked(h, r, acks, !stale)
	}
	if stale := s.Stale[from:]; len(stale) > 0 {
		c := newCounter(len(vs), func(i int) history.Time { return vs[i].seen })
		for _, i := range byCall(h, stale) {
			stale[i].Versions = c.from(stale[i].Versions, h[stale[i].Op].Call)
		}
	}
}

// versions returns the versions of the key; rank v is at place v-1.
func versions(h history.History, k *keys.Key, ranks keys.Ranks) []version {
	vs := make([]version, ranks.Count)
	for i := range vs {
		vs[i] = version{-1, beginning, history.Never}
	}
	for place, i := range k.Writes {
		if rank := ranks.Writes[place]; rank > 0 {
			vs[rank-1] = version{i, h[i].Call, history.Never}
			if h[i].Status == history.OK {
				vs[rank-1].seen = h[i].Return
			}
		}
	}
	for n, r := range k.Reads {
		if rank := ranks.Reads[n]; rank > 0 {
			v := &vs[rank-1]
			if v.op < 0 {
				v.op = r
			}
			v.seen = max(v.call, min(v.seen, h[r].Return))
		}
	}
	return vs
}

// firstSeen returns for each version the one that was in place first among it and
// those above.
func firstSeen(vs []version) []int32 {
	first := make([]int32, len(vs))
	for i := len(vs) - 1; i >= 0; i-- {
		first[i] = int32(i)
		if i+1 < len(vs) && vs[first[i+1]].seen < vs[i].seen {
			first[i] = first[i+1]
		}
	}
	return first
}

// An ack is the acknowledgement of a write, and when the greatest version
// acknowledged by then had been.
type ack struct {
	at     history.Time
	rank   int32
	newest history.Time
}

// newest returns the acknowledgements by time.
func newest(h history.History, k *keys.Key, ranks keys.Ranks) []ack {
	acks := make([]ack, 0, len(k.Writes))
	for place, i := range k.Writes {
		if h[i].Status == history.OK {
			acks = append(acks, ack{h[i].Return, ranks.Writes[place], h[i].Return})
		}
	}
	slices.SortFunc(acks, func(a, b ack) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank)) })
	for i := 1; i < len(acks); i++ {
		if before := &acks[i-1]; before.rank > acks[i].rank {
			acks[i].rank, acks[i].newest = before.rank, before.newest
		}
	}
	return acks
}

// sampleRanked is sample by the store's order.
func (s *Score) sampleRanked(h history.History, read int32, acks []ack, fresh bool) {
	call := h[read].Call
	n, _ := slices.BinarySearchFunc(acks, call, func(a ack, at history.Time) int { return cmp.Compare(a.at, at) })
	if n > 0 {
		s.Samples = append(s.Samples, Sample{int(read), call.Sub(acks[n-1].newest), fresh})
	}
}
