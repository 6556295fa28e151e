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

// A ranked is scratch for a key whose versions the store orders.
type ranked struct {
	versions []version
	first    []int32
	acks     []ack
}

// ranked judges the reads of a key by the store's own order of versions.
func (s *Score) ranked(h history.History, k *keys.Key, ranks keys.Ranks, r *ranked) {
	vs := r.place(h, k, ranks)
	first := r.firstSeen()
	acks := r.newest(h, k, ranks)
	at := 0
	from := len(s.Stale)
	for n, i := range k.Reads {
		if k.Shape == keys.Register && k.From[n] == keys.Nobody {
			s.Unexplained++
			continue
		}
		s.Reads++
		s.Ranked++
		next := ranks.Reads[n] // place in vs of the next version
		stale := int(next) < len(vs) && vs[first[next]].seen < h[i].Call
		if stale {
			newer := &vs[first[next]]
			s.Stale = append(s.Stale, Stale{Op: int(i), Newer: int(newer.op), Age: h[i].Call.Sub(newer.seen), Versions: int(next)})
		}
		at = s.sampleRanked(h, i, acks, at, !stale)
	}
	if stale := s.Stale[from:]; len(stale) > 0 {
		c := newCounter(len(vs), func(i int) history.Time { return vs[i].seen })
		for _, i := range byCall(h, stale) {
			stale[i].Versions = c.from(stale[i].Versions, h[stale[i].Op].Call)
		}
	}
}

// fresh takes in the reads of a key none of which is stale.
func (s *Score) fresh(h history.History, k *keys.Key, acks []ack) {
	s.Reads += len(k.Reads)
	s.Ranked += len(k.Reads)
	at := 0
	for _, i := range k.Reads {
		at = s.sampleRanked(h, i, acks, at, true)
	}
}

// place returns the versions of the key; rank v is at place v-1.
func (r *ranked) place(h history.History, k *keys.Key, ranks keys.Ranks) []version {
	r.versions = r.versions[:0]
	for range ranks.Count {
		r.versions = append(r.versions, version{-1, beginning, history.Never})
	}
	vs := r.versions
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
func (r *ranked) firstSeen() []int32 {
	vs := r.versions
	r.first = slices.Grow(r.first[:0], len(vs))[:len(vs)]
	first := r.first
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
func (r *ranked) newest(h history.History, k *keys.Key, ranks keys.Ranks) []ack {
	acks := slices.Grow(r.acks[:0], len(k.Writes))
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
	r.acks = acks
	return acks
}

// sampleRanked is sample by the store's order. It is told how many acknowledgements
// came before the read before, and returns how many did before this one: as reads come in
// order of call, these are about as many.
func (s *Score) sampleRanked(h history.History, read int32, acks []ack, n int, fresh bool) int {
	call := h[read].Call
	for n > 0 && acks[n-1].at >= call {
		n--
	}
	for n < len(acks) && acks[n].at < call {
		n++
	}
	if n > 0 {
		s.Samples = append(s.Samples, Sample{int(read), call.Sub(acks[n-1].newest), fresh})
	}
	return n
}
