package net_test

import (
	"fmt"
	"time"

	"faultline/net"
	"faultline/sim"
	"faultline/sim/dist"
)

// A client talks to a server across a partition that begins and ends.
func Example() {
	s := sim.New(1)
	defer s.Close()
	n := net.New(s, net.Flat(dist.Constant(5*time.Millisecond)), net.Options{})

	s.Go(0, "server", func(p *sim.Proc) {
		for {
			_, msg, ok := p.Recv(sim.Time(time.Second))
			if !ok {
				return
			}
			fmt.Println(p.Now(), msg)
		}
	})
	s.Go(1, "client", func(p *sim.Proc) {
		p.Send(0, "before")
		cut := n.Cut(net.Isolate([]sim.NodeID{1, 0}))
		p.Send(0, "during")
		p.Sleep(10 * time.Millisecond)
		n.Heal(cut)
		p.Send(0, "after")
	})
	s.Run(sim.Forever)
	fmt.Printf("%+v\n", n.Stats())
	// Output:
	// 5ms before
	// 15ms after
	// {Sent:3 Cut:1 Lost:0 Duplicated:0 Bytes:0}
}
