"""Names that Go templates make, mostly of the model id, and that Kubernetes refuses (contract section 3).

The API server would name the field of a pod that its author has never seen. So the denial names the template, and the remedy.
Names that the workload or the configuration writes out are the API server's business: they are refused for every workload.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from webhook import catalog, errors, gotemplate, jsonshape
from webhook.rendering import budget, expand
from webhook.rendering.layers import Configured
from webhook.rendering.resolve import Resolution
from webhook.workload.names import DNS_LABEL, DNS_SUBDOMAIN, ENV_NAME, LABEL_VALUE, PORT_NAME, NameRule

#: Any key of a map.
ANY = "*"

#: Where names are: a rule, or the keys of a map or of the maps in a list.
Names = Mapping[str, "NameRule | Names"]

_HANDLER: Names = {"httpGet": {"port": PORT_NAME}, "tcpSocket": {"port": PORT_NAME}}
_REFERENCE: Names = {"name": DNS_SUBDOMAIN}
_SELECTOR: Names = {"labelSelector": {"matchLabels": {ANY: LABEL_VALUE}}}
_AFFINITY: Names = {
    "requiredDuringSchedulingIgnoredDuringExecution": _SELECTOR,
    "preferredDuringSchedulingIgnoredDuringExecution": {"podAffinityTerm": _SELECTOR},
}

#: The fields of a Container that hold names.
CONTAINER: Names = {
    "name": DNS_LABEL,
    "ports": {"name": PORT_NAME},
    "env": {"name": ENV_NAME, "valueFrom": {"configMapKeyRef": _REFERENCE, "secretKeyRef": _REFERENCE}},
    "envFrom": {"configMapRef": _REFERENCE, "secretRef": _REFERENCE},
    "resources": {"claims": {"name": DNS_LABEL}},
    "startupProbe": _HANDLER,
    "readinessProbe": _HANDLER,
    "livenessProbe": _HANDLER,
    "lifecycle": {"postStart": _HANDLER, "preStop": _HANDLER},
}

#: The fields of a PodSpec that hold names. API servers accept any name of a claim, ConfigMap or Secret, but an object with a
#: name that breaks the rule cannot exist, so the pod would wait forever.
POD_SPEC: Names = {
    "volumes": {
        "name": DNS_LABEL,
        "persistentVolumeClaim": {"claimName": DNS_SUBDOMAIN},
        "configMap": _REFERENCE,
        "secret": {"secretName": DNS_SUBDOMAIN},
        "projected": {"sources": {"configMap": _REFERENCE, "secret": _REFERENCE}},
    },
    "containers": CONTAINER,
    "initContainers": CONTAINER,
    "hostname": DNS_LABEL,
    "subdomain": DNS_LABEL,
    "hostAliases": {"hostnames": DNS_SUBDOMAIN},
    "nodeName": DNS_SUBDOMAIN,
    "nodeSelector": {ANY: LABEL_VALUE},
    "priorityClassName": DNS_SUBDOMAIN,
    "runtimeClassName": DNS_SUBDOMAIN,
    "serviceAccountName": DNS_SUBDOMAIN,
    "resourceClaims": {
        "name": DNS_LABEL,
        "resourceClaimName": DNS_SUBDOMAIN,
        "resourceClaimTemplateName": DNS_SUBDOMAIN,
    },
    "topologySpreadConstraints": _SELECTOR,
    "affinity": {"podAffinity": _AFFINITY, "podAntiAffinity": _AFFINITY},
}

_POD: Names = {"metadata": {"labels": {ANY: LABEL_VALUE}}, "spec": POD_SPEC}

#: The keys and positions that lead to a name.
_Place = tuple[str | int, ...]


def check(resolution: Resolution, configured: Configured, merged: Mapping[str, Any]) -> None:
    """Check the names in a merged pod template that Go templates of the configuration have made.

    Args:
        resolution: what was decided; it knows the workload and the layers of the configuration.
        configured: what the configuration says. Mostly all its names are good, and the workload, which may be large, is not read.
        merged: ``metadata`` and ``spec`` after merging.

    Raises:
        errors.Denied: Kubernetes refuses one.
    """
    if all(
        _accepted(name, rule)
        for _, name, rule in _configured(configured.container, configured.pod, configured.metadata)
    ):
        return
    refused = [found for found in _names(merged, _POD) if not _accepted(*found[1:])]
    own = {(_keys(place), name) for place, name, _ in _names(resolution.pod_template.value, _POD) if _is_text(name)}
    fresh = budget.new()  # enough for templates that have been rendered once within such a budget
    for place, name, rule in refused:
        keys = _keys(place)
        if (keys, name) not in own and (template := _origin(resolution, keys, name, fresh)):
            message = (
                f"{jsonshape.at(resolution.pod_template.path, _path(place))} is {errors.shown(name)}, "
                f"set by template {template.name}, but Kubernetes accepts only {rule.words}; {remedy(template, rule, name)}"
            )
            raise errors.Denied("invalid-name", message, errors.PlaceInTemplate(template.name))


def _is_text(name: Any) -> bool:
    return isinstance(name, str)  # anything else is the number of a port, or the API server's business


def _accepted(name: Any, rule: NameRule) -> bool:
    return not _is_text(name) or rule.accepts(name)


def _names(value: Any, wanted: "NameRule | Names", place: _Place = ()) -> Iterator[tuple[_Place, Any, NameRule]]:
    """Yield the place of each name, the name, and its rule."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _names(item, wanted, (*place, index))
    elif isinstance(wanted, NameRule):
        if value is not None:
            yield place, value, wanted
    elif isinstance(value, dict) and value.get("optional") is not True:  # a reference to what need not exist
        rules = dict.fromkeys(value, wanted[ANY]) if ANY in wanted else wanted
        for key, rule in rules.items():
            if key in value:
                yield from _names(value[key], rule, (*place, key))


def _keys(place: _Place) -> tuple[str, ...]:
    """Return a place without positions in lists, which merging changes."""
    return tuple(key for key in place if isinstance(key, str))


def _path(place: _Place) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).removeprefix(".")


def _origin(
    resolution: Resolution, keys: tuple[str, ...], name: str, fresh: gotemplate.Budget
) -> gotemplate.Template | None:
    """Return the Go template that printed a name; None if it is written out."""
    for layer in resolution.layers.parts:
        for value in _given(layer.part, keys):
            template = value.template if isinstance(value, catalog.IntegerTemplate) else value
            if isinstance(template, gotemplate.Template) and (
                expand.text(template, resolution.variables, fresh).strip() == name.strip()
            ):
                return template
    return None


def _given(part: catalog.Part, keys: tuple[str, ...]) -> Iterator[Any]:
    """Yield what a part of the configuration has at these keys of a pod."""
    for place, value, _ in _configured(part.container, part.pod, part.metadata):
        if _keys(place) == keys:
            yield value


def _configured(
    container: catalog.Fields, pod: catalog.Fields, metadata: catalog.Fields
) -> Iterator[tuple[_Place, Any, NameRule]]:
    """Yield the names in fields of the configuration, with their places in a pod."""
    yield from _names(container, CONTAINER, ("spec", "containers"))
    yield from _names(pod, POD_SPEC, ("spec",))
    yield from _names(metadata, {"labels": {ANY: LABEL_VALUE}}, ("metadata",))


def remedy(template: gotemplate.Template, rule: NameRule, name: str) -> str:
    """Return how to write a template whose output is refused."""
    free = next((name for name in ("MODEL_ID", "MODEL_NAME") if template.may_read(name)), "")
    if not free:
        return "correct the template" if len(name) <= rule.longest else f"print at most {rule.longest} characters"
    cut = f", cut to {rule.longest} characters" if rule.longest < DNS_LABEL.longest else ""
    return f"use .MODEL_SLUG{cut} instead of .{free}"
