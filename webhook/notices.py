"""What the author of a workload should know, and the warnings that report it (contract section 11).

A :class:`Notice` is a code, the cases that it is about, and the pod template that it concerns. How it reads is fixed by its
code (:data:`WORDINGS`), so that a long name can be shortened without cutting what happened or what to do about it.
:func:`lines` words the notices of one answer within the bounds of the API server, :func:`in_full` without any.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Literal, NamedTuple, get_args

import msgspec

from webhook import errors

#: Longest warning that Kubernetes asks webhooks for ("Dynamic Admission Control", Response), in code points.
LINE_CHARACTERS = 120

#: Most warnings in one answer. With the bound above they have at most 1,800 code points together, the measure of
#: Kubernetes' `apiserver/pkg/endpoints/filters/warning.go` (1.37): it counts the code points of all warnings that one
#: request gets from all its webhooks, without quoting. Beyond 4,096 it cuts each to 256, and then drops the rest unseen
#: (tests/controlplane/test_warnings.py).
LINES = 15

#: Cases that a line names before it only counts the rest.
_NAMED = 3

#: Names are not shortened further than this, in characters; each wording has room for it (tests/test_notices.py).
SHORTEST = 10

#: How much of a very long name is looked at, in characters.
_READ = 4 * LINE_CHARACTERS

#: What a notice is about, in the order in which warnings appear: when there are too many, the last are left out.
Rank = Literal["rolls or was given up", "was ignored", "will not run", "guess", "remark"]
RANKS: tuple[Rank, ...] = get_args(Rank)

#: Every reason for a warning, each described in docs/troubleshooting.md.
NoticeCode = Literal[
    "accelerator-elsewhere",
    "annotation-as-label",
    "arguments-ignored",
    "bare-form-restored",
    "claim-replaces-volume",
    "edited-rendering",
    "flag-repeated",
    "gpu-count-replaced",
    "gpus-not-counted",
    "groups-roll",
    "hand-edit-given-up",
    "hand-edit-kept",
    "label-as-annotation",
    "last-good-entry",
    "last-good-template",
    "late-field",
    "lines-change-argument",
    "list-replaced",
    "mixed-gpu-types",
    "mixed-images",
    "mixed-tensor-parallel-sizes",
    "model-not-mounted",
    "never-rendered",
    "older-revision",
    "one-port-twice",
    "opted-out-rendered",
    "own-command",
    "placeholder-image",
    "several-accelerators",
    "several-gpu-types",
    "several-slices",
    "shell-changes-argument",
    "tensor-parallel-too-large",
    "unknown-key",
    "volume-replaced",
]
NOTICE_CODES: tuple[NoticeCode, ...] = get_args(NoticeCode)

#: A name, and names that belong to it, as many as the wording has places for. They may come from a request.
Case = tuple[str, ...]


class Wording(NamedTuple):
    """How notices with one code read: ``text: case, case and 2 more; remedy``.

    Attributes:
        rank: decides the order.
        text: what happened.
        case: format string for the name of a case.
        detail: format string for its other names, which a line leaves out where there is no room for them.
        remedy: what to do about it; empty where there is nothing to do.
    """

    rank: Rank
    text: str
    case: str = "{}"
    detail: str = ""
    remedy: str = ""


WORDINGS: dict[NoticeCode, Wording] = {
    "groups-roll": Wording("rolls or was given up", "groups will roll", "revision {}", " (was {})"),
    "bare-form-restored": Wording("rolls or was given up", "the bare form was restored and groups will roll"),
    "hand-edit-given-up": Wording("rolls or was given up", "edits of rendered fields are given up"),
    "never-rendered": Wording(
        "was ignored", "still as stored before the webhook came", remedy="to render, set hydra.io/refresh"
    ),
    "annotation-as-label": Wording("was ignored", "labels are ignored", remedy="make them annotations"),
    "arguments-ignored": Wording("was ignored", "arguments are ignored", remedy="move argsTemplate to commandTemplate"),
    "claim-replaces-volume": Wording("was ignored", "own volume claims replace the runtime's volumes", '"{}"'),
    "gpu-count-replaced": Wording(
        "was ignored", "hydra.io/gpu-count replaces another number of GPUs", "{}", " ({}: {})"
    ),
    "label-as-annotation": Wording("was ignored", "annotations are ignored", remedy="make them labels"),
    "late-field": Wording("was ignored", "left out because too late for a pod", remedy="set them in the workload"),
    "list-replaced": Wording("was ignored", "own lists replace the runtime's", remedy="merge them if needed"),
    "own-command": Wording("was ignored", "own command and args are kept, not the runtime's", 'container "{}"'),
    "volume-replaced": Wording("was ignored", "own volumes replace the runtime's", '"{}"', " ({}, not {})"),
    "flag-repeated": Wording("will not run", "arguments repeat flags of the runtime", "{}", " (runtime: {})"),
    "lines-change-argument": Wording(
        "will not run", "argsTemplate splits or trims", '"{}"', remedy="leave .CUSTOM_ARGS out of it"
    ),
    "shell-changes-argument": Wording("will not run", "the shell changes", '"{}"', remedy='pass them as "$@"'),
    "unknown-key": Wording("was ignored", "unknown keys", detail=" ({}?)"),
    "tensor-parallel-too-large": Wording(
        "will not run",
        "tensor-parallel size is larger than the number of GPUs",
        detail=" (GPUs: {})",
        remedy="lower it",
    ),
    "accelerator-elsewhere": Wording(
        "guess",
        "accelerator on another container",
        '"{}"',
        ', not the chosen "{}"',
        remedy="if wrong, set hydra.io/container",
    ),
    "gpus-not-counted": Wording("guess", "GPU_COUNT is 0, as no row counts", remedy="set hydra.io/gpu-count"),
    "several-accelerators": Wording(
        "guess", "GPU resources are not counted", "{}", " (only {})", remedy="choose a row by hydra.io/gpu-type"
    ),
    "several-gpu-types": Wording(
        "guess", "the first of several GPU types is used", "{}", " (not {})", remedy="set hydra.io/gpu-type"
    ),
    "several-slices": Wording(
        "guess", "TP_SIZE is 1 for several MIG slices", "{}", " ({})", remedy="ask for one slice"
    ),
    "placeholder-image": Wording("will not run", "containers have a placeholder image", '"{}"', remedy="name one"),
    "one-port-twice": Wording(
        "will not run", "two containers declare one port", "{}", ' ("{}" and "{}")', "change one"
    ),
    "model-not-mounted": Wording(
        "guess", "nothing is mounted at MODEL_PATH", remedy="mount the model unless the image has it"
    ),
    "mixed-gpu-types": Wording(
        "guess", "leader and worker differ in GPU type", "{}", " and {}", remedy="set hydra.io/gpu-type for both"
    ),
    "mixed-tensor-parallel-sizes": Wording(
        "guess", "leader and worker differ in TP_SIZE", "{}", " and {}", remedy="set hydra.io/tensor-parallel-size"
    ),
    "mixed-images": Wording(
        "guess", "leader and worker differ in image", "{}", " and {}", remedy="set hydra.io/gpu-type for both"
    ),
    "hand-edit-kept": Wording("remark", "edits of rendered fields are kept", remedy="hydra.io/refresh gives them up"),
    "older-revision": Wording(
        "remark", "older revision is kept", "{}", " (newest: {})", remedy="to get it, set hydra.io/refresh"
    ),
    "opted-out-rendered": Wording("remark", "the next apply of the bare file will be stored bare"),
    "edited-rendering": Wording("remark", "rendering differs from its record", remedy="apply the original file"),
    "last-good-template": Wording("remark", "the last good version of the runtime template is in use"),
    "last-good-entry": Wording("remark", "the last good version of the agent entry is in use"),
}

#: What lines call the pod templates of a group, by the key that holds them; any other is the only one of its object.
_CALLED = {"leaderTemplate": "leader", "workerTemplate": "worker"}


class Notice(msgspec.Struct, frozen=True):
    """Something that the author of a workload should know, though the workload is admitted.

    Attributes:
        code: the reason in kebab case, for documentation and test names.
        cases: what it is about; empty if there is nothing to name. A case of a single name may be a plain string. They are
            not copied, because a workload may bring very many, and equal ones are counted as often as they occur here.
        pod_template: ``workload.PodTemplate.name`` of the one that it concerns; empty for a Pod, and for the whole object.
    """

    code: NoticeCode
    cases: Sequence[Case | str] = ()
    pod_template: str = ""

    def within(self, pod_template: str) -> "Notice":
        """Return the notice about the pod template of this name."""
        return Notice(self.code, self.cases, pod_template)


def about(code: NoticeCode, *names: str) -> Notice:
    """Return a notice about one case with these names."""
    return Notice(code, (names,))


def lines(notices: Iterable[Notice]) -> list[str]:
    """Return the warnings of an answer: at most 15 lines of at most 120 printable characters.

    There is one for each code and pod template; one that leader and worker share is written once. It names the first three
    cases, or fewer where there is no room for three, and the number of the rest. If there are more warnings than lines, the
    last line says how many are left out.
    """
    found = _warnings(notices)
    shown = found if len(found) <= LINES else found[: LINES - 1]
    written = [_line(warning) for warning in shown]
    if len(found) > len(shown):
        written.append(f"{len(found) - len(shown)} more warnings: {errors.EXPLAIN} shows them")
    return written


def in_full(notices: Iterable[Notice]) -> list[str]:
    """Return the same warnings in the same order, each with all its cases and every name whole."""
    return [
        _written(warning, [tuple(map(errors.printable, _names(case))) for case in warning.cases])
        for warning in _warnings(notices)
    ]


class _Warning(NamedTuple):
    """All notices that one line reports."""

    wording: Wording
    place: str
    cases: tuple[Case | str, ...]


def _warnings(notices: Iterable[Notice]) -> list[_Warning]:
    """Bring together what one line reports, in the order of the lines."""
    cases: dict[tuple[NoticeCode, str], list[Sequence[Case | str]]] = {}
    for notice in notices:
        cases.setdefault((notice.code, _CALLED.get(notice.pod_template, "")), []).append(notice.cases)
    places: dict[tuple[NoticeCode, tuple[Case | str, ...]], set[str]] = {}
    for (code, place), found in cases.items():
        distinct = found[0] if len(found) == 1 else dict.fromkeys(chain.from_iterable(found))
        places.setdefault((code, tuple(distinct)), set()).add(place)
    warnings = [
        _Warning(WORDINGS[code], "" if "" in where else " and ".join(sorted(where)), together)
        for (code, together), where in places.items()
    ]
    return sorted(warnings, key=lambda warning: RANKS.index(warning.wording.rank))


def _names(case: Case | str) -> Case:
    return (case,) if isinstance(case, str) else case


def _line(warning: _Warning) -> str:
    """Write a warning within the bound of a line.

    Names are shortened first; then their details are left out, and then cases are.
    """
    named = [
        tuple(errors.printable(errors.shortened(name, _READ)) for name in _names(case))
        for case in warning.cases[:_NAMED]
    ]
    line = _written(warning, named)
    if len(line) <= LINE_CHARACTERS:  # as nearly always
        return line
    brief = [case[:1] for case in named]
    attempts = [named, *(brief[:count] for count in range(len(brief), 0, -1))]
    cases, limit = next(
        ((cases, limit) for cases in attempts if (limit := _longest_name(warning, cases)) >= SHORTEST), ([], 0)
    )
    return _written(warning, [tuple(errors.shortened(name, limit) for name in case) for case in cases])


def _longest_name(warning: _Warning, named: list[Case]) -> int:
    """Return how long names may be, in characters, for a line with these cases to fit; 0 if it cannot."""
    room = LINE_CHARACTERS - len(_written(warning, [("",) * len(case) for case in named]))
    lengths = [len(name) for case in named for name in case]
    limits = range(LINE_CHARACTERS, 0, -1)
    return next((limit for limit in limits if sum(min(length, limit) for length in lengths) <= room), 0)


def _written(warning: _Warning, named: list[Case]) -> str:
    """Return a warning that names these of its cases, with or without their details, and counts the others."""
    wording, rest = warning.wording, len(warning.cases) - len(named)
    cases = [
        wording.case.format(name) + (wording.detail.format(*details) if details else "") for name, *details in named
    ]
    more = f" and {rest} more" if rest else ""
    place = f"{warning.place}: " if warning.place else ""
    listed = f": {', '.join(cases)}{more}" if warning.cases else ""
    remedy = f"; {wording.remedy}" if wording.remedy else ""
    return f"{place}{wording.text}{listed}{remedy}"
