package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"faultline/experiments"
	"faultline/experiments/strict"
)

// load reads an experiment by its path, or by its bare name among the shipped ones.
func load(name string, overrides []string) (*experiments.Experiment, error) {
	if bare(name) {
		return experiments.LoadShipped(name, overrides...)
	}
	return experiments.Load(name, overrides...)
}

// bare reports whether a name is that of a shipped experiment rather than of a file.
func bare(name string) bool {
	if name == "-" || strings.ContainsRune(name, filepath.Separator) || filepath.Ext(name) != "" {
		return false
	}
	info, err := os.Stat(name)
	return err != nil || info.IsDir() && slices.Contains(experiments.Shipped(), name)
}

// loadAs is load with the seeds of a flag, if one was given.
func loadAs(name string, overrides []string, seeds string) (*experiments.Experiment, error) {
	all := overrides
	if seeds != "" {
		all = append(append([]string(nil), overrides...), fmt.Sprintf("seeds=%q", seeds))
	}
	return load(name, all)
}

// problems returns the mistakes behind an error, for JSON.
func problems(err error) []strict.Problem {
	var all *strict.Errors
	if errors.As(err, &all) {
		return all.Problems
	}
	return []strict.Problem{{Cause: err.Error()}}
}

// quote writes an argument so that a shell reads it as it is.
func quote(arg string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%"
	if arg != "" && strings.Trim(arg, plain) == "" {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
