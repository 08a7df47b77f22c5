"""The record: an annotation that identifies what the webhook has rendered, and from which it can be undone (section 8).

It is compact JSON with sorted keys in annotation ``hydra.io/rendered`` and depends on nothing but the input: no clock, no
randomness, no host. API servers find ``model`` and ``runtime`` in it by the order of the keys: before ``model`` come only strings and
lists of strings, after ``runtime`` only a digest and a number (``manifests/base/record-policy.yaml``).
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from webhook import catalog, digests, errors, jsonshape, patch, workload
from webhook.rendering import changes, edits, revision
from webhook.rendering.resolve import Resolution

#: The version of the record's layout.
VERSION = 1

#: The most changes that a record may name: far more than any runtime template makes, but few enough to undo quickly.
_MOST_PATHS = 2000

#: The longest record that is remembered, in characters: decoding a longer one takes little compared with all else of its object.
_LONGEST_REMEMBERED = 250_000

#: How many characters of an agent entry's match lists a record keeps.
_MATCH_CHARACTERS = 200

#: In place of a runtime template's digest where only an agent entry knows the runtime.
NO_TEMPLATE = "none"

#: What rendering changes, and so what undoing a record may change (contract section 8).
_RENDERED = ("/spec", "/metadata/labels", "/metadata/annotations")
_BELOW_RENDERED = tuple(f"{path}/" for path in _RENDERED)

#: What to do about a record that cannot be used.
_RESTORE_OR_APPLY = "restore the bare form (hydra-webhook restore -f FILE) or apply the original file"

#: Where the record itself is.
RECORD_PATH = f"/metadata/annotations/{patch.escape(workload.RECORD)}"


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"model_id": "model"}):
    """The part of a record that every release can read.

    Attributes:
        version: of the record's layout.
        runtime, model_id: what was rendered.
        container: name of the inference container.
        added, made, replaced: how to undo the rendering, as in :class:`changes.Changes`.
        created: the webhook created the pod template (a leader template), and what it changed is that of the bare worker template.
        completed: the webhook completed the pod template (a leader template without containers) from the bare worker template.
    """

    version: int
    runtime: str
    model_id: str
    container: str
    added: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    replaced: dict[str, Any] = msgspec.field(default_factory=dict)
    created: bool = False
    completed: bool = False

    @property
    def changes(self) -> changes.Changes:
        """Return how to undo the rendering."""
        return changes.Changes(self.added, self.made, self.replaced)


class Record(Header, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A record that this release can read in full.

    Attributes:
        revision: digest of the configuration that was used.
        inputs: digest of what the workload says.
        rendered: digest of the rendered fields; defaults that a CRD adds do not change it.
        gpu_type: the GPU type that the agent entry was chosen for.
        agent_entry: digest of the agent entry; empty if none was used.
        edited: paths of rendered fields that somebody has edited since, and that updates have kept.
        matches: what that entry matches, as written, cut to 200 characters; not its position, which any edit may change.
        template: digest of the runtime template, or ``NO_TEMPLATE``; empty in records of releases that did not write it.
    """

    revision: str
    inputs: str
    rendered: str
    edited: tuple[str, ...] = ()
    gpu_type: str = ""
    agent_entry: str = ""
    matches: str = ""
    template: str = ""


_record_decoder = msgspec.json.Decoder(Record)
_header_decoder = msgspec.json.Decoder(Header)


class _Outline(msgspec.Struct, frozen=True, rename={"model_id": "model"}):
    """What is read of a record whose changes a later release writes in another form."""

    version: int
    runtime: str
    model_id: str
    container: str
    created: bool = False
    completed: bool = False


_outline_decoder = msgspec.json.Decoder(_Outline)


def of(resolution: Resolution, container: str, made: changes.Changes, rendered: str) -> Record:
    """Return the record of a rendering.

    Args:
        resolution: what was decided.
        container: name of the inference container.
        made: how to undo the rendering.
        rendered: the digest of the rendered fields.
    """
    declaration, chosen = resolution.declaration, resolution.selection
    agent_entry = chosen.agent_entry
    return Record(
        version=VERSION,
        runtime=declaration.runtime,
        model_id=declaration.model_id,
        container=container,
        revision=revision.revision(resolution),
        inputs=revision.inputs(resolution.pod_template, declaration),
        added=made.added,
        made=made.made,
        replaced=dict(made.replaced),
        rendered=rendered,
        created=resolution.pod_template.created,
        completed=resolution.pod_template.original is not None,
        gpu_type=chosen.gpu_type,
        agent_entry=agent_entry.digest if agent_entry is not None else "",
        matches=_matches(agent_entry) if agent_entry is not None else "",
        template=template_digest(chosen.runtime_template),
    )


def template_digest(runtime_template: catalog.RuntimeTemplate | None) -> str:
    """Return what a record notes of the runtime template that was used."""
    return runtime_template.digest if runtime_template is not None else NO_TEMPLATE


def write(value: Mapping[str, Any], record: Record) -> dict[str, Any]:
    """Return a pod template with the record in its annotations."""
    text = digests.canonical(record).decode()
    metadata = dict(value.get("metadata") or {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), workload.RECORD: text}
    return {**value, "metadata": metadata}


def unrecorded(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod template without its record."""
    metadata = value.get("metadata") or {}
    kept = {key: one for key, one in (metadata.get("annotations") or {}).items() if key != workload.RECORD}
    return {**value, "metadata": {**metadata, "annotations": kept}}


def with_edits(pod_template: workload.PodTemplate, edits: Iterable[str]) -> dict[str, Any]:
    """Return a rendered pod template whose record names these edited fields too; one of a later release is left as it is.

    Once all edits have been taken back, the record names none.
    """
    record = read(pod_template)
    if not isinstance(record, Record):
        return dict(pod_template.value)
    edited = () if untouched(pod_template, record) else tuple(sorted({*record.edited, *edits}))
    return write(pod_template.value, msgspec.structs.replace(record, edited=edited))


def with_inputs(pod_template: workload.PodTemplate, inputs: str) -> dict[str, Any]:
    """Return a pod template that was rendered now, with this digest of the inputs in its record."""
    record = read(pod_template)
    if not isinstance(record, Record):
        return dict(pod_template.value)
    return write(pod_template.value, msgspec.structs.replace(record, inputs=inputs))


def read(pod_template: workload.PodTemplate) -> Header | None:
    """Return the record of a pod template; None if it has none.

    A record of a later layout, or with keys that this release does not know, is a ``Header``; any other is a ``Record``.

    Raises:
        errors.Denied: the annotation is not a record.
    """
    text = pod_template.own_annotations.get(workload.RECORD)
    if text is None:
        return None
    record = decode(text)
    may_be_made = pod_template.name in ("leaderTemplate", "")  # "": a pod made from such a template
    if (record.created or record.completed) and not may_be_made:
        cause = "claims that the webhook created or completed this template, but it does so only with leaderTemplate"
        raise _invalid(cause)
    if isinstance(record, Record):
        _check_paths(record, is_pod=pod_template.is_pod)
    return record


def decode(text: Any) -> Header:
    """Return the record that an annotation holds, without a look at what it is on: ``Record`` or ``Header`` as in :func:`read`.

    Raises:
        errors.Denied: the annotation is not a record.
    """
    if not isinstance(text, str):
        raise _invalid(f"is {errors.shown(text)}, not a string")
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _decoded(text)


@lru_cache(maxsize=8)  # an update asks for each of its at most four records up to ten times
def _remembered(text: str) -> Header:
    return _decoded(text)


def _decoded(text: str) -> Header:
    try:
        if jsonshape.too_many_values(text.encode(), jsonshape.MOST_VALUES):
            raise _invalid(f"holds more than {jsonshape.MOST_VALUES} values")
        try:
            record: Header = _record_decoder.decode(text)
        except msgspec.ValidationError as error:
            record = _header(text)
            if record.version == VERSION and "unknown field" not in str(error):
                raise
        if record.version < 1:
            raise _invalid(f"has version {record.version}, and versions begin with 1")
        if isinstance(record, Record):
            if record.version > VERSION:
                return _header(text)
            jsonshape.check_depth(record.replaced, "replaced")
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _invalid(f"is not a record of this webhook: {error}") from error
    except errors.Malformed as error:
        raise _invalid(f"is not a record of this webhook: {error.message}") from error
    return record


def _header(text: str) -> Header:
    """Return what every release can read of a record, without its changes if they are not as this release writes them."""
    try:
        header = _header_decoder.decode(text)
        jsonshape.check_depth(header.replaced, "replaced")
        _check_paths(header, is_pod=False)
    except (msgspec.ValidationError, errors.Denied):
        return Header(**msgspec.structs.asdict(_outline_decoder.decode(text)))
    return header


def _check_paths(record: Header, *, is_pod: bool) -> None:
    """Check that undoing a record changes nothing but spec, labels and annotations: anybody may write a record.

    Where a template had no metadata, or null, rendering has made the map, which goes once it is empty.
    """
    if (count := len(record.added) + len(record.made) + len(record.replaced)) > _MOST_PATHS:
        raise _invalid(f"names {count} changes, more than the {_MOST_PATHS} that this webhook makes at most")
    named = [*record.added, *(path for path in record.made if path != "/metadata")]
    named += (path for path, was in record.replaced.items() if path != "/metadata" or was is not None or is_pod)
    for path in named:
        if path not in _RENDERED and not path.startswith(_BELOW_RENDERED):
            raise _invalid(f"names path {errors.shown(path)}; rendering changes nothing outside {', '.join(_RENDERED)}")


def full(record: Header) -> Record:
    """Return a record that can be undone.

    Raises:
        errors.Denied: a later release wrote it, and only that release can undo it.
    """
    if isinstance(record, Record):
        return record
    raise errors.Denied(
        "later-record",
        f"annotation {workload.RECORD} (version {record.version}) was written by a later release of the webhook, and this "
        "release cannot undo it; use that release, or apply the original file",
    )


def check(record: Header, pod_template: workload.PodTemplate) -> None:
    """Check that a record belongs to the pod template that it is on.

    Raises:
        errors.Denied: it names another runtime, model or container than the pod template does.
    """
    labels = dict(pod_template.labels)
    copied = () if record.completed else record.added  # what a completed one took from the worker template is its own
    for key in workload.IDENTITY_LABELS:  # a copy that the webhook made does not override its original
        if f"/metadata/labels/{patch.escape(key)}" in copied:
            labels[key] = pod_template.inherited_labels.get(key, labels.get(key))
    declaration = workload.declaration(msgspec.structs.replace(pod_template, labels=labels))
    named = [
        ("runtime", record.runtime, f"label {workload.RUNTIME}", declaration.runtime),
        ("model", record.model_id, f"label {workload.MODEL_ID}", declaration.model_id),
    ]
    if declaration.container:
        named.append(("container", record.container, f"annotation {workload.CONTAINER}", declaration.container))
    for what, recorded, key, value in named:
        if recorded != value:
            raise _invalid(f'was written for {what} "{recorded}", but {key} is "{value}"')
    containers = (pod_template.value.get("spec") or {}).get("containers") or ()
    names = [str(container.get("name")) for container in containers]
    if record.container not in names:
        raise _invalid(f'names container "{record.container}", but the containers are {errors.listed(names)}')


def rendered_digest(current: changes.Current) -> str:
    """Return the digest of the rendered fields as they are now.

    What a CRD or the API server fills in or drops does not change it; an edit of a rendered field does.
    """
    return digests.of(edits.comparable(current))


def untouched(pod_template: workload.PodTemplate, record: Header) -> bool:
    """Return whether the rendered fields are still as the webhook wrote them, as far as this release can know.

    It cannot know where a later release wrote the record, or where a pod was made from a leader template that the webhook
    completed: the record then covers whole containers, which the API server and controllers fill in for each pod.
    """
    if not isinstance(record, Record) or (record.completed and pod_template.is_pod):
        return True
    return rendered_digest(changes.current(pod_template.value, record.changes)) == record.rendered


def restore(pod_template: workload.PodTemplate, header: Header) -> dict[str, Any]:
    """Return a pod template in its bare form: without the record and with every change undone.

    A pod template that the webhook created has no bare form; it must be removed instead.

    Raises:
        errors.Denied: a later release wrote the record, or as :func:`undone`.
    """
    return undone(pod_template, full(header))


def undone(pod_template: workload.PodTemplate, record: Header) -> dict[str, Any]:
    """Return a pod template without the record and with every change undone that this release can read.

    Raises:
        errors.Denied: the result would not be a pod template without a record.
    """
    undoing = changes.Changes((*record.added, RECORD_PATH), record.made, record.replaced)
    bare = changes.undo(pod_template.value, undoing)
    try:
        workload.check_pod_template(bare, pod_template.path)
    except errors.Malformed as fault:
        raise _invalid(f"restores a malformed pod template: {fault.message}") from fault
    if workload.RECORD in ((bare.get("metadata") or {}).get("annotations") or {}):
        raise _invalid("restores a record")
    return bare


def _matches(agent_entry: catalog.AgentEntry) -> str:
    text = f"runtimes {','.join(agent_entry.runtimes) or 'any'}; GPU types {','.join(agent_entry.gpu_types) or 'any'}"
    return text[:_MATCH_CHARACTERS]


def cannot_be_restored(denial: errors.Denied) -> None:
    """Take the advice to restore the bare form from a denial, once just that has been tried."""
    denial.message = denial.message.replace(_RESTORE_OR_APPLY, "apply the original file")


def _invalid(cause: str) -> errors.Denied:
    return errors.Denied("invalid-record", f"annotation {workload.RECORD} {cause}; {_RESTORE_OR_APPLY}")
