"""Findings about Kubernetes' fields at every depth, held against what the API server says about them.

Only what the API server would certainly refuse is an error; a field that it does not know may be one of a newer API server. Lint
alone judges by this: no entry becomes unusable.
"""

from collections.abc import Iterable

from webhook.catalog.report import Report
from webhook.catalog.schema import compiling, pod_fields
from webhook.catalog.schema.agent_entries import ReadAgentEntry
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.catalog.yaml.nodes import YamlMapping
from webhook.linting import sections, values
from webhook.linting.field_walk import FieldWalk
from webhook.linting.values import Slot
from webhook.rendering import names
from webhook.workload import GROUP_ROLES
from webhook.workload.names import LABEL_VALUE

#: Keys of a part of an entry that are not fields of a PodSpec or Container, or are checked elsewhere.
_OWN = frozenset({"containerTemplate", "metadata", *compiling.COMMAND_KEYS, *GROUP_ROLES})
_METADATA: names.Names = {"labels": {names.ANY: LABEL_VALUE}}


def check(entries: Iterable[ReadRuntimeTemplate | ReadAgentEntry], report: Report) -> dict[str, Slot]:
    """Add the findings of entries; return where their Go templates are, by key path, so that trials judge what they print."""
    walk = FieldWalk(report)
    for entry in entries:
        _entry(entry, walk)
    return walk.slots


def _entry(entry: ReadRuntimeTemplate | ReadAgentEntry, walk: FieldWalk) -> None:
    types = pod_fields.objects()
    is_template = isinstance(entry, ReadRuntimeTemplate)
    walk.render_all = is_template and compiling.renders_all(entry.node)
    for path, fields, role in sections.pods(entry):
        complete = is_template and role is None
        walk.fields(fields, path, types["PodSpec"], names.POD_SPEC, _OWN, complete=complete)
        if (metadata := fields.get("metadata")) is not None:
            walk.value(metadata, f"{path}.metadata", types["ObjectMeta"], _METADATA, "ObjectMeta", "metadata")
    for path, fields, role in sections.containers(entry):
        complete = is_template and role is None
        own = _OWN if is_template else _OWN | {"image"}
        walk.fields(fields, path, types["Container"], names.CONTAINER, own, complete=complete)
        if isinstance(entry, ReadAgentEntry):
            _image(entry, path, fields, role, walk)


def _image(entry: ReadAgentEntry, path: str, fields: YamlMapping, role: str | None, walk: FieldWalk) -> None:
    """Check the image of a part of an agent entry, which may be written as a map."""
    if entry.agent_entry is None or entry.agent_entry.broken is not None:
        return
    part = (
        entry.agent_entry.common
        if role is None
        else next((part for name, part in entry.agent_entry.overlays.items() if name == role), None)
    )
    reference = part.container.get("image") if part is not None else None
    at = fields.get("image") or (entry.node.get("image") if isinstance(entry.node, YamlMapping) else None)
    if isinstance(reference, str) and at is not None and "{{" not in reference and (flaw := values.of_image(reference)):
        walk.add(flaw.severity, flaw.code, f"{path}.image", at, flaw.cause, flaw.remedy)
