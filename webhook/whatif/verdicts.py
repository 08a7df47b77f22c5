"""Judgements of stored pod templates and of pods by the configuration of now."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import msgspec

from webhook import errors, patch, rendering, workload
from webhook.rendering import changes, edits
from webhook.whatif import compare, differences
from webhook.whatif.compare import Denial
from webhook.whatif.differences import Change

#: In the order of importance.
#:
#: - ``denied``: rendering it anew would be denied
#: - ``unreadable-record``, ``later-release``: what was rendered is unknown to this release; rendering it anew would be denied
#: - ``no-bare-form``: it was rendered as part of an object that is not at hand
#: - ``not-rendered``: labelled, but without a record
#: - ``drifted``: rendering it anew would change it
#: - ``rolling-out``: an older rendering than the stored pod template, which the controller has not replaced yet
#: - ``same-result``: rendered with another configuration, which came to the same
#: - ``current``: rendered with the configuration of now
#: - ``not-running``: no pods, and nothing rendered is stored
Verdict = Literal[
    "denied",
    "unreadable-record",
    "later-release",
    "no-bare-form",
    "not-rendered",
    "drifted",
    "rolling-out",
    "same-result",
    "current",
    "not-running",
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

_NONE = frozenset[Verdict]({"same-result", "current", "not-running"})

#: The verdicts on what cannot be rendered anew for another reason than the configuration, by the code of the denial.
_BY_CODE: dict[errors.DenialCode, Verdict] = {
    "invalid-record": "unreadable-record",
    "later-record": "later-release",
    "no-bare-form": "no-bare-form",
}

#: Why something has no bare form that was rendered with the labels of an object that is not at hand.
LABELS_ELSEWHERE = Denial(
    "no-bare-form", "it was rendered as part of a LeaderWorkerSet, which has the labels, and which is not at hand"
)

#: The remark on rendered fields that have been changed where nobody can tell which.
EDITED = "rendered fields have been edited or dropped since; the record does not say which"

#: The record of a pod template, None if it has none, or why it cannot be read.
Read = rendering.Record | Denial | None


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement of a stored pod template, or of a pod.

    Attributes:
        pod_template: its name; of a pod of a LeaderWorkerSet its role, of another pod "".
        verdict: in a word.
        recorded: the revision that its record names; "" if that is unknown.
        now: the revision that it would get; "" if it would be denied.
        changes: what rendering it anew would change.
        edited: rendered fields that somebody has edited and updates have kept, by their paths.
        unlike_record: rendered fields that are no longer as they were rendered, by their paths.
        not_stored: fields that rendering gives and the API server does not keep, by their paths.
        denial: why rendering it anew would be denied.
        remarks: what else its reader should know.
    """

    pod_template: str
    verdict: Verdict
    recorded: str = ""
    now: str = ""
    changes: tuple[Change, ...] = ()
    edited: tuple[str, ...] = ()
    unlike_record: tuple[str, ...] = ()
    not_stored: tuple[str, ...] = ()
    denial: Denial | None = None
    remarks: tuple[str, ...] = ()


def is_drift(verdict: Verdict) -> bool:
    """Return whether a verdict is a drift: all that is not known to run as the configuration says."""
    return verdict not in _NONE


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the most important of some verdicts."""
    return min(verdicts, key=VERDICTS.index, default="not-running")


def of_rendering(record: rendering.Record, now: rendering.Record, *, same: bool) -> Verdict:
    """Return the verdict on a rendering, given its record, that of today's, and whether both come to the same."""
    if not same:
        return "drifted"
    return "current" if record.revision == now.revision else "same-result"


def unreadable(name: str, denial: Denial) -> Judgement:
    """Return the judgement of what has a record that cannot be read or undone."""
    return Judgement(pod_template=name, verdict=_BY_CODE.get(denial.code, "unreadable-record"), denial=denial)


def of_denial(denial: Denial) -> Verdict:
    """Return the verdict on something readable that cannot be rendered anew."""
    return _BY_CODE.get(denial.code, "denied")


def read(pod_template: workload.PodTemplate) -> Read:
    """Return the record of a pod template."""
    try:
        header = rendering.read(pod_template)
        if header is None:
            return None
        rendering.check(header, pod_template)
        return rendering.full(header)
    except errors.Denied as denied:
        return compare.denial(denied)


def without_dropped(
    found: Iterable[Change], record: rendering.Record, now: rendering.Record
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Return changes without the fields that the API server or a CRD has dropped, and the paths of those.

    A field that this release does not know, and that is absent though it was rendered, has been dropped, and would be again. If it
    is new in the configuration, nobody knows yet.

    Args:
        found: what differs between what is stored and what it would be rendered to now.
        record: the record of what is stored.
        now: the record of the other.
    """
    kept: list[Change] = []
    dropped: list[str] = []
    rendered = set(record.changes.paths)
    for change in found:
        was_rendered = record.revision == now.revision or change.path in rendered
        if was_rendered and not change.removed and edits.may_be_dropped(patch.tokens(change.path)):
            dropped.append(change.path)
        else:
            kept.append(change)
    return tuple(kept), tuple(dropped)


def unlike_record(
    pod_template: workload.PodTemplate, record: rendering.Record, fresh: Mapping[str, Any], now: rendering.Record
) -> tuple[str, ...] | None:
    """Return the rendered fields that are no longer as they were rendered; None if none is; () if nobody can tell which.

    The record has one digest of them all. If rendering anew comes to the same, that says what they were; if not, it is only known
    which are gone.

    Args:
        pod_template: the pod template or pod as it is stored.
        record: its record.
        fresh: what it would be rendered to now.
        now: the record of that.
    """
    if rendering.untouched(pod_template, record):
        return None
    if now.rendered == record.rendered:
        found = differences.at_paths(pod_template.value, fresh, record.changes.paths)
        return tuple(dict.fromkeys(change.path for change in found))
    added = changes.Changes(record.added)
    return tuple(path for path, value in edits.comparable(changes.current(pod_template.value, added)) if value is None)
