#!/usr/bin/env bash
# Creates a kind cluster, installs the webhook in it, and creates an example pod, which the webhook renders. To try a change, run it
# again: an existing cluster is reused. It needs access to a container registry.
#
#   KIND_CLUSTER  name of the cluster (default: hydra)
#   LWS_VERSION   also install this release of LeaderWorkerSet, such as v0.8.0 (default: none)
set -euo pipefail
cd "$(dirname "$0")/../.."

cluster="${KIND_CLUSTER:-hydra}"
built="hydra-runtime-webhook:kind"

for program in kind kubectl docker make; do
  if ! command -v "$program" >/dev/null; then
    echo "make kind needs $program on the PATH" >&2
    exit 1
  fi
done

# Never kubectl's current context, which may be another cluster.
kubectl() { command kubectl --context "kind-$cluster" "$@"; }

say() { printf '\n== %s\n' "$*"; }

if ! kind get clusters 2>/dev/null | grep --quiet --line-regexp --fixed-strings -- "$cluster"; then
  say "Creating the cluster $cluster"
  kind create cluster --name "$cluster" --wait 120s
fi

say "Building the image and loading it into the cluster"
make image CONTAINER_ENGINE=docker IMAGE="$built"
# One tag per image id, so that pods are replaced if and only if the image has changed.
id="$(docker image inspect --format '{{.Id}}' "$built")"
image="hydra-runtime-webhook:kind-${id:7:12}"
docker tag "$built" "$image"
kind load docker-image "$image" --name "$cluster"

say "Applying manifests/base with $image"
# Server-side, so that the webhook keeps ownership of the caBundle that it writes.
kubectl kustomize manifests/base \
  | sed "s|image: hydra-runtime-webhook:.*|image: $image|" \
  | kubectl apply --server-side --filename -
for map in runtime-template agent; do
  kubectl apply --server-side --namespace hydra-system --filename "manifests/examples/configmap-hydra-$map.yaml"
done

if [[ -n "${LWS_VERSION:-}" ]]; then
  say "Installing LeaderWorkerSet $LWS_VERSION"
  kubectl apply --server-side \
    --filename "https://github.com/kubernetes-sigs/lws/releases/download/$LWS_VERSION/manifests.yaml"
  kubectl rollout status deployment/lws-controller-manager --namespace lws-system --timeout 180s
fi

say "Waiting for the webhook"
kubectl rollout status deployment/hydra-webhook --namespace hydra-system --timeout 180s

say "Creating manifests/examples/pod.yaml"
example=manifests/examples/pod.yaml
kubectl delete --ignore-not-found --filename "$example"
# The caBundle and the endpoints are updated a few seconds after the pods are ready; until then, the API server denies the pod.
for attempt in {1..30}; do
  if answer="$(kubectl create --filename "$example" 2>&1)"; then
    break
  elif [[ "$attempt" == 30 ]]; then
    echo "$answer" >&2
    exit 1
  fi
  sleep 1
done

say "The pod as the cluster stores it"
kubectl get --filename "$example" --output yaml

cat <<END

The cluster is the kubectl context kind-$cluster. To see the webhook's log:
  kubectl --context kind-$cluster --namespace hydra-system logs deployment/hydra-webhook --follow
END
if [[ -z "${LWS_VERSION:-}" ]]; then
  echo "To install LeaderWorkerSet too:  LWS_VERSION=v0.8.0 make kind"
fi
echo "To delete the cluster:  make kind-clean"
