"""What ``check`` says about an installation, from what was read of it. Pure; ``check_facts`` reads, ``check`` prints."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

import certs
import webhook
from webhook import catalog, cluster, errors
from webhook.cli.objects import Object, name_of

#: The webhooks of an installation, by the resource that each is called for.
WEBHOOKS: Mapping[str, str] = {
    "pods.webhook.hydra.io": "pods",
    "leaderworkersets.webhook.hydra.io": "leaderworkersets",
}

#: What the names of all our webhooks end with.
SUFFIX = ".webhook.hydra.io"

INSTALL = "install the manifests: kubectl apply -k manifests/base, or helm upgrade --install"

#: Seconds that a replica may be unable to follow a configuration before that is more than a passing failure.
_STALE_SECONDS = 60

_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Status = Literal["ok", "wrong", "unknown"]


class Finding(msgspec.Struct, frozen=True):
    """What one check found.

    Attributes:
        check: its name.
        subject: what was looked at.
        status: ``unknown``: it could not be checked.
        detail: what is so.
        remedy: what to do about it; empty if nothing has to be done.
    """

    check: str
    subject: str
    status: Status
    detail: str
    remedy: str = ""


class Hook(msgspec.Struct, frozen=True):
    """One of our webhooks as a cluster has it.

    Attributes:
        name: ``pods.webhook.hydra.io``.
        configuration: the object that it is in, for messages.
        client_config: how API servers call it.
        bundle: what they trust, PEM.
    """

    name: str
    configuration: str
    client_config: Mapping[str, Any]
    bundle: bytes

    @property
    def service(self) -> tuple[str, str, int] | None:
        """Namespace, name and port of the Service that is called; None if it is a URL."""
        found = self.client_config.get("service")
        return (found["namespace"], found["name"], found.get("port", 443)) if found else None

    @property
    def host(self) -> str:
        """The name that the certificate must be valid for."""
        if self.service is not None:
            return f"{self.service[1]}.{self.service[0]}.svc"
        return self.address[0]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port where it is served."""
        if self.service is not None:
            return self.host, self.service[2]
        authority = str(self.client_config.get("url", "")).partition("://")[2].partition("/")[0]
        host, colon, port = authority.rpartition(":")
        return (host.strip("[]"), int(port)) if colon and port.isdecimal() else (authority.strip("[]"), 443)


class Replica(msgspec.Struct, frozen=True):
    """A pod of the webhook.

    Attributes:
        name: of the pod.
        waiting: why it is not ready; empty if it is.
        metrics: values by name and labels; None if it could not be asked.
        unreachable: why it could not be asked.
        forbidden: whether that is because the user may not.
    """

    name: str
    waiting: str = ""
    metrics: Mapping[tuple[str, tuple[tuple[str, str], ...]], float] | None = None
    unreachable: str = ""
    forbidden: bool = False

    def labels(self, metric: str) -> list[dict[str, str]]:
        """Return the labels of each series of a metric."""
        return [dict(labels) for name, labels in self.metrics or () if name == metric]

    def values(self, metric: str) -> list[tuple[dict[str, str], float]]:
        """Return each series of a metric with its value."""
        return [(dict(labels), value) for (name, labels), value in (self.metrics or {}).items() if name == metric]

    @property
    def digests(self) -> Mapping[catalog.ConfigKind, str]:
        """What it has in use, by kind of configuration."""
        found = {one["config_kind"]: one["digest"] for one in self.labels("hydra_webhook_configuration_info")}
        return {kind: found[kind] for kind in catalog.KINDS if kind in found}


def metrics(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return the samples of a page of Prometheus' text format, by name and labels."""
    found = {}
    for name, labels, value in _SAMPLE.findall(text):
        try:
            found[name, tuple(_LABEL.findall(labels))] = float(value)
        except ValueError:
            continue
    return found


def hooks(configurations: Iterable[Object]) -> list[Hook]:
    """Return our webhooks in these webhook configurations."""
    found = []
    for configuration in configurations:
        bundles = cluster.ca_bundles(configuration)
        for one in configuration.get("webhooks") or ():
            if one["name"].endswith(SUFFIX):
                human = f"{configuration['kind']} {name_of(configuration)}"
                found.append(Hook(one["name"], human, one["clientConfig"], bundles[one["name"]]))
    return found


def of_configurations(found: Sequence[Hook]) -> Iterator[Finding]:
    """Judge whether each of our webhooks is registered, and once."""
    check = "webhook-configuration"
    for name, resource in WEBHOOKS.items():
        holders = [one.configuration for one in found if one.name == name]
        if not holders:
            detail = f"no MutatingWebhookConfiguration has it, so {resource} are not rendered"
            yield Finding(check, f"webhook {name}", "wrong", detail, INSTALL)
        elif len(holders) > 1:
            detail = (
                f"it is registered {len(holders)} times, so {resource} are sent several times: {errors.listed(holders)}"
            )
            yield Finding(check, f"webhook {name}", "wrong", detail, "keep one of them, and delete the others")
        else:
            yield Finding(check, f"webhook {name}", "ok", f"registered in {holders[0]}")


def of_bundles(found: Sequence[Hook], now: datetime) -> Iterator[Finding]:
    """Judge what API servers trust."""
    remedy = "a running replica writes it within seconds, unless its log has the event caBundle not written; with cert-manager, look at its cainjector"
    for hook in found:
        subject = f"caBundle of webhook {hook.name}"
        known, unreadable = certs.read_bundle(hook.bundle)
        valid = [one for one in known if one.not_after > now]
        if not hook.bundle:
            yield Finding(
                "ca-bundle", subject, "wrong", "there is none, so API servers trust only public authorities", remedy
            )
        elif unreadable or not known:
            yield Finding("ca-bundle", subject, "wrong", "it is not readable PEM", remedy)
        elif not valid:
            until = max(one.not_after for one in known)
            yield Finding(
                "ca-bundle", subject, "wrong", f"every CA in it has expired, the last at {_time(until)}", remedy
            )
        else:
            until = max(one.not_after for one in valid)
            yield Finding("ca-bundle", subject, "ok", f"{_counted(len(valid), 'CA')}, valid until {_time(until)}")


def of_certificate(hook: Hook, pem: bytes, rejected: str, now: datetime) -> Finding:
    """Judge the certificate that was seen where a webhook is served.

    Args:
        hook: the webhook.
        pem: the certificate.
        rejected: why a client that trusts the caBundle rejects it; empty if it does not.
        now: the current time.
    """
    host, port = hook.address
    subject = f"certificate at {host}:{port}"
    try:
        leaf, *_ = certs.describe(pem)
    except certs.PairError as error:
        return Finding("certificate", subject, "wrong", str(error), "something else than the webhook answers there")
    if now >= leaf.not_after:
        detail, remedy = (
            f"it expired at {_time(leaf.not_after)}",
            "look for the event certificate authority in the log of the replicas",
        )
    elif hook.host not in leaf.names:
        detail = f"it is not valid for {hook.host}, but for {errors.listed(leaf.names)}"
        remedy = "set --cert-host (HYDRA_WEBHOOK_CERT_HOST) of the replicas to that name"
    elif rejected:
        detail = f"API servers that trust the caBundle of webhook {hook.name} reject it: {rejected}"
        remedy = "compare it with the authority of the replicas: hydra-webhook certs show"
    else:
        return Finding("certificate", subject, "ok", f"trusted for {hook.host}, valid until {_time(leaf.not_after)}")
    return Finding("certificate", subject, "wrong", detail, remedy)


def of_service(hook: Hook, service: Object | None, slices: Sequence[Object]) -> Finding:
    """Judge whether API servers can reach the Service that a webhook names."""
    assert hook.service is not None
    namespace, name, port = hook.service
    subject = f"Service {namespace}/{name}"
    if service is None:
        return Finding("service", subject, "wrong", f"it does not exist, though webhook {hook.name} names it", INSTALL)
    ports = [one.get("port") for one in (service.get("spec") or {}).get("ports") or ()]
    if port not in ports:
        detail = f"it has no port {port}, which webhook {hook.name} names; it has {errors.listed([str(one) for one in ports])}"
        return Finding("service", subject, "wrong", detail, "apply the manifests again")
    endpoints = [one for part in slices for one in part.get("endpoints") or ()]
    ready = [one for one in endpoints if (one.get("conditions") or {}).get("ready") is not False]
    if not ready:
        remedy = f"see why: kubectl --namespace {namespace} get pods --selector app.kubernetes.io/name=hydra-webhook"
        detail = f"no ready endpoint among {len(endpoints)}, so API servers reach no replica"
        return Finding("service", subject, "wrong", detail, remedy)
    return Finding("service", subject, "ok", _counted(len(ready), "ready endpoint"))


def of_replicas(
    replicas: Sequence[Replica], expected: Mapping[catalog.ConfigKind, str], now: datetime
) -> Iterator[Finding]:
    """Judge each replica: is it ready, and does it use the configuration that is published?

    Args:
        replicas: the pods.
        expected: the published digests by kind of configuration; empty if they are not known.
        now: the current time.
    """
    if not replicas:
        detail = "no pod has the labels of the webhook"
        yield Finding("replica", "Deployment hydra-webhook", "wrong", detail, INSTALL)
    for one in replicas:
        subject = f"Pod {one.name}"
        if one.waiting:
            yield Finding(
                "replica", subject, "wrong", one.waiting, f"kubectl describe pod {one.name}, kubectl logs {one.name}"
            )
        elif one.metrics is None:
            remedy = (
                ""
                if one.forbidden
                else "allow the API server to reach the health port in the NetworkPolicy, if this is to be checked"
            )
            status: Status = "unknown" if one.forbidden else "ok"
            detail = f"ready; its configuration could not be compared: {one.unreachable}"
            yield Finding("replica", subject, status, detail, remedy)
        else:
            yield _of_replica(one, expected or _usual(replicas), now)


def _usual(replicas: Sequence[Replica]) -> Mapping[catalog.ConfigKind, str]:
    """Return what most replicas have in use."""
    found = [one.digests for one in replicas if one.metrics is not None]
    return max(found, key=found.count, default={})


def _of_replica(one: Replica, expected: Mapping[catalog.ConfigKind, str], now: datetime) -> Finding:
    """Judge a replica that answered."""
    subject = f"Pod {one.name}"
    versions = [labels["version"] for labels in one.labels("hydra_webhook_build_info")]
    different = [kind for kind, digest in expected.items() if one.digests.get(kind) != digest]
    stale = [
        f"{labels['config_kind']} for {seconds:.0f} s"
        for labels, seconds in one.values("hydra_webhook_configuration_stale_seconds")
        if seconds > _STALE_SECONDS
    ]
    expiry = [value for _, value in one.values("hydra_webhook_certificate_expiry_timestamp_seconds")]
    if not one.digests:
        detail = f"version {errors.listed(versions)}, which does not say which configuration it uses"
        return Finding("replica", subject, "wrong", detail, f"complete the roll-out to version {webhook.__version__}")
    if different:
        names = " and ".join(catalog.KINDS[kind].human for kind in catalog.KINDS if kind in different)
        detail = f"it uses another version of {names} than is published in hydra-webhook-state"
        remedy = "it may be a moment late: check again; else look for the events watch failed and configuration refused in its log"
        return Finding("replica", subject, "wrong", detail, remedy)
    if stale:
        detail = f"it has not been able to follow its configuration: {', '.join(stale)}"
        return Finding("replica", subject, "wrong", detail, "look for the event watch failed in its log")
    if any(value <= now.timestamp() for value in expiry):
        detail = f"its certificate expired at {_time(datetime.fromtimestamp(min(expiry), UTC))}"
        return Finding("replica", subject, "wrong", detail, "look for the event certificate authority in its log")
    detail = f"ready, version {errors.listed(versions)}, uses the published configuration"
    until = f", certificate valid until {_time(datetime.fromtimestamp(min(expiry), UTC))}" if expiry else ""
    return Finding("replica", subject, "ok", detail + until)


def of_policies(policies: Sequence[Object], bindings: Sequence[Object]) -> Iterator[Finding]:
    """Judge whether what is not rendered is denied, should the webhook be away."""
    denying = {
        str((one.get("spec") or {}).get("policyName"))
        for one in bindings
        if "Deny" in ((one.get("spec") or {}).get("validationActions") or ())
    }
    for resource in WEBHOOKS.values():
        named = [name_of(one) for one in policies if resource in _resources(one)]
        subject = f"policy for {resource}"
        if not named:
            detail = f"no ValidatingAdmissionPolicy denies {resource} that have not been rendered"
            yield Finding("policy", subject, "wrong", detail, INSTALL)
        elif not denying & set(named):
            detail = f"ValidatingAdmissionPolicy {errors.listed(named)} has no binding that denies"
            yield Finding("policy", subject, "wrong", detail, f"bind it with validationActions: [Deny], or {INSTALL}")
        else:
            yield Finding(
                "policy", subject, "ok", f"ValidatingAdmissionPolicy {errors.listed(denying & set(named))} denies"
            )


def _resources(policy: Object) -> set[str]:
    constraints = (policy.get("spec") or {}).get("matchConstraints") or {}
    return {name for rule in constraints.get("resourceRules") or () for name in rule.get("resources") or ()}


def of_config_map(kind: catalog.ConfigKind, stored: Object | None, used: Sequence[catalog.Document]) -> Finding | None:
    """Judge whether the webhook has taken in a ConfigMap as it is; None if it does not come from this cluster.

    Args:
        kind: of the configuration.
        stored: the ConfigMap; None if there is none.
        used: the published documents of this kind, the newest last.
    """
    row = catalog.KINDS[kind]
    newest = used[-1].content if used else None
    subject = f"ConfigMap {row.config_map}"
    if stored is None:
        if newest is not None or not row.required:
            return None  # from a file or the global cluster, or not needed; a deleted one is reported as a problem
        remedy = f"create it, to begin with from: hydra-webhook builtin {kind}"
        return Finding(
            "configuration", subject, "wrong", "it does not exist, and every labelled workload is denied", remedy
        )
    if newest is not None and not isinstance(newest, Mapping):
        return None  # read from a file
    if newest != (stored.get("data") or {}):
        remedy = "check again in a moment; else look for the events watch failed and state not published in the log of the replicas"
        return Finding("configuration", subject, "wrong", "the webhook has not taken it in as it is now", remedy)
    return Finding("configuration", subject, "ok", "taken in as it is")


def of_problems(problems: Iterable[catalog.Problem]) -> Iterator[Finding]:
    """Pass on the errors of the configuration in use."""
    for one in problems:
        if one.severity == "error":
            yield Finding(
                "configuration", one.source, "wrong", str(one), "hydra-webhook lint --from-cluster shows all of it"
            )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
