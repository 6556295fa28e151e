package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Version of faultline. Rows of two versions do not mix: raise it whenever a run
// may come out differently.
const Version = "0.1.0"

type versionInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  faultline version --json",
		Args:    between(0, 0, "faultline version takes none"),
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			if a.json {
				return a.printJSON(v)
			}
			revision := ""
			if v.Revision != "" {
				revision = " (" + v.Revision + ")"
			}
			a.print("faultline %s%s, %s, %s\n", v.Version, revision, v.Go, v.Platform)
			return nil
		},
	}
}

// readVersion adds what the build knows to the version.
func readVersion() versionInfo {
	v := versionInfo{Version: Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			const short = 12
			v.Revision = s.Value[:min(short, len(s.Value))]
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	if v.Modified {
		v.Revision += ", modified"
	}
	return v
}
