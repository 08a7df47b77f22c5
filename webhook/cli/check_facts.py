"""What ``check`` asks a cluster, one question after the other. What cannot be read is a finding, and the next question is asked."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import certs as pki
from webhook import catalog, cluster, rendering
from webhook.cli import certs, check_findings, check_trial, clusters
from webhook.cli.check_findings import Finding, Hook, Replica
from webhook.cli.objects import Object, name_of

#: Seconds to wait for a connection to a webhook that may not be reachable from here.
_CONNECT_SECONDS = 3.0

#: Seconds until what was just edited is asked about again: the webhook publishes a second after it has taken something in.
_AGAIN_SECONDS = 3.0

_ADMISSION = "admissionregistration.k8s.io/v1"
_MUTATING = cluster.Collection(_ADMISSION, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration")
_VALIDATING = cluster.Collection(_ADMISSION, "validatingwebhookconfigurations", "ValidatingWebhookConfiguration")
_POLICIES = cluster.Collection(_ADMISSION, "validatingadmissionpolicies", "ValidatingAdmissionPolicy")
_BINDINGS = cluster.Collection(_ADMISSION, "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding")

#: The labels of an installation's objects in its manifests.
_LABELS = "app.kubernetes.io/name=hydra-webhook"

#: The health port of a pod that names none.
_HEALTH_PORT = 8081


@dataclass(slots=True)
class Facts:
    """What is known so far.

    Attributes:
        findings: of the checks that were made.
        hooks: our webhooks.
        services: that API servers call, by namespace and name; None: it does not exist.
        state: what the webhook has published; None if it cannot be read.
    """

    findings: list[Finding] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    services: dict[tuple[str, str], Object | None] = field(default_factory=dict)
    state: clusters.ServerState | None = None


async def findings(reader: clusters.Reader, runtime: str, step: Callable[[], None]) -> list[Finding]:
    """Make every check, and return what was found.

    Args:
        reader: the cluster.
        runtime: to try; empty: any that can be rendered.
        step: is called after each check.
    """
    facts = Facts()
    for check, what in (
        (_configurations, "webhook-configuration"),
        (_validating, "webhook-configuration"),
        (_bundles, "ca-bundle"),
        (_authority, "ca-bundle"),
        (_services, "service"),
        (_certificates, "certificate"),
        (_state, "configuration"),
        (_replicas, "replica"),
        (_policies, "policy"),
    ):
        with _unreadable(facts, what):
            await check(reader, facts)
        step()
    await _trial(reader, facts, runtime)
    step()
    return facts.findings


@contextlib.contextmanager
def _unreadable(facts: Facts, check: str) -> Iterator[None]:
    """Turn the error of a request into a finding."""
    try:
        yield
    except cluster.ApiError as error:
        remedy = "ask for the permission that it names" if error.code == "forbidden" else ""
        facts.findings.append(Finding(check, "", "unknown", str(error), remedy))


async def _configurations(reader: clusters.Reader, facts: Facts) -> None:
    found = [one async for one in reader.objects(_MUTATING)]
    facts.hooks = check_findings.hooks(found)
    facts.findings += check_findings.of_configurations(facts.hooks)


async def _validating(reader: clusters.Reader, facts: Facts) -> None:
    facts.hooks += check_findings.hooks([one async for one in reader.objects(_VALIDATING)])


async def _bundles(_reader: clusters.Reader, facts: Facts) -> None:
    facts.findings += check_findings.of_bundles(facts.hooks, datetime.now(UTC))


async def _authority(reader: clusters.Reader, facts: Facts) -> None:
    """Compare the authority that the replicas share with the caBundles, where it may be read. The trial shows the rest."""
    reference = cluster.secret(reader.webhook_namespace, certs.CA_SECRET)
    try:
        data = cluster.secret_data(await reader.get(reference))
    except cluster.ApiError as error:
        if error.code in ("not-found", "forbidden"):  # another source of certificates, or not everybody's business
            return
        raise
    if not data or not facts.hooks:
        return
    _, wrong = certs.judge(pki.contents_of(data), {one.name: one.bundle for one in facts.hooks}, datetime.now(UTC))
    remedy = "look for the events certificate authority and caBundle not written in the log of the replicas"
    facts.findings += [Finding("authority", reference.human, "wrong", line, remedy) for line in wrong]
    if not wrong:
        facts.findings.append(Finding("authority", reference.human, "ok", "API servers trust what it signs"))


async def _services(reader: clusters.Reader, facts: Facts) -> None:
    for hook in _first(facts.hooks, lambda one: one.service):
        assert hook.service is not None
        namespace, name, _ = hook.service
        try:
            service = await reader.get(_in(namespace, "v1", "services", "Service", name))
        except cluster.ApiError as error:
            if error.code != "not-found":
                raise
            service = None
        facts.services[namespace, name] = service
        slices = cluster.Collection(
            "discovery.k8s.io/v1",
            "endpointslices",
            "EndpointSlice",
            namespace,
            label_selector=f"kubernetes.io/service-name={name}",
        )
        found = [one async for one in reader.objects(slices)]
        facts.findings.append(check_findings.of_service(hook, service, found))


async def _certificates(_reader: clusters.Reader, facts: Facts) -> None:
    """Look at the certificate where it can be reached from here: at a URL, or from inside the cluster."""
    for hook in _first(facts.hooks, lambda one: one.address):
        seen = await asyncio.to_thread(_seen, hook)
        if seen is not None:
            facts.findings.append(check_findings.of_certificate(hook, *seen, datetime.now(UTC)))


def _seen(hook: Hook) -> tuple[bytes, str] | None:
    """Return the certificate that is served, and why a client that trusts the caBundle rejects it; None if nothing answers."""
    try:
        pem = ssl.get_server_certificate(hook.address, timeout=_CONNECT_SECONDS).encode()
    except (OSError, ValueError):
        return None
    try:
        context = ssl.create_default_context(cadata=hook.bundle.decode("ascii", "replace"))
        with (
            socket.create_connection(hook.address, timeout=_CONNECT_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=hook.host),
        ):
            return pem, ""
    except ssl.SSLCertVerificationError as error:
        return pem, error.verify_message
    except (OSError, ValueError) as error:
        return pem, str(error)


async def _state(reader: clusters.Reader, facts: Facts) -> None:
    """Compare what is published with the ConfigMaps as they are; once more after a moment if they were just edited."""
    found: list[Finding] = []
    for seconds in (0.0, _AGAIN_SECONDS):
        await asyncio.sleep(seconds)
        try:
            facts.state = state = await reader.state()
        except clusters.NoState as error:
            remedy = "the first replica that is ready writes it; its log says why not: state not published"
            facts.findings.append(
                Finding("configuration", "ConfigMap hydra-webhook-state", "wrong", str(error), remedy)
            )
            return
        found = [one async for one in _config_maps(reader, state.documents)]
        if all(one.status == "ok" for one in found):
            break
    facts.findings += found
    facts.findings += check_findings.of_problems(state.state.snapshot.problems)


async def _config_maps(reader: clusters.Reader, documents: Sequence[catalog.Document]) -> AsyncIterator[Finding]:
    for kind, row in catalog.KINDS.items():
        try:
            stored: Object | None = await reader.get(cluster.config_map(reader.webhook_namespace, row.config_map))
        except cluster.ApiError as error:
            if error.code != "not-found":
                raise
            stored = None
        used = [one for one in documents if one.config_kind == kind]
        if finding := check_findings.of_config_map(kind, stored, used):
            yield finding


async def _replicas(reader: clusters.Reader, facts: Facts) -> None:
    service = next((one for one in facts.services.values() if one is not None), None)
    selector = ((service or {}).get("spec") or {}).get("selector") or {}
    labels = ",".join(f"{key}={value}" for key, value in selector.items()) or _LABELS
    pods = cluster.Collection("v1", "pods", "Pod", reader.webhook_namespace, label_selector=labels)
    replicas = [await _replica(reader, one) async for one in reader.objects(pods) if not _ended(one)]
    digests: dict[catalog.ConfigKind, str] = {}
    if facts.state is not None:
        snapshot = facts.state.state.snapshot
        digests = {kind: catalog.history.digest(kind, snapshot) for kind in catalog.KINDS}
    facts.findings += check_findings.of_replicas(replicas, digests, datetime.now(UTC))


def _ended(pod: Object) -> bool:
    """Return whether a pod does not count: it has ended, or is about to."""
    phase = (pod.get("status") or {}).get("phase")
    return "deletionTimestamp" in pod["metadata"] or phase in ("Succeeded", "Failed")


async def _replica(reader: clusters.Reader, pod: Object) -> Replica:
    name = name_of(pod)
    if waiting := _waiting(pod):
        return Replica(name, waiting)
    reference = _in(reader.webhook_namespace, "v1", "pods", "Pod", name)
    try:
        text = await reader.client.page_of_pod(reference, _health_port(pod), "metrics")
    except cluster.ApiError as error:
        return Replica(name, unreachable=str(error), forbidden=error.code == "forbidden")
    return Replica(name, metrics=check_findings.metrics(text))


def _waiting(pod: Object) -> str:
    """Return why a pod is not ready; empty if it is."""
    status = pod.get("status") or {}
    conditions = {one["type"]: one for one in status.get("conditions") or ()}
    if (conditions.get("Ready") or {}).get("status") == "True":
        return ""
    for container in status.get("containerStatuses") or ():
        if waiting := (container.get("state") or {}).get("waiting"):
            return f"not ready: {waiting.get('reason')}: {waiting.get('message') or 'no message'}"
    for condition in conditions.values():
        if condition.get("status") == "False" and condition.get("message"):
            return f"not ready: {condition['message']}"
    return f"not ready: it is {status.get('phase') or 'new'}"


def _health_port(pod: Object) -> int:
    ports = [port for one in pod["spec"]["containers"] for port in one.get("ports") or ()]
    return next((int(port["containerPort"]) for port in ports if port.get("name") == "health"), _HEALTH_PORT)


async def _policies(reader: clusters.Reader, facts: Facts) -> None:
    policies = [one async for one in reader.objects(_POLICIES) if name_of(one).startswith("hydra-") or _is_ours(one)]
    bindings = [one async for one in reader.objects(_BINDINGS)]
    facts.findings += check_findings.of_policies(policies, bindings)


def _is_ours(policy: Object) -> bool:
    key, _, value = _LABELS.partition("=")
    return (policy["metadata"].get("labels") or {}).get(key) == value


async def _trial(reader: clusters.Reader, facts: Facts, runtime: str) -> None:
    state: rendering.State | None = facts.state.state if facts.state is not None else None
    tried = check_trial.trial(state, runtime, reader.namespace)
    if tried is None:
        facts.findings.append(check_trial.none(state))
        return
    reference = _in(reader.namespace, "v1", "pods", "Pod", name_of(tried.pod))
    try:
        stored = await reader.client.create(reference, tried.pod, dry_run=True)
    except cluster.ApiError as error:
        facts.findings.append(check_trial.of_refusal(tried, error))
    else:
        facts.findings.append(check_trial.of_stored(tried, stored))


def _in(namespace: str, api_version: str, plural: str, kind: str, name: str) -> cluster.ObjectReference:
    return cluster.ObjectReference(cluster.Collection(api_version, plural, kind, namespace), name)


def _first(hooks: Sequence[Hook], what: Callable[[Hook], object]) -> list[Hook]:
    """Return a webhook for each different thing that webhooks have, without those that have none."""
    return list({value: one for one in reversed(hooks) if (value := what(one)) is not None}.values())[::-1]
