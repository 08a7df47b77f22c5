"""Names in match lists that are nearly those of a runtime or GPU type that exists: slips of the pen."""

import re
from collections.abc import Collection, Iterable, Iterator

from webhook import errors
from webhook.catalog.report import Report
from webhook.catalog.schema.agent_entries import ReadAgentEntry
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlSequence

#: Characters that are taken for one another, and those that separate words.
_LOOK_ALIKE = str.maketrans({"o": "0", "l": "1", "i": "1", "_": "", "-": "", ".": "", " ": ""})

#: Names among which a search for the nearest one takes a moment.
_SEARCHED = 500


def gpu_types(entries: Iterable[ReadAgentEntry], report: Report, known: Collection[str]) -> None:
    """Report GPU types that nearly have the name of one in the GPU table.

    Others may be right: a workload may declare any type, and the GPU table may not be at hand.
    """
    for entry in entries:
        for index, item in items(entry, "match_gpu_types"):
            if near := misspelt(str(item.value), known):
                where = f"{entry.path}.match_gpu_types[{index}]"
                cause = f"no row of the GPU table has the type {errors.shown(item.value)}"
                report.warning("unknown-gpu-type", where, item, cause, f'did you mean "{near}"?')


def items(entry: ReadAgentEntry, key: str) -> Iterator[tuple[int, Scalar]]:
    """Yield the names in a match list with their positions."""
    found: Node | None = entry.node.get(key) if isinstance(entry.node, YamlMapping) else None
    for index, item in enumerate(found.items if isinstance(found, YamlSequence) else ()):
        if isinstance(item, Scalar) and isinstance(item.value, str):
            yield index, item


def misspelt(name: str, known: Collection[str]) -> str:
    """Return the known name of which this is probably a misprint; "" if it is known itself, or may be another name.

    A misprint looks like a known name (``A1OO``, ``Vllm_CPU``), or differs in one letter inside it (``vlm-cpu``). Another number or
    an appended part makes another name: ``A800`` and ``vllm-2`` are no misprints of ``A100`` and ``vllm``.
    """
    if not name or name in known or len(known) > _SEARCHED:
        return ""
    looks = _look(name)
    for other in sorted(known):
        if _look(other) == looks:
            return other
    near = errors.nearest(name, known)
    return near if near and _one_slip(name, near) else ""


def _look(name: str) -> str:
    return name.lower().translate(_LOOK_ALIKE)


def _one_slip(name: str, other: str) -> bool:
    """Return whether two names differ in one letter, or in the order of two, with more of both on each side."""
    if re.findall(r"\d+", name) != re.findall(r"\d+", other):
        return False
    shorter, longer = sorted((name, other), key=len)
    same = next((at for at, (one, two) in enumerate(zip(shorter, longer, strict=False)) if one != two), len(shorter))
    left, right = shorter[same:], longer[same:]
    if not same or not left:  # something before or after a known name
        return False
    if len(left) == len(right):
        return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])
    return left == right[1:]
