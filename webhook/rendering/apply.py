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
    with_image = fill_image(resolution, configured)
    image.check(with_image, str(resolution.container), resolution.selection.agent_entry, pod_template.role)
    started = start(resolution, budget)
    container = fill_container(resolution, configured, with_image, started)
    found = _startup_notices(resolution, started, container)
    merged = merge.pod_spec(
        resolution.container.put(spec, container),
        image.fill_added(configured.pod, container["image"]),
        is_pod=pod_template.is_pod,
        path=resolution.spec_path,
    )
    source = f'the configuration of runtime "{resolution.declaration.runtime}"'
    _check_merged(spec, merged, resolution.spec_path, source)
    metadata = with_identity(pod_template, with_metadata(pod_template, configured), container["name"])
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


def fill_image(resolution: Resolution, configured: Configured) -> dict[str, Any]:
    """Return the inference container with its image and pull policy."""
    policy = configured.container.get("imagePullPolicy")
    return image.fill(resolution.container.value, configured.image, policy, is_pod=resolution.pod_template.is_pod)


def start(resolution: Resolution, budget: gotemplate.Budget) -> command.Command | None:
    """Return command and args as the runtime template has them; None if the workload brings its own command.

    Raises:
        errors.Denied: a Go template fails or exceeds the budget.
    """
    if resolution.container.value.get("command"):
        return None
    return command.command(resolution.startup, resolution.variables, budget)


def fill_container(
    resolution: Resolution, configured: Configured, with_image: Mapping[str, Any], started: command.Command | None
) -> dict[str, Any]:
    """Return the inference container with everything filled in.

    Args:
        resolution: what was decided.
        configured: what the configuration says.
        with_image: the result of :func:`fill_image`.
        started: the result of :func:`start`.

    Raises:
        errors.Malformed: as :func:`merge.container`.
    """
    is_pod, path = resolution.pod_template.is_pod, resolution.container.path
    if started is None:
        rest = {key: value for key, value in configured.container.items() if key != "args"}
        return merge.container(with_image, rest, is_pod=is_pod, path=path)
    filled = dict(with_image)
    if started.command is not None:
        filled["command"] = started.command
    if started.args or resolution.container.value.get("args"):
        filled["args"] = started.args
    return merge.container(filled, configured.container, is_pod=is_pod, path=path)


def _startup_notices(
    resolution: Resolution, started: command.Command | None, container: Mapping[str, Any]
) -> list[notices.Notice]:
    """Return what the author should know about command and args."""
    if started is None:
        return [notices.about("own-command", resolution.container.name)]
    first, own_args = container.get("command") or (), resolution.container.value.get("args") or ()
    return [
        *started.notices,
        *arguments.notices(resolution.startup, resolution.variables, first, started, own_args),
    ]


def with_metadata(pod_template: workload.PodTemplate, configured: Configured) -> dict[str, Any]:
    """Return the metadata with what the configuration adds."""
    return _added(pod_template.value.get("metadata") or {}, configured.metadata)


def with_identity(pod_template: workload.PodTemplate, metadata: Mapping[str, Any], container: str) -> dict[str, Any]:
    """Return metadata with the labels that identify the pods, and the default container."""
    identity = {key: pod_template.labels[key] for key in workload.IDENTITY_LABELS}
    return _added(metadata, {"labels": identity, "annotations": {workload.DEFAULT_CONTAINER: container}})


def _added(metadata: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata with those labels and annotations that it does not have."""
    found = dict(metadata)
    for name in ("labels", "annotations"):
        own = found.get(name) or {}
        missing = {key: value for key, value in (others.get(name) or {}).items() if key not in own}
        if missing:
            found[name] = {**own, **missing}
    return found


def _replaced_lists(resolution: Resolution, configured: Configured) -> list[notices.Notice]:
    container = resolution.container
    fields = configured.container
    if container.value.get("command"):  # of which there is a notice
        fields = {key: value for key, value in fields.items() if key not in ("command", "args")}
    found = [
        *given_way.lists(resolution.spec, configured.pod, "spec"),
        *given_way.lists(container.value, fields, container.path_in_pod),
    ]
    return [notices.Notice("list-replaced", found)] if found else []


def _left_out(pod_fields: Mapping[str, Any]) -> list[notices.Notice]:
    return [notices.about("late-field", key) for key in catalog.SETTLED_ON_PODS if pod_fields.get(key) is not None]
