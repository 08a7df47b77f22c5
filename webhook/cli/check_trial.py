"""The trial of ``check``: which pod to create in a dry run, and what came of it. Pure; ``check_facts`` sends it."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from webhook import catalog, cluster, errors, mutation, rendering, workload
from webhook.cli.check_findings import INSTALL, SUFFIX, Finding
from webhook.cli.objects import Object

_CHECK, _SUBJECT = "trial", "dry run of a pod"

#: What an API server says when it cannot call a webhook, or trust it: a part of it, what that means, and what to do.
_FAILURES = (
    (
        "certificate signed by unknown authority",
        "the API server does not trust the certificate: the caBundle belongs to another authority",
        "hydra-webhook certs show compares them; a replica that may patch the webhook configuration corrects the caBundle within seconds",
    ),
    (
        "certificate is valid for",
        "the certificate is for another host name",
        "set --cert-host (HYDRA_WEBHOOK_CERT_HOST) of the replicas to the name that API servers call",
    ),
    (
        "doesn't contain any IP SANs",
        "the certificate is for a host name, and API servers call an address",
        "set --cert-host (HYDRA_WEBHOOK_CERT_HOST) of the replicas to that address",
    ),
    (
        "certificate has expired or is not yet valid",
        "the certificate has expired, or a clock is wrong",
        "look for the event certificate authority in the log of the replicas, and compare the clocks",
    ),
    (
        "no endpoints available",
        "the Service has no ready endpoint",
        "see why no replica is ready: kubectl get pods --selector app.kubernetes.io/name=hydra-webhook --all-namespaces",
    ),
    ("not found", "what the webhook configuration names does not exist", INSTALL),
    (
        "connect: connection refused",
        "nothing listens where the API server calls",
        "see whether a replica is ready, and whether the Service's port leads to it",
    ),
    (
        "deadline exceeded",
        "the API server gets no answer in time",
        "allow the API server to reach port 9443 of the pods: firewall, NetworkPolicy",
    ),
)

_CALLED = re.compile(r'failed calling webhook "([^"]+)": (.*)', re.DOTALL)
_DENIED = re.compile(r'admission webhook "([^"]+)" denied the request: (.*)', re.DOTALL)


class Trial(msgspec.Struct, frozen=True):
    """A pod to try.

    Attributes:
        pod: to be created in a dry run.
        runtime: that it asks for.
        revision: with which it is rendered by what is published; empty if that is not known.
        denial: why what is published denies it; empty if it does not.
    """

    pod: Object
    runtime: str
    revision: str = ""
    denial: str = ""


def trial(state: rendering.State | None, runtime: str, namespace: str) -> Trial | None:
    """Return a pod that the webhook should render, of the first runtime that can be; None if none is known.

    Args:
        state: what the webhook has published.
        runtime: that the user wants to try; empty: any.
        namespace: of the pod.
    """
    if state is None:
        return Trial(_pod(runtime, "", namespace), runtime) if runtime else None
    names = [runtime] if runtime else list(state.snapshot.runtimes)
    first: Trial | None = None
    for name in names:
        for pod in _pods(state.snapshot, name, namespace):
            try:
                mutated = mutation.mutate(pod, workload.POD, state, namespace=namespace)
            except errors.Denied as refusal:
                first = first or Trial(pod, name, denial=str(refusal))
            else:
                return Trial(pod, name, mutated.revisions[0] if mutated.revisions else "")
    return first


def _pods(snapshot: catalog.Snapshot, runtime: str, namespace: str) -> Iterator[Object]:
    """Yield pods that ask for a runtime: on any GPU type, and on each that an agent entry is for."""
    types = [one for entry in snapshot.agent_entries_for(runtime) for one in entry.gpu_types]
    for gpu_type in dict.fromkeys(["", *types]):
        yield _pod(runtime, gpu_type, namespace)


def _pod(runtime: str, gpu_type: str, namespace: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "hydra-webhook-check",
            "namespace": namespace,
            "labels": {workload.RUNTIME: runtime, workload.MODEL_ID: "check"},
            "annotations": {workload.GPU_TYPE: gpu_type} if gpu_type else {},
        },
        "spec": {"containers": [{"name": "main", "image": "auto"}]},
    }


def of_stored(tried: Trial, stored: Object) -> Finding:
    """Judge a pod that was admitted."""
    namespace = tried.pod["metadata"]["namespace"]
    annotations: dict[str, Any] = stored["metadata"].get("annotations") or {}
    if workload.RECORD not in annotations:
        detail = f"the pod was admitted in namespace {namespace} as it was sent: the webhook was not called"
        remedy = (
            f'see whether the namespace opts out (label {workload.INJECT}: "false"), and whether the webhook configuration is there;'
            " with failurePolicy Ignore, also whether a replica answers"
        )
        return Finding(_CHECK, _SUBJECT, "wrong", detail, remedy)
    (template,) = workload.pod_templates(stored, workload.POD)
    record = rendering.read(template)
    revision = record.revision if isinstance(record, rendering.Record) else ""
    if tried.revision and revision != tried.revision:
        detail = f"rendered with revision {revision} of the configuration, but {tried.revision} is published: a replica is late or stale"
        return Finding(
            _CHECK, _SUBJECT, "wrong", detail, "check again in a moment; the checks of the replicas say which one it is"
        )
    image = stored["spec"]["containers"][0].get("image")
    return Finding(_CHECK, _SUBJECT, "ok", f"rendered for runtime {tried.runtime}, revision {revision}, image {image}")


def of_refusal(tried: Trial, error: cluster.ApiError) -> Finding:
    """Judge a pod that was not admitted."""
    message = str(error)
    if (called := _CALLED.search(message)) and called[1].endswith(SUFFIX):
        for part, detail, remedy in _FAILURES:
            if part in called[2]:
                return Finding(_CHECK, _SUBJECT, "wrong", f"{detail} ({called[2].strip()})", remedy)
        remedy = "see the log of the API server and of the replicas"
        return Finding(
            _CHECK, _SUBJECT, "wrong", f"the API server cannot call the webhook: {called[2].strip()}", remedy
        )
    if (denied := _DENIED.search(message)) and denied[1].endswith(SUFFIX):
        remedy = "correct the configuration (hydra-webhook lint --from-cluster), or name another runtime with --runtime"
        return Finding(_CHECK, _SUBJECT, "wrong", f"runtime {tried.runtime} is denied: {denied[2].strip()}", remedy)
    if "ValidatingAdmissionPolicy 'hydra-webhook" in message or "has not rendered it" in message:
        detail = "the pod was not rendered, and the policy denied it: the webhook was not called"
        return Finding(
            _CHECK,
            _SUBJECT,
            "wrong",
            detail,
            "see whether the webhook configuration is there, and whether a replica answers",
        )
    detail = f"the pod was refused by something else than the webhook: {message}"
    return Finding(_CHECK, _SUBJECT, "unknown", detail, "name a namespace with -n in which you may create pods")


def none(state: rendering.State | None) -> Finding:
    """Say why there is no pod to try."""
    if state is not None:
        remedy = "write one, to begin with from: hydra-webhook builtin templates"
        return Finding(_CHECK, _SUBJECT, "wrong", "the configuration offers no runtime", remedy)
    detail = "no pod was tried: what the webhook offers could not be read"
    return Finding(_CHECK, _SUBJECT, "unknown", detail, "name a runtime with --runtime")
