#!/usr/bin/env bash
# Deletes the kind cluster that up.sh created, with everything in it.
set -euo pipefail

if ! command -v kind >/dev/null; then
  echo "make kind-clean needs kind on the PATH" >&2
  exit 1
fi
kind delete cluster --name "${KIND_CLUSTER:-hydra}"
