"""The settings that a test file gives, in a map of its own or in a file.

A name is that of an option of ``serve``, written as other keys of test files are: ``modelPort``. ``model_port``, as programs
write it, ``model-port``, as the option is written, and ``MODEL_PORT``, as templates do, are the same name.
"""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

from webhook import errors, workload
from webhook.catalog.report import Report
from webhook.catalog.schema import checks
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, is_null
from webhook.settings import Settings

_CAPITAL = re.compile("(?<=[a-z])[A-Z]")
_LETTER = re.compile("_[a-z]")


def settings(report: Report, mapping: YamlMapping, path: str) -> Settings:
    """Return the settings in a map; what it does not name has its default.

    Whatever is wrong is reported, and then has its default too.
    """
    given: dict[str, Any] = {}
    for key, pair in mapping.pairs.items():
        where = f"{path}.{key}" if path else key
        name = _field(key)
        if name not in _READERS:
            known = [_key(field) for field in _READERS]
            report.error(
                "unknown-key", where, pair, f'unknown setting "{key}"', checks.suggestion(report, _key(name), known)
            )
        elif name in given:
            report.error("duplicate-key", where, pair, f'"{key}" is given twice', "remove one of the two")
        elif not is_null(pair.node):
            value = _READERS[name](report, pair.node, where)
            if value is not None:
                given[name] = value
    return Settings(**given)


def _field(key: str) -> str:
    """Return the field of ``Settings`` that a key names."""
    if key.isupper():
        return key.lower()
    return _CAPITAL.sub(lambda match: f"_{match[0].lower()}", key).replace("-", "_")


def _key(field: str) -> str:
    """Return a field of ``Settings`` as test files name it."""
    return _LETTER.sub(lambda match: match[0][1].upper(), field)


def _word(report: Report, node: Node, path: str) -> str | None:
    value = checks.a_string(report, node, path)
    if value is None or (value.isprintable() and " " not in value):
        return value
    report.error("bad-value", path, node, "has a space or a control character in it")
    return None


def _path(report: Report, node: Node, path: str) -> str | None:
    value = checks.a_string(report, node, path)
    if value is None or (value.startswith("/") and value.isprintable()):
        return value
    report.error("bad-value", path, node, f"{errors.shown(value)} is not an absolute path", "begin it with /")
    return None


def _port(report: Report, node: Node, path: str) -> int | None:
    if not checks.typed(report, node, path, int) or not isinstance(node, Scalar):
        return None
    if 1 <= node.value <= 65535:
        return int(node.value)
    report.error("bad-value", path, node, f"{node.value} is not a port: use 1 to 65535")
    return None


def _keys(report: Report, node: Node, path: str) -> tuple[str, ...] | None:
    """Return the keys in a list, or in a string with commas, as the option has it."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        found = tuple(key for part in node.value.split(",") if (key := part.strip()))
    else:
        found = tuple(item.value for item in checks.strings(report, node, path))
    for key in found:
        if not key.startswith(workload.PREFIX) or not key.isprintable():
            cause = f"{errors.shown(key)} does not begin with {workload.PREFIX}"
            report.error("bad-value", path, node, cause, "list only labels and annotations under this prefix")
    return found


_READERS: dict[str, Callable[[Report, Node, str], Any]] = {
    "model_path": _path,
    "model_host": _word,
    "model_port": _port,
    "ray_port": _port,
    "cluster": _word,
    "known_keys": _keys,
}
assert _READERS.keys() == {field.name for field in dataclasses.fields(Settings)}
