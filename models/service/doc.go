// Package service models graphs of services: what stands between clients and a
// store, or works without one. It knows no particular store.
//
// A graph is a list of services, the first of which clients ask. Each has
// replicas, which keep nothing but caches, and a list of stages. A replica that
// is asked goes through the stages in order, and answers when the last is over:
//
//	for each stage: call all its services at once, each by the policy of the call
//	a hard call failed          give up: the answer is a failure, or a doubt
//	a soft call failed          go on without it, or with what its cache still has
//	the call that carries the
//	operation to the store      its answer is the answer
//
// One path at most leads to the store. Along it the operation goes with the token
// of the client's intent, so that a store which recognises tokens applies it once,
// however many layers retry; a call under key: none leaves the token out, as an
// API without idempotency keys does. All other calls change nothing.
//
// A graph is not a store of its own. Over turns it, with the store beneath, into a
// store.Model, whose first replicas are the store's. So clients, faults, checkers
// and charts treat it as they treat any store, and what clients see of a store
// through services is judged like the store itself. Capacity, queues and load
// shedding are the processor's (sim.Server), retries, budgets, breakers and
// bulkheads the policy's (net/policy): a call is driven like that of a client, but
// from a handler, with timers for its waiting.
//
// The replicas of a service may be divided among clients, or keys: wherever in the
// graph a request comes, it carries the number of the client whose intent it serves
// (call.Header.Origin), and so has the same replicas behind every caller. A worker
// may be kept at a request until that is answered (sim.Server.Blocking), as a thread
// is; else a replica that waits keeps none busy, and Concurrent alone bounds how many
// wait. What a caller gives up goes on below, unless its policy takes it back
// (call.Cancel): then a request that waits in line is dropped, one under way asks
// nothing more of others, and neither is answered.
//
// What is simplified: requests and answers have no size of their own.
package service
