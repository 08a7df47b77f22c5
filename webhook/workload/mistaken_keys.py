"""Labels and annotations under ``hydra.io/`` that say nothing, though their author probably meant them to (contract section 3).

The platform has keys of its own under this prefix. So a key that is not ours is left alone unless it is nearly one of ours.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Literal

from webhook import errors
from webhook.notices import Notice
from webhook.workload import keys
from webhook.workload.pod_templates import PodTemplate

#: Unknown keys that are compared with the known ones, of the labels and of the annotations. A comparison takes up to a
#: millisecond, and an object may have very many keys.
_COMPARED = 10

#: How similar a key must be to count as a misspelt one: of six characters one may be wrong. ``model-kind`` or ``dataset-id`` may
#: well be the platform's own.
_SIMILARITY = 5 / 6

_OURS = keys.LABELS | keys.ANNOTATIONS


def notices(pod_template: PodTemplate, more_known: Collection[str]) -> list[Notice]:
    """Return notices about the keys of a pod template, and of the object that holds it, that were probably meant for us.

    Args:
        pod_template: the pod template.
        more_known: keys under ``hydra.io/`` that others read.
    """
    labels, annotations = pod_template.labels, pod_template.annotations
    found = dict((*_misspelt(labels, more_known), *_misspelt(annotations, more_known)))
    return [
        *_notice("unknown-key", found.items()),
        *_notice("annotation-as-label", _misplaced(labels, annotations, keys.ANNOTATIONS)),
        *_notice("label-as-annotation", _misplaced(annotations, labels, keys.LABELS)),
    ]


def instead_of(key: str, labels: Mapping[str, Any], annotations: Mapping[str, Any]) -> str:
    """Return what was probably written for a label that is missing, and the remedy; "" if nothing was."""
    if key in annotations:
        return "it is an annotation here; make it a label"
    for what, written in (("label", labels), ("annotation", annotations)):
        for other, near in _misspelt(written):
            if near == key:
                return f"there is {what} {other}; rename it" + ("" if what == "label" else " and make it a label")
    return ""


def _misspelt(written: Iterable[str], more_known: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield each unknown key that is near a known one, with that one."""
    unknown = [key for key in written if key.startswith(keys.PREFIX) and key not in _OURS and key not in more_known]
    if not unknown:
        return
    names = {key.removeprefix(keys.PREFIX) for key in _OURS.union(more_known)}
    for key in unknown[:_COMPARED]:
        if near := errors.nearest(key.removeprefix(keys.PREFIX).lower(), names, _SIMILARITY):
            yield key, keys.PREFIX + near


def _misplaced(written: Mapping[str, Any], proper: Mapping[str, Any], ours: frozenset[str]) -> list[str]:
    """Return the keys that mean something only in the other map, unless that one says the same."""
    return sorted(key for key in written if key in ours and proper.get(key) != written[key])


def _notice(
    code: Literal["unknown-key", "annotation-as-label", "label-as-annotation"], cases: Iterable[tuple[str, str] | str]
) -> Iterator[Notice]:
    if found := list(cases):
        yield Notice(code, found)
