package execution

// Components parts an execution into those that have neither a session nor a key
// in common: each can be judged by itself. It returns the number of the component
// of each event, and how many there are.
func (x *Execution) Components() (of []int32, count int32) {
	clients := int32(0)
	for c := range x.Chains {
		clients = max(clients, x.Chains[c].Client+1)
	}
	u := make(union, int(clients)+len(x.Keys)) // clients, then keys
	for i := range u {
		u[i] = int32(i)
	}
	for e := range x.Events {
		ev := &x.Events[e]
		u.join(x.Chains[ev.Chain].Client, clients+ev.Key)
	}
	number := filled(len(u), None)
	of = make([]int32, len(x.Events))
	for e := range x.Events {
		root := u.root(x.Chains[x.Events[e].Chain].Client)
		if number[root] == None {
			number[root] = count
			count++
		}
		of[e] = number[root]
	}
	return of, count
}

// A union is disjoint sets: each element leads to another of its set, and the root to itself.
type union []int32

func (u union) root(i int32) int32 {
	for u[i] != i {
		u[i] = u[u[i]]
		i = u[i]
	}
	return i
}

func (u union) join(a, b int32) { u[u.root(a)] = u.root(b) }
