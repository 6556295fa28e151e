package store

import "faultline/checker/history"

// A Bookkeeper is a handler that holds the book in which intents are entered for
// good. What stands there is to have its effect, whatever the client learned, and
// what does not stand there in the end is to have none.
type Bookkeeper interface {
	// Booked calls visit for every key with the list of the numbers entered, in any order.
	Booked(visit func(key string, v history.Value))
}

// A Reporter is a handler that counts what no client sees.
type Reporter interface {
	// Report calls visit with metrics of rows. Of several replicas, the greatest counts.
	Report(visit func(metric string, v float64))
}
