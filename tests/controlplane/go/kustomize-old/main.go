// Command kustomize-old is the kustomize in kubectl 1.27, under a name of its own.
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
