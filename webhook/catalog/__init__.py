"""Configuration text to models: YAML as kubectl reads it, every problem with its place, and the last good kept.

The room's rule: text comes in, immutable snapshots and problems go out. Nothing here opens a socket, watches a file or
reads a clock.

Way of a text: ``documents`` (bare or ConfigMap) → ``yamltext`` (nodes with places) → ``templates``, ``agent``, ``gpus``
(checked, compiled entries) → ``building`` (a snapshot, last good kept) → ``store`` (the snapshot in use). ``kept`` says
what outlives the process.
"""

from webhook.catalog import kept
from webhook.catalog.building import REQUIRED, build, empty
from webhook.catalog.documents import CONFIG_MAPS, Document
from webhook.catalog.embedded import embedded
from webhook.catalog.kubernetes import MERGE_KEYS, OPTIONAL_KEYS, SETTLED_ON_PODS
from webhook.catalog.model import (
    AgentEntry,
    ConfigKind,
    GpuType,
    Problem,
    Reading,
    RuntimeTemplate,
    Severity,
    Snapshot,
)
from webhook.catalog.store import Change, Store
from webhook.catalog.yamldump import dump
from webhook.catalog.yamltext import BadYaml, load_all

__all__ = [
    "CONFIG_MAPS",
    "MERGE_KEYS",
    "OPTIONAL_KEYS",
    "REQUIRED",
    "SETTLED_ON_PODS",
    "AgentEntry",
    "BadYaml",
    "Change",
    "ConfigKind",
    "Document",
    "GpuType",
    "Problem",
    "Reading",
    "RuntimeTemplate",
    "Severity",
    "Snapshot",
    "Store",
    "build",
    "dump",
    "embedded",
    "empty",
    "kept",
    "load_all",
]
