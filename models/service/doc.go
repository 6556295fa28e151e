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
// What is simplified: requests and answers have no size of their own; a replica
// that waits for an answer keeps no worker busy (Concurrent bounds how many wait);
// what a caller no longer waits for is not cancelled.
package service
