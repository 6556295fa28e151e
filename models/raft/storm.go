package raft

import pb "go.etcd.io/raft/v3/raftpb"

// A rejection is what a follower answers to entries that do not fit its log.
type rejection struct{ to, term, index, hint uint64 }

// storms reports whether m is the rejection that was sent last, in the same
// tick. A leader answers a rejection at once by the entries before. But where a
// disk lost what it had reported as saved, the leader has none that would do: it
// sends the same again, is rejected again, and so on for ever, without a pause.
// A network that doubles messages makes an avalanche of that. Nothing is lost by
// keeping the second rejection back: the leader tries again after every heartbeat.
func (r *replica) storms(m *pb.Message) bool {
	if m.GetType() != pb.MsgAppResp || !m.GetReject() {
		return false
	}
	now := rejection{m.GetTo(), m.GetTerm(), m.GetIndex(), m.GetRejectHint()}
	again := now == r.rejected
	r.rejected = now
	return again
}
