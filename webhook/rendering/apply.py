"""One bare pod template in, a runnable one with its record out: the steps of rendering in their order."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from webhook import catalog, errors, workload
from webhook.rendering import changes, command, conflicts, containers, merge, record, selection, shapes, variables
from webhook.settings import Settings


class Rendering(msgspec.Struct, frozen=True):
    """A rendered pod template.

    Attributes:
        value: the template with everything filled in, record included.
        revision: hash of the configuration that was used.
        warnings: what the author should know.
    """

    value: dict[str, Any]
    revision: str
    warnings: tuple[str, ...]


def render(
    template: workload.PodTemplate, snapshot: catalog.Snapshot, settings: Settings, *, namespace: str
) -> Rendering:
    """Render a pod template that carries no record.

    Args:
        template: the bare template; it is not modified.
        snapshot: the configuration.
        settings: the constants.
        namespace: the request's namespace.

    Raises:
        errors.Denied: something about the workload or the runtime prevents it.
    """
    declared = workload.declaration(template)
    spec = workload.mapping(template.value.get("spec"), "spec")
    shapes.check(spec)
    found = containers.inference_container(template, declared.container)
    own: Mapping[str, Any] = {"name": containers.CREATED_NAME} if found is None else found
    chosen = selection.select(declared, own, snapshot)
    data = variables.variables(
        declared, template, own, chosen, namespace=namespace, cluster_name=snapshot.cluster_name, settings=settings
    )
    pod_fields, container_fields = _configured(chosen, data)
    container, warnings = _container(own, container_fields, chosen, data, is_pod=template.is_pod)
    merged = merge.pod_spec(_put(spec, found, container), pod_fields, is_pod=template.is_pod)
    conflicts.check(
        conflicts.Side(spec, own),
        conflicts.Side(merged, container),
        claims=template.claims,
        source=f'the configuration of runtime "{declared.runtime}"',
    )
    warnings += conflicts.volume_warnings(spec, pod_fields, template.claims)
    if template.is_pod:
        warnings += _left_out(pod_fields)
    after = {**template.value, "metadata": _metadata(template, container["name"]), "spec": merged}
    revision = _revision(chosen.digests(), snapshot.cluster_name, settings)
    made, current = changes.between({} if template.created else template.value, after)
    written = record.Record(
        version=record.VERSION,
        runtime=declared.runtime,
        model_id=declared.model_id,
        revision=revision,
        inputs=record.digest([declared, template.role, template.group_size, _input(template)]),
        container=container["name"],
        added=made.added,
        made=made.made,
        replaced=dict(made.replaced),
        rendered=record.rendered_digest(current),
        created=template.created,
    )
    return Rendering(record.write(after, written), revision, (*chosen.warnings(), *warnings))


@lru_cache(maxsize=1024)  # the same few are used again and again
def _revision(digests: tuple[str, ...], cluster_name: str | None, settings: Settings) -> str:
    return record.digest([digests, cluster_name, settings])


def _configured(chosen: selection.Selection, data: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the PodSpec and Container fields that template and agent entry give together."""
    pod: Mapping[str, Any] = {}
    container: Mapping[str, Any] = {}
    if chosen.template is not None:
        pod, container = chosen.template.pod, chosen.template.container
        if chosen.template.templated:
            pod = command.expand_fields(pod, chosen.template.templated, data)
            container = command.expand_fields(container, chosen.template.templated, data)
    if chosen.entry is not None:
        agent = chosen.entry.container
        if chosen.entry.image is not None:
            agent = {**agent, "image": chosen.entry.image}
        container = merge.layers(agent, container)
    return pod, container


def _container(
    own: Mapping[str, Any],
    configured: Mapping[str, Any],
    chosen: selection.Selection,
    data: Mapping[str, Any],
    *,
    is_pod: bool,
) -> tuple[dict[str, Any], list[str]]:
    """Return the inference container filled in, and warnings."""
    filled = merge.image(own, configured, is_pod=is_pod)
    if containers.is_placeholder(filled.get("image")):
        given = f"{chosen.entry.path} names none" if chosen.entry else "no agent entry matches"
        message = f'container "{own["name"]}" has no image: neither the workload nor its template sets one, and {given}'
        raise errors.Denied("no-image", message)
    if workload.strings(own.get("command"), f'container "{own["name"]}": command'):
        kept = f'container "{own["name"]}" sets its own command: its command and args are kept, the runtime\'s are not used'
        rest = {key: value for key, value in configured.items() if key != "args"}
        return merge.container(filled, rest, is_pod=is_pod), [kept]
    rendered = command.command(chosen.template, data)
    if rendered.command is not None:
        filled["command"] = rendered.command
    if rendered.args or own.get("args"):
        filled["args"] = rendered.args
    return merge.container(filled, configured, is_pod=is_pod), list(rendered.warnings)


def _put(spec: Mapping[str, Any], found: Mapping[str, Any] | None, container: dict[str, Any]) -> dict[str, Any]:
    """Return a pod spec with the inference container in its place, or appended where there was none."""
    others = spec.get("containers") or []
    if found is None:
        return {**spec, "containers": [*others, container]}
    return {**spec, "containers": [container if other is found else other for other in others]}


def _metadata(template: workload.PodTemplate, container: str) -> dict[str, Any]:
    """Return the template's metadata with the labels that make its pods recognisable and the default container."""
    metadata = dict(workload.mapping(template.value.get("metadata"), "metadata"))
    labels = metadata.get("labels") or {}
    missing = {key: template.labels[key] for key in workload.IDENTITY_LABELS if key not in labels}
    if missing:
        metadata["labels"] = {**labels, **missing}
    annotations = metadata.get("annotations") or {}
    if workload.DEFAULT_CONTAINER not in annotations:
        metadata["annotations"] = {**annotations, workload.DEFAULT_CONTAINER: container}
    return metadata


def _left_out(pod_fields: Mapping[str, Any]) -> list[str]:
    return [
        f"{key} of the runtime template was left out: admission has already acted on it for this pod"
        for key in catalog.SETTLED_ON_PODS
        if pod_fields.get(key) is not None
    ]


def _input(template: workload.PodTemplate) -> Any:
    """Return the part of a bare pod template that counts as input: of a Pod not its names and bookkeeping."""
    return template.value.get("spec") if template.is_pod else template.value
