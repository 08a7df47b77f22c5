"""Configurations to snapshots: read as kubectl reads YAML, with every problem at its place, and the last good version in use.

Text goes in, immutable snapshots and problems come out. Nothing in here opens a socket, watches a file or looks at a clock.

The way of a configuration: ``documents`` → ``read`` (with ``yaml`` and ``schema``) → ``draft`` → ``build`` → ``store``.

============== ===============================================================================================
``kinds``       the kinds of configuration, one row each
``roots``       what each kind begins with, and where one belongs that is somewhere else
``documents``   a configuration as it arrives: bare YAML, a ConfigMap manifest, or a ConfigMap's data
``recognise``   which configuration a file is, by its content
``read``        a document to what it says and what is wrong with it, for serving and for linting
``build``       documents to the next snapshot
``draft``       a snapshot while documents are taken in; which last good versions are used
``store``       the snapshot in use, and what each update changed
``last_good``   what must outlive the process
``history``     the documents from which what is in use can be rebuilt
``published``   what a server publishes, so that commands judge as it does
``manifests``   objects in files, each with its place
``places``      where in the documents the entries in use are written, and where in files objects are
``model``       snapshots, runtime templates, agent entries, GPU types
``substitute``  a runtime template with other Go templates
``pauses``      lets others run while something large is read
``report``      collects the problems of one text
``embedded``    the built-in configuration, from the files in ``builtin/``
``schema/``     the three configurations: YAML nodes to checked and compiled entries
``yaml/``       YAML text to nodes and back
============== ===============================================================================================
"""

from webhook.catalog import history, last_good, pauses, published
from webhook.catalog.build import build, empty
from webhook.catalog.documents import Document
from webhook.catalog.embedded import embedded
from webhook.catalog.kinds import KINDS
from webhook.catalog.manifests import Manifest, config_kind_of, manifests
from webhook.catalog.model import (
    CPU,
    AgentEntry,
    ConfigKind,
    Fields,
    GpuType,
    GpuTypes,
    IntegerTemplate,
    Part,
    Reading,
    RuntimeTemplate,
    Snapshot,
    Startup,
    holds_template,
)
from webhook.catalog.places import ObjectPlaces, Place, Places
from webhook.catalog.read import Read, read
from webhook.catalog.recognise import LISTS, Recognised, described, recognise
from webhook.catalog.schema.kubernetes import ITEMS, MERGE_KEYS, OPTIONAL_KEYS, POD_SPEC, SETTLED_ON_PODS
from webhook.catalog.store import Change, Store, replaced
from webhook.catalog.substitute import substituted
from webhook.catalog.yaml.compose import BadYaml, load_all
from webhook.catalog.yaml.dump import dump
from webhook.problems import Problem, Severity

__all__ = [
    "CPU",
    "ITEMS",
    "KINDS",
    "LISTS",
    "MERGE_KEYS",
    "OPTIONAL_KEYS",
    "POD_SPEC",
    "SETTLED_ON_PODS",
    "AgentEntry",
    "BadYaml",
    "Change",
    "ConfigKind",
    "Document",
    "Fields",
    "GpuType",
    "GpuTypes",
    "IntegerTemplate",
    "Manifest",
    "ObjectPlaces",
    "Part",
    "Place",
    "Places",
    "Problem",
    "Read",
    "Reading",
    "Recognised",
    "RuntimeTemplate",
    "Severity",
    "Snapshot",
    "Startup",
    "Store",
    "build",
    "config_kind_of",
    "described",
    "dump",
    "embedded",
    "empty",
    "history",
    "holds_template",
    "last_good",
    "load_all",
    "manifests",
    "pauses",
    "published",
    "read",
    "recognise",
    "replaced",
    "substituted",
]
