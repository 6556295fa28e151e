package results

import (
	"math"
	"strconv"
	"strings"
)

// Better says which way a metric gets better.
type Better int

// The directions of a metric.
const (
	Neither Better = iota // neither end is good in itself
	Higher
	Lower
)

// Units of metrics. A Share is kept as 0..1 and shown as a percentage.
const (
	Share       = "%"
	Millisecond = "ms"
	PerSecond   = "/s"
	PerOp       = "/op"
	Count       = "count"
	Plain       = ""
)

// A Metric is one number of a Row: its name there and what it means.
type Metric struct {
	Name   string // key in Row.Metrics, and in experiment files and flags
	Label  string // for axes and tables
	Unit   string // one of the units above
	Better Better
	Doc    string // definition, one sentence
}

// Metrics is the catalogue of metrics, in the order of tables.
var Metrics = []Metric{
	{"succeeded", "succeeded", Share, Higher, "Share of operations answered OK before the client's deadline."},
	{"reads_succeeded", "reads succeeded", Share, Higher, "Share of reads answered OK before the client's deadline."},
	{"writes_succeeded", "writes succeeded", Share, Higher, "Share of operations that change a key answered OK before the client's deadline."},
	{"p50", "median latency", Millisecond, Lower, "Half of the operations answered OK took at most this long."},
	{"p99", "p99 latency", Millisecond, Lower, "99 of 100 operations answered OK took at most this long."},
	{"p999", "p99.9 latency", Millisecond, Lower, "999 of 1,000 operations answered OK took at most this long."},
	{"mean", "mean latency", Millisecond, Lower, "Mean time from call to answer of operations answered OK."},
	{"stale", "stale reads", Share, Lower, "Share of OK reads that returned a value which had certainly been overwritten before the read was called."},
	{"stale_age_p99", "p99 age of stale reads", Millisecond, Lower, "99 of 100 stale reads returned a value overwritten at most this long before."},
	{"stale_age_max", "oldest stale read", Millisecond, Lower, "Longest time for which a value had been overwritten when a read still returned it."},
	{"stale_versions_max", "versions behind, at most", Count, Lower, "Largest number of newer acknowledged writes that a read missed."},
	{"delta", "Delta", Millisecond, Lower, "Least time by which reads must be moved back for the history to be linearizable (Golab et al., PODC 2011); none if no time is enough."},
	{"gamma", "Gamma", Millisecond, Lower, "Least time by which all operations must be widened for the history to be linearizable (Golab et al., ICDCS 2014); none if no time is enough."},
	{"late", "late reads", Count, Lower, "Reads that Delta has to move."},
	{"wrong", "inexplicable operations", Count, Lower, "Operations that no time makes explicable: they saw what nobody wrote, or what was not written yet."},
	{"k", "k-atomicity, at least", Count, Lower, "Least k for which every read may have returned one of the k latest writes (Aiyer, Alvisi, Bazzi, DISC 2005); a lower bound, exact up to 2."},
	{"removal", "operations to remove, at least", Count, Lower, "Least number of operations without which the history is linearizable; a lower bound."},
	{"visible_99", "t-visibility at 99%", Millisecond, Lower, "Time after an acknowledged write from which on 99 of 100 reads return it or a newer one (Bailis et al., VLDB 2012)."},
	{"consistency", "consistency", Share, Higher, "Mean over the run's windows of the share of judged reads that were consistent: neither stale nor late."},
	{"consistability", "consistability", Share, Higher, "Mean over the run's windows of the share of operations that were answered and consistent (Aiyer et al., HotDep 2008)."},
	{"settles", "time to agree", Millisecond, Lower, "Time from the heal until no read is stale any more."},
	{"duplicates", "duplicated effects", Count, Lower, "Appends or additions that took effect more than once."},
	{"phantoms", "phantom effects", Count, Lower, "Effects that nobody asked for, or that were said not to have happened."},
	{"limbo", "effects in limbo", Count, Lower, "Intents of which the client never learned whether they happened."},
	{"once", "effects once", Count, Higher, "Intents that were acknowledged and of which nothing is amiss."},
	{"dead_letters", "dead letters", Count, Lower, "Events that were handed out so often that the queue gave them up."},
	{"blocked", "longest lock", Millisecond, Lower, "Longest time for which an account was locked by a transaction that was neither committed nor aborted."},
	{"dirty", "dirty effects", Count, Lower, "Effects that reads showed and that were undone later: what they were for was said not to have happened."},
	{"queued", "events queued", Count, Lower, "Events that are in the queue in the end."},
	{"out_of_order", "effects out of order", Count, Lower, "Effects on lists that stand behind one which was asked for only after they were acknowledged."},
	{"session_violations", "session violations per 1,000 operations", Count, Lower, "Operations of a thousand that broke a session guarantee (Terry et al., PDIS 1994): each guarantee counts."},
	{"lost", "lost writes", Count, Lower, "Acknowledged writes that no replica and no read knew of after heal and settle, though nothing overwrote them."},
	{"lost_share", "lost writes, as a share", Share, Lower, "Lost writes as a share of the acknowledged ones."},
	{"dropped", "dropped writes", Count, Lower, "Acknowledged writes that the store's own order of versions puts below one that was in place before they were called: once replicas agree, nobody reads them."},
	{"diverged", "diverged keys", Count, Lower, "Keys on which replicas differ after heal and settle."},
	{"throughput", "throughput", PerSecond, Higher, "Goodput: operations answered OK per second of virtual time."},
	{"messages_per_op", "messages per operation", PerOp, Lower, "Messages sent by clients and replicas per operation answered OK."},
	{"bytes_per_op", "bytes per operation", PerOp, Lower, "Bytes sent by clients and replicas per operation answered OK."},
	{"fsyncs_per_op", "fsyncs per operation", PerOp, Lower, "Disk syncs on all replicas per operation answered OK."},
	{"attempts_per_op", "attempts per operation", PerOp, Lower, "Amplification: requests a client sent per operation, the first one included."},
	{"calls_per_op", "amplification", PerOp, Lower, "Requests to the service, or the store, that is asked most, per operation: what all layers of retries do together."},
	{"false_alarms", "false alarms", Share, Lower, "Share of the attempts of clients at services whose answer OK came when they had given up: what they took for dead was slow. Hedges that were not needed count, too."},
	{"swaps_tried", "compare-and-sets", Count, Lower, "Compare-and-sets of a workload of optimistic updates, those that came too late included."},
	{"last_update", "last update", Millisecond, Lower, "Time from the beginning of the workload to the answer of the last compare-and-set that was not too late, with optimistic updates."},
	{"utilization", "utilization of servers", Share, Neither, "Share of their time for which the workers of servers were at work."},
	{"wasted_work", "wasted work", Share, Lower, "Share of the time of servers' workers that went into refusals, and into requests whose sender no longer waited when they were done."},
	{"turned_away", "requests turned away", Share, Neither, "Share of the requests that reached servers which were turned away or dropped."},
	{"elections", "elections", Count, Lower, "How often a replica began to lead while clients asked: the warm-up is not counted."},
	{"first_leader", "time to the first leader", Millisecond, Lower, "Time from the start of the replicas, the warm-up included, until one leads."},
	{"next_leader", "time to the next leader", Millisecond, Lower, "Time from the beginning of the first fault until a replica begins to lead; none if nobody does."},
	{"first_term", "term of the first leader", Plain, Lower, "Term or view of the first leader: 1 if the first vote was not split."},
	{"unavailable", "longest outage", Millisecond, Lower, "Longest stretch of the run without an operation answered OK."},
	{"recovered", "recovered", Share, Higher, "1 if there is a recovery time, otherwise 0: not recovered within the run. None if no fault ended while the workload went on."},
	{"recovery", "recovery time", Millisecond, Lower, "Time from the end of the last fault that ended while the workload went on until service is back to stay: to the first window in which, in the 5 s that begin with it (or a quarter of the time left, if that is shorter), and from then on to the end of the workload at least 90% of the operations succeed; none if it is not back within the run."},
	{"hysteresis", "outage after the trigger", Millisecond, Lower, "Excess of the outage over its trigger: time after the last fault ended in which fewer than 90% of the operations succeed, window by window; if service is not back within the run, it would go on."},
	{"falls_at", "load at which it falls", PerSecond, Higher, "Where the load varies (surge): arrivals per second when fewer than 90% of the operations succeed for the first time, for a second; none if that never happens."},
	{"recovers_at", "load at which it recovers", PerSecond, Higher, "Where the load varies: arrivals per second when service that fell is back to stay, as recovery time has it; none if it is not back within the run."},
	{"load_gap", "hysteresis of the load", PerSecond, Lower, "falls_at less recovers_at: how much load must be taken away to undo what too much of it did."},
	{"blast_radius", "clients that saw an error", Share, Lower, "Share of the clients that asked for something while a fault was on of which at least one such operation did not succeed; poison clients are left out, here and below."},
	{"cut_off", "clients cut off", Share, Lower, "Share of the clients that asked for something while a fault was on of which no such operation succeeded."},
	{"blast_keys", "keys that saw an error", Share, Lower, "Share of the keys asked for while a fault was on of which at least one such operation did not succeed."},
	{"blast_shards", "shards that saw an error", Share, Lower, "Share of the shards of keys, of the first service divided so, asked for while a fault was on, of which at least one such operation did not succeed."},
	{"error_budget", "error budget spent", Share, Lower, "Share of the operations that did not succeed, over the share that need not (slo; 0.1% unless an experiment says otherwise): above 100% the objective was missed."},
}

// MetricNames lists the names of the catalogue, in its order.
func MetricNames() []string {
	names := make([]string, len(Metrics))
	for i, m := range Metrics {
		names[i] = m.Name
	}
	return names
}

// FindMetric looks a metric up by name. The error of an unknown one says which was probably meant.
func FindMetric(name string) (Metric, error) {
	for _, m := range Metrics {
		if m.Name == name {
			return m, nil
		}
	}
	return Metric{}, UnknownName("metric", name, MetricNames())
}

// Format writes a value for people, with its unit: "95.5%", "6.1 ms", "1.7 s".
// A value that is not zero never reads as zero, and a share below 1 never as 100%.
func (m Metric) Format(v float64) string {
	switch m.Unit {
	case Share:
		return formatShare(v)
	case Millisecond:
		return formatMS(v)
	case PerSecond:
		return formatNumber(v) + "/s"
	default:
		return formatNumber(v)
	}
}

// FormatDifference writes a difference of two values with its sign; shares differ by points.
func (m Metric) FormatDifference(v float64) string {
	sign := "+"
	if v < 0 {
		sign = "-"
	}
	if m.Unit == Share {
		return sign + formatNumber(math.Abs(v)*100) + " pts"
	}
	return sign + m.Format(math.Abs(v))
}

func formatShare(v float64) string {
	percent := v * 100
	for decimals := 1; decimals <= 4; decimals++ {
		s := strconv.FormatFloat(percent, 'f', decimals, 64)
		shown, _ := strconv.ParseFloat(s, 64)
		if hides := (shown == 0 && v > 0) || (shown == 100 && v < 1); !hides {
			return strings.TrimSuffix(s, ".0") + "%"
		}
	}
	if v < 0.5 {
		return "<0.0001%"
	}
	return ">99.9999%"
}

func formatMS(ms float64) string {
	switch abs := math.Abs(ms); {
	case abs == 0:
		return "0 ms"
	case abs < 0.9995:
		return formatNumber(ms*1000) + " µs"
	case abs < 999.5:
		return formatNumber(ms) + " ms"
	case abs < 119_950:
		return formatNumber(ms/1000) + " s"
	default:
		return formatNumber(ms/60_000) + " min"
	}
}

// formatNumber keeps whole numbers from 100 on, one decimal from 1 on, and two
// significant digits below; it separates thousands.
func formatNumber(v float64) string {
	switch abs := math.Abs(v); {
	case abs >= 99.95:
		return thousands(strconv.FormatFloat(v, 'f', 0, 64))
	case abs >= 0.95:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	default:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
}

func thousands(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Violations is a metric of a Cell, not of a Row: the share of runs that
// violated a property. It is not in Metrics.
var Violations = Metric{"violations", "runs with a violation", Share, Lower, "Share of runs in which the property was violated."}
