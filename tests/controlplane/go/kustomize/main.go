// Command kustomize is the newest kustomize.
package main

import (
	"os"

	"sigs.k8s.io/kustomize/kustomize/v5/commands"
)

func main() {
	if commands.NewDefaultCommand().Execute() != nil {
		os.Exit(1)
	}
}
