package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"faultline/experiments"
)

// schemaFile is where the schema is kept, from the root of the repository.
const schemaFile = "experiments/schema.json"

func newSchema(a *app) *cobra.Command {
	write := false
	c := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of experiment files, for editors",
		Long: `Schema prints the JSON Schema of experiment files, made from the same declarations
that read them. An editor with a YAML language server completes and checks a file
that begins with

  # yaml-language-server: $schema=path/to/schema.json`,
		Example: "  faultline schema > schema.json\n  faultline schema --write     # in the repository: " + schemaFile,
		Args:    between(0, 0, "faultline schema takes none; to save it elsewhere: faultline schema > FILE"),
		RunE: func(*cobra.Command, []string) error {
			schema := experiments.Schema()
			if !write {
				_, err := a.out.Write(schema)
				return err
			}
			if _, err := os.Stat(filepath.Dir(schemaFile)); err != nil {
				return fmt.Errorf("--write: there is no folder %s here\n  hint: call it from the root of the repository, or: faultline schema > FILE", filepath.Dir(schemaFile))
			}
			if err := writeFile(schemaFile, schema); err != nil {
				return err
			}
			a.print("%s\n", schemaFile)
			return nil
		},
	}
	c.Flags().BoolVar(&write, "write", false, "write it to "+schemaFile)
	return c
}
