"""A resolution to a runnable pod template with its record: the steps in their order."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webhook import catalog, errors, gotemplate, notices, workload
from webhook.rendering import arguments, changes, command, conflicts, doubts, given_way, image, merge, names, record
from webhook.rendering.layers import Configured
from webhook.rendering.resolve import Resolution


class Rendering(msgspec.Struct, frozen=True):
    """A rendered pod template.

    Attributes:
        value: the pod template with everything filled in, the record included.
        revision: digest of the configuration that was used.
        image: what the inference container runs.
        notices: what the author should know, about this pod template.
    """

    value: dict[str, Any]
    revision: str
    image: str
    notices: tuple[notices.Notice, ...]


def apply(resolution: Resolution, budget: gotemplate.Budget) -> Rendering:
    """Fill in a pod template.

    Args:
        resolution: what was decided.
        budget: what the Go templates of the request may still use.

    Raises:
        errors.Denied: a Go template fails or exceeds the budget, or the result would not run.
    """
    pod_template, spec, own = resolution.pod_template, resolution.spec, resolution.container.value
    configured = resolution.layers.render(resolution.variables, budget)
    container, found = _container(resolution, configured, budget)
    merged = merge.pod_spec(
        resolution.container.put(spec, container),
        image.fill_added(configured.pod, container["image"]),
        is_pod=pod_template.is_pod,
        path=resolution.spec_path,
    )
    source = f'the configuration of runtime "{resolution.declaration.runtime}"'
    _check_merged(spec, merged, resolution.spec_path, source)
    metadata = _metadata(pod_template, container["name"], configured.metadata)
    names.check(resolution, configured, {"metadata": metadata, "spec": merged})
    conflicts.check(
        conflicts.Side(spec, own), conflicts.Side(merged, container), claims=pod_template.claims, source=source
    )
    found += given_way.volumes(spec, configured.pod, pod_template.claims)
    found += _replaced_lists(resolution, configured)
    found += doubts.notices(merged, container, resolution.variables["MODEL_PATH"])
    if pod_template.is_pod:
        found += _left_out(configured.pod)
    found += resolution.notices()
    after = {
        **pod_template.value,
        "metadata": metadata,
        "spec": merged,
    }
    made, current = changes.between(
        pod_template.value if pod_template.original is None else pod_template.original, after
    )
    written = record.of(resolution, container["name"], made, record.rendered_digest(current))
    return Rendering(
        record.write(after, written),
        written.revision,
        container["image"],
        tuple(notice.within(pod_template.name) for notice in found),
    )


def _check_merged(own: Mapping[str, Any], merged: Mapping[str, Any], path: str, source: str) -> None:
    """Check what merging changed in the pod spec: loading a configuration checks it only in part, and templates may render to text."""
    try:
        workload.check_pod_spec({key: value for key, value in merged.items() if value is not own.get(key)}, path)
    except errors.Malformed as fault:
        raise errors.Denied("malformed-object", f"merged with {source}, {fault.message}") from fault


def _container(
    resolution: Resolution, configured: Configured, budget: gotemplate.Budget
) -> tuple[dict[str, Any], list[notices.Notice]]:
    """Return the inference container filled in, and what its author should know."""
    own, is_pod, path = resolution.container.value, resolution.pod_template.is_pod, resolution.container.path
    fields = configured.container
    filled = image.fill(own, configured.image, fields.get("imagePullPolicy"), is_pod=is_pod)
    image.check(filled, str(resolution.container), resolution.selection.agent_entry, resolution.pod_template.role)
    if own.get("command"):
        kept = notices.about("own-command", resolution.container.name)
        rest = {key: value for key, value in fields.items() if key != "args"}
        return merge.container(filled, rest, is_pod=is_pod, path=path), [kept]
    runtime_template = resolution.selection.runtime_template
    startup = runtime_template.startups[resolution.pod_template.role] if runtime_template else catalog.Startup()
    rendered = command.command(startup, resolution.variables, budget)
    if rendered.command is not None:
        filled["command"] = rendered.command
    if rendered.args or own.get("args"):
        filled["args"] = rendered.args
    container = merge.container(filled, fields, is_pod=is_pod, path=path)
    first, own_args = container.get("command") or (), own.get("args") or ()
    return container, [*rendered.notices, *arguments.notices(startup, resolution.variables, first, rendered, own_args)]


def _metadata(pod_template: workload.PodTemplate, container: str, configured: catalog.Fields) -> dict[str, Any]:
    """Return the metadata with what the configuration adds, the labels that identify the pods, and the default container."""
    metadata = dict(pod_template.value.get("metadata") or {})
    identity = {key: pod_template.labels[key] for key in workload.IDENTITY_LABELS}
    for name, added in (("labels", identity), ("annotations", {workload.DEFAULT_CONTAINER: container})):
        own = metadata.get(name) or {}
        missing = {key: value for key, value in {**(configured.get(name) or {}), **added}.items() if key not in own}
        if missing:
            metadata[name] = {**own, **missing}
    return metadata


def _replaced_lists(resolution: Resolution, configured: Configured) -> list[notices.Notice]:
    container = resolution.container
    fields = configured.container
    if container.value.get("command"):  # of which there is a notice
        fields = {key: value for key, value in fields.items() if key not in ("command", "args")}
    place = f"spec{container.path.removeprefix(resolution.spec_path)}"
    found = [
        *given_way.lists(resolution.spec, configured.pod, "spec"),
        *given_way.lists(container.value, fields, place),
    ]
    return [notices.Notice("list-replaced", found)] if found else []


def _left_out(pod_fields: Mapping[str, Any]) -> list[notices.Notice]:
    return [notices.about("late-field", key) for key in catalog.SETTLED_ON_PODS if pod_fields.get(key) is not None]
