//go:build tools

// Package helm pins the command that tests/controlplane builds.
package helm

import _ "helm.sh/helm/v3/cmd/helm"
