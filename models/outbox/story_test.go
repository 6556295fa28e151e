package outbox_test

import (
	"testing"
	"time"

	"faultline/checker/history"
	"faultline/models/outbox"
	"faultline/models/store"
	"faultline/models/store/storetest"
	"faultline/sim/dist"
)

// Machines are a, the orders, b, the broker, and c, the consumer.
func newStage(t *testing.T, set store.Values) *storetest.Stage {
	return storetest.NewStage(t, &outbox.Model, 3, "", set)
}

// shipped returns how often the order was carried out.
func shipped(s *storetest.Stage) int { return len(s.Holds("c").List) }

// The broker is away for a while. An outbox waits for it; so do both other ways,
// as long as nobody crashes.
func TestBrokerIsAway(t *testing.T) {
	for _, publish := range []string{"outbox", "after-commit", "before-commit"} {
		s := newStage(t, store.Values{"publish": publish})
		s.Do("crash b")
		s.Send("a", s.Request(history.Append, 7))
		s.Do("run 3s", "restart b", "run 3s")
		if got := shipped(s); got != 1 {
			t.Errorf("%s: shipped %d times, want once", publish, got)
		}
	}
}

// The service crashes while its broker is away. The order is in its database, or
// it is not; the event is in the outbox, or it is gone.
func TestServiceCrashesBeforeItPublished(t *testing.T) {
	for _, c := range []struct {
		publish string
		booked  int
		shipped int
	}{{"outbox", 1, 1}, {"after-commit", 1, 0}, {"before-commit", 0, 0}} {
		s := newStage(t, store.Values{"publish": c.publish})
		s.Do("crash b")
		s.Send("a", s.Request(history.Append, 7))
		s.Do("run 1s", "crash a", "restart a", "restart b", "run 3s")
		if booked, got := len(s.Holds("a").List), shipped(s); booked != c.booked || got != c.shipped {
			t.Errorf("%s: ordered %d times and shipped %d times, want %d and %d", c.publish, booked, got, c.booked, c.shipped)
		}
	}
}

// The consumer's disk works for 50 ms, and meanwhile the way to the broker is cut:
// the acknowledgement is lost, and after a while the event is visible again. Only
// an inbox knows it.
func TestRedelivery(t *testing.T) {
	for inbox, want := range map[string]int{"atomic": 1, "after": 1, "before": 1, "none": 2} { // any order: each is tested by itself
		s := newStage(t, store.Values{"inbox": inbox})
		s.Sim.SetDisk(s.ID("c"), dist.Constant(50*time.Millisecond))
		s.Send("a", s.Request(history.Append, 7))
		s.Do("run 100ms", "cut b c", "run 100ms", "heal", "run 3s")
		if got := shipped(s); got != want {
			t.Errorf("inbox %s: shipped %d times, want %d", inbox, got, want)
		}
	}
}

// What the consumer cannot handle is handed out three times, and then is a dead
// letter. What comes behind it is handled meanwhile.
func TestDeadLetter(t *testing.T) {
	s := newStage(t, store.Values{"poison": 7, "deliveries": 3, "visibility": 100 * time.Millisecond})
	s.Send("a", s.Request(history.Append, 7))
	s.Send("a", s.Request(history.Append, 8))
	letters := func() (n float64) {
		s.Handler("b").(store.Reporter).Report(func(metric string, v float64) {
			if metric == "dead_letters" {
				n = v
			}
		})
		return n
	}
	s.Do("run 250ms")
	if got := letters(); got != 0 || shipped(s) != 1 {
		t.Errorf("after 250 ms: %v dead letters, %d shipped, want none and one", got, shipped(s))
	}
	s.Do("run 250ms", "crash b", "restart b", "run 1s")
	if got := letters(); got != 1 || shipped(s) != 1 {
		t.Errorf("in the end: %v dead letters, %d shipped, want one and one", got, shipped(s))
	}
}
