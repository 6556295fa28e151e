package experiments

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/experiments/strict"
	"faultline/net/policy"
)

// The choices of a field are those of the catalogue, in its order.
func TestChoicesOfClientsAreTheCatalogues(t *testing.T) {
	for _, c := range []struct {
		spec  any
		field string
		want  []string
	}{
		{BackoffSpec{}, "Kind", policy.NamesOf(policy.Kinds)},
		{RetryBudget{}, "Rule", policy.NamesOf(policy.BudgetRules)},
		{BreakerSpec{}, "Rule", policy.NamesOf(policy.BreakerRules)},
		{BreakerSpec{}, "Per", policy.NamesOf(policy.Scopes)},
		{LimiterSpec{}, "Rule", policy.NamesOf(policy.LimiterRules)},
		{LimiterSpec{}, "Per", policy.NamesOf(policy.Scopes)},
		{ClientSpec{}, "Balance", policy.NamesOf(policy.BalanceRules)},
	} {
		f, _ := reflect.TypeOf(c.spec).FieldByName(c.field)
		if got := strings.Split(f.Tag.Get("oneof"), ","); !slices.Equal(got, c.want) {
			t.Errorf("%T.%s: choices are %v, the catalogue has %v", c.spec, c.field, got, c.want)
		}
	}
}

func clientOf(t *testing.T, text string) policy.Policy {
	t.Helper()
	var s ClientSpec
	if err := strict.Decode("client.yaml", []byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s.policy()
}

func TestClientsStartFromAPreset(t *testing.T) {
	grpc, _ := policy.FindPreset("grpc")
	want := grpc.Policy
	want.AttemptTimeout, want.TotalTimeout = 500*time.Millisecond, 2*time.Second
	if got := clientOf(t, "preset: grpc"); got != want {
		t.Errorf("the preset alone: %+v, want %+v", got, want)
	}
	want.MaxAttempts, want.AttemptTimeout = 2, 50*time.Millisecond
	if got := clientOf(t, "{preset: grpc, max_attempts: 2, timeout: 50ms}"); got != want {
		t.Errorf("with attempts and timeout of its own: %+v, want %+v", got, want)
	}
	want.Budget = policy.BudgetPolicy{Rule: policy.PerSuccess, Ratio: .1, Tokens: 10, Window: 10 * time.Second}
	if got := clientOf(t, "{preset: grpc, max_attempts: 2, timeout: 50ms, budget: {rule: per-success}}"); got != want {
		t.Errorf("with a budget of its own: %+v, want %+v", got, want)
	}
	hedge := clientOf(t, "preset: grpc-hedge")
	if hedge.MaxAttempts != 1 || hedge.Hedge.Max != 3 || hedge.Backoff.Kind != policy.None {
		t.Errorf("a preset that only hedges: %+v", hedge)
	}
	if got := clientOf(t, "{preset: grpc, max_attempts: 9}").MaxAttempts; got != 5 {
		t.Errorf("gRPC makes %d attempts of 9, want 5", got)
	}
	if got := clientOf(t, "{preset: grpc-hedge, hedge: {max: 7, after: 1ms}}").Hedge.Max; got != 4 {
		t.Errorf("gRPC makes %d hedges of 7, want 4", got)
	}
	if got := clientOf(t, "{preset: finagle, choices: 3}"); got.Balance != policy.TwoChoices || got.Choices != 3 {
		t.Errorf("Finagle's balance with three choices: %v of %d", got.Balance, got.Choices)
	}
	if got := clientOf(t, "{}"); got != DefaultPolicy {
		t.Errorf("nothing written: %+v, want the default %+v", got, DefaultPolicy)
	}
}

func TestMistakesInClientsAreNamed(t *testing.T) {
	for text, says := range map[string]string{
		"choices: 3":                            "choices is a setting of two-choices, and the balance is in-order",
		"preset: grcp":                          `did you mean "grpc"`,
		"hedge: {max: 1}":                       "neither after nor percentile",
		"budget: {ratio: 0.2}":                  "rule",
		"breaker: {rule: consecutiv}":           `did you mean "consecutive"`,
		"limiter: {rule: aimd, min: 9, max: 3}": "min not above max",
	} {
		var s ClientSpec
		if err := strict.Decode("client.yaml", []byte(text), &s); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error is %v, want one that says %q", text, err, says)
		}
	}
}
