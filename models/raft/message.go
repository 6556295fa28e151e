package raft

import (
	pb "go.etcd.io/raft/v3/raftpb"

	"faultline/models/store"
)

// A message is one of the library's. It travels as a pointer, unmarshalled:
// neither the library nor this package changes a message once it is sent.
type message pb.Message

// A transfer is a message with the snapshot that it announces, for a follower
// that lags behind what is left of the leader's log.
type transfer struct {
	msg  *pb.Message
	snap *snapshot
}

// A snapshot is the state after the entry at index, which was proposed in term.
// It never changes; whoever goes on from it takes a clone of the state.
type snapshot struct {
	index, term uint64
	state       *store.State
	size        int // bytes on the wire
}

// The types of messages that are given to the library, where it wants a pointer.
var typeProp, typeReadIndex = pb.MsgProp, pb.MsgReadIndex

// Bytes on the wire, roughly those of the protobuf encoding.
const (
	messageSize = 64 // of a message without entries, with the headers of TCP/IP
	entrySize   = 12 // of an entry without its payload
)

// Size returns the bytes that the message takes on the wire.
func (m *message) Size() int {
	size := messageSize + len(m.Context)
	for _, entry := range m.Entries {
		size += entrySize + len(entry.GetData())
	}
	return size
}

// Size returns the bytes that the message and the snapshot take on the wire.
func (t *transfer) Size() int { return messageSize + t.snap.size }
