"""The kinds of configuration, one row each: the only place that lists them and says how they differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from webhook.catalog.documents import Opened
from webhook.catalog.draft import Draft
from webhook.catalog.model import ConfigKind, RuntimeTemplate, Snapshot
from webhook.catalog.report import Report
from webhook.catalog.roots import ROOTS
from webhook.catalog.schema import agent_entries, gpu_types, runtime_templates
from webhook.problems import Problem

_Content = TypeVar("_Content")


class Contributions(NamedTuple):
    """What a kind contributes to a snapshot, by name: a runtime, the path of an agent entry, or a GPU type.

    Attributes:
        versions: a text by name that differs if the contribution does.
        stale: names of those whose last good version is in use.
        broken: names of those that cannot be used.
    """

    versions: Mapping[str, str]
    stale: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind(Generic[_Content]):
    """A kind of configuration.

    Attributes:
        config_kind: its name in code, options and metrics.
        config_map: name of its ConfigMap (contract sections 4 and 6).
        data_key: the data key that holds it; empty if it may be any.
        human: its name in messages.
        required: whether requests wait until it has been read.
        from_global_cluster: whether it is read from the global cluster where there is one.
        built_in_file: the file in the folder ``builtin`` that is used in its place; empty if there is none.
        read: a document's inside to its content, or None if the text as a whole cannot be used, and every problem; runtime
            templates with the same digest as an earlier one are not compiled again.
        entries: what the content consists of.
        take: the content into the snapshot that is being built.
        mark_stale: what to do in the snapshot if the text as a whole cannot be used.
        contributions: what a snapshot has of it, for the log.
        in_use: everything that requests may read of it, as a JSON value.
    """

    config_kind: ConfigKind
    config_map: str
    data_key: str
    human: str
    required: bool
    from_global_cluster: bool
    built_in_file: str
    read: Callable[[Opened, Mapping[str, RuntimeTemplate]], tuple[_Content | None, Report]]
    entries: Callable[[_Content], Sequence[Any]]
    take: Callable[[Draft, _Content], None]
    mark_stale: Callable[[Draft, Problem], None]
    contributions: Callable[[Snapshot], Contributions]
    in_use: Callable[[Snapshot], Any]


def _of_runtime_templates(snapshot: Snapshot) -> Contributions:
    found = sorted(snapshot.runtime_templates.items())
    return Contributions(
        versions={name: one.digest for name, one in found},
        stale=tuple(name for name, one in found if one.stale is not None),
        broken=tuple(sorted(snapshot.broken)),
    )


def _of_agent(snapshot: Snapshot) -> Contributions:
    found = snapshot.agent_entries
    return Contributions(
        versions={one.path: one.digest for one in found},
        stale=tuple(one.path for one in found if one.stale is not None),
        broken=tuple(one.path for one in found if one.broken is not None),
    )


def _of_gpu_table(snapshot: Snapshot) -> Contributions:
    versions: dict[str, str] = {}
    for one in snapshot.gpu_types:  # several rows may be of one type
        row = f"{one.resource} {one.companion} {one.node_selector}"
        versions[one.name] = f"{versions[one.name]}, {row}" if one.name in versions else row
    return Contributions(versions)


def _runtime_templates_in_use(snapshot: Snapshot) -> Any:
    # Lists, because a digest of a map with thousands of keys takes ten times as long.
    used = [(name, one.digest, one.path, _said(one.stale)) for name, one in sorted(snapshot.runtime_templates.items())]
    return used, [(name, str(problem)) for name, problem in sorted(snapshot.broken.items())]


def _agent_in_use(snapshot: Snapshot) -> Any:
    used = [(one.path, one.digest, _said(one.stale), _said(one.broken)) for one in snapshot.agent_entries]
    return used, snapshot.cluster_name


def _said(problem: Problem | None) -> str:
    return str(problem) if problem is not None else ""


_ROWS: tuple[Kind[Any], ...] = (
    Kind(
        config_kind="templates",
        config_map=ROOTS["templates"].config_map,
        data_key="config.yaml",
        human=ROOTS["templates"].human,
        required=True,
        from_global_cluster=True,
        built_in_file="hydra-runtime-template.yaml",
        read=runtime_templates.read,
        entries=lambda content: content.entries,
        take=Draft.take_runtime_templates,
        mark_stale=Draft.mark_runtime_templates,
        contributions=_of_runtime_templates,
        in_use=_runtime_templates_in_use,
    ),
    Kind(
        config_kind="agent",
        config_map=ROOTS["agent"].config_map,
        data_key="",
        human=ROOTS["agent"].human,
        required=True,
        from_global_cluster=False,
        built_in_file="hydra-agent.yaml",
        read=lambda source, _: agent_entries.read(source),
        entries=lambda content: content.entries,
        take=Draft.take_agent,
        mark_stale=Draft.mark_agent,
        contributions=_of_agent,
        in_use=_agent_in_use,
    ),
    Kind(
        config_kind="gpu-configs",
        config_map=ROOTS["gpu-configs"].config_map,
        data_key="gpu-configs.yaml",
        human=ROOTS["gpu-configs"].human,
        required=False,
        from_global_cluster=False,
        built_in_file="",
        read=lambda source, _: gpu_types.read(source),
        entries=lambda content: content.rows,
        take=Draft.take_gpu_table,
        mark_stale=lambda _draft, _problem: None,  # rows stay as they are: no message says that one is stale
        contributions=_of_gpu_table,
        in_use=lambda snapshot: snapshot.gpu_types,
    ),
)

#: Every kind by name, in the order in which problems are reported.
KINDS: Mapping[ConfigKind, Kind[Any]] = MappingProxyType({row.config_kind: row for row in _ROWS})
