"""What to do about a denial: edits of the workload or of a configuration, with files and places, and commands that help."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from webhook import catalog, errors, mutation, workload
from webhook.explaining.answers import Answer
from webhook.explaining.explanation import Denial, Explanation, PodTemplate

_AGENT = catalog.KINDS["agent"].config_map

#: What the sources of configurations from a cluster begin with.
_CONFIG_MAP = "ConfigMap "

#: How a message ends that names what exists instead of a remedy.
_EXISTING = ("did you mean ", "known: ")
_NEAREST = re.compile(r'; did you mean "([^"]+)"\? known: ')

#: A value that is refused because of what it must be.
_MUST_BE = re.compile(r"\b((?:label|annotation) \S+) is .*: must be (.+)$")

#: Commands that show what a denial is about, with the configurations that they read.
_COMMANDS: Mapping[str, tuple[str, tuple[catalog.ConfigKind, ...]]] = {
    "broken-agent-entry": ("lint", ("agent",)),
    "broken-runtime": ("lint", ("templates",)),
    "configuration-missing": ("lint", ("templates", "agent")),
    "invalid-name": ("lint", ("templates",)),
    "no-agent-entry": ("runtimes", ("templates", "agent")),
    "no-value": ("lint", ("templates",)),
    "not-an-integer": ("lint", ("templates",)),
    "template-failed": ("lint", ("templates",)),
    "unknown-runtime": ("runtimes", ("templates", "agent")),
}


class _Case(NamedTuple):
    """A denied pod template.

    Attributes:
        denial: why it is denied.
        attempt: how far its rendering went.
        explained: what was found out about it.
        agent: where the agent configuration comes from.
        others: the other pod templates of its group, each with its GPU type.
    """

    denial: Denial
    attempt: mutation.Attempt
    explained: PodTemplate
    agent: str
    others: Sequence[tuple[str, str]] = ()


def of(found: Explanation, answer: Answer, places: catalog.Places) -> Iterator[str]:
    """Yield what would be right instead of what is denied, and then a command that helps.

    Args:
        found: what was found out about the object.
        answer: what becomes of it, which is a denial.
        places: where the configuration is written.
    """
    types = {one.name: choice.gpu_type for one in found.pod_templates for choice in one.gpu_types if choice.used}
    cases = [
        _Case(
            one.denial,
            subject.attempt,
            one,
            places.source("agent"),
            [pair for pair in types.items() if pair[0] != one.name],
        )
        for subject, one in zip(answer.subjects, found.pod_templates, strict=True)
        if one.denial is not None and subject.attempt is not None
    ]
    for case in cases:
        yield from _SPECIAL.get(case.denial.code, _general)(case)
    if not cases and found.denial is not None:
        yield from _from_message(found.denial)
        yield from _command(found.denial.code, places)
    for code in dict.fromkeys(case.denial.code for case in cases):
        yield from _command(code, places)


def _general(case: _Case) -> Iterator[str]:
    yield from _from_message(case.denial)


def _from_message(denial: Denial, *, placed: bool = True) -> Iterator[str]:
    """Yield the remedy with which a message ends, or what a value must be."""
    message, place = _without_code(denial), _at(denial) if placed else ""
    if (found := _MUST_BE.search(message)) is not None:
        yield f"set {found[1]} to {found[2]}{place}"
        return
    _, separator, remedy = message.rpartition("; ")
    if separator and not remedy.startswith(_EXISTING):
        yield f"{remedy}{place}"


def _missing_key(case: _Case) -> Iterator[str]:
    what, _, remedy = _without_code(case.denial).partition(" is missing; ")
    yield f"{what[what.rindex('label ') :]}: {remedy}"


def _unknown_runtime(case: _Case) -> Iterator[str]:
    known = errors.listed(case.attempt.state.snapshot.runtimes)
    near = _NEAREST.search(case.denial.message)
    yield f"set label {workload.RUNTIME} to {near[1] if near else f'one of {known}'}{_at(case.denial)}"


def _unknown_container(case: _Case) -> Iterator[str]:
    annotation = _without_code(case.denial).partition("annotation ")[2].partition(" ")[0]
    near = _NEAREST.search(case.denial.message)
    yield f"set annotation {annotation} to {near[1] if near else 'the name of a container'}{_at(case.denial)}"


def _no_agent_entry(case: _Case) -> Iterator[str]:
    declaration, asked = case.attempt.decided.declaration, case.attempt.decided.asked
    assert declaration is not None
    assert asked is not None
    entries = case.attempt.state.snapshot.agent_entries_for(declaration.runtime)
    served = sorted({name for entry in entries for name in entry.gpu_types})
    steps = [
        f"set annotation {workload.GPU_TYPE} to {gpu_type}, that of {name}"
        for name, gpu_type in case.others
        if gpu_type in served
    ]
    if served and not steps:
        steps.append(f"set annotation {workload.GPU_TYPE} to {_one_of(served)}, for which there are agent entries")
    match = f"match_runtimes: [{declaration.runtime}], match_gpu_types: [{asked.choices[0].gpu_type}]"
    where = case.agent if _is_own(case.agent) else f"{_CONFIG_MAP}{_AGENT}"
    steps.append(f"add an agent entry to {where}: {{{match}, container_template: {{image: IMAGE}}}}")
    yield from _either([*steps, *_own_image(case.explained)])


def _no_image(case: _Case) -> Iterator[str]:
    used = [entry.written for entry in case.explained.agent_entries if entry.used]
    yield from _either([*(f"set image in {place.key_path} at {place}" for place in used), *_own_image(case.explained)])


def _own_image(one: PodTemplate) -> Iterator[str]:
    if one.container is not None:
        place = f" at {one.container.written}" if one.container.written is not None else ""
        yield f'give container "{one.container.name}" an image of its own{place}'


def _one_of(names: Sequence[str]) -> str:
    return f"one of {', '.join(names)}" if len(names) > 1 else names[0]


def _unknown_accelerator(case: _Case) -> Iterator[str]:
    steps = [step for remedy in _from_message(case.denial, placed=False) for step in remedy.split(", or ")]
    verbs = {workload.PREFIX: "set annotation ", "for ": "ask "}  # that the message has only once
    yield from _either(
        [next((verb for start, verb in verbs.items() if step.startswith(start)), "") + step for step in steps]
    )


def _either(steps: Sequence[str]) -> Iterator[str]:
    """Yield steps of which one is enough."""
    yield from (f"or {step}" if at else step for at, step in enumerate(steps))


def _go_template(case: _Case) -> Iterator[str]:
    denial = case.denial
    if denial.written is None:
        yield from _from_message(denial)
        return
    near = _NEAREST.search(denial.message)
    instead = "".join(f": {one}" for one in _from_message(denial, placed=False))
    if near:
        instead = f": write .{near[1]}"
    elif "; known: " in denial.message:
        instead = ": write one of the variables that exist"
    yield f"correct the Go template at {denial.written}{instead}"


def _undefined_volume(case: _Case) -> Iterator[str]:
    if near := _NEAREST.search(case.denial.message):
        yield f'mount volume "{near[1]}" instead, or define the one that is mounted'
    else:
        yield "define the volume in the workload or in the configuration, or do not mount it"


def _unknown_probe_port(_case: _Case) -> Iterator[str]:
    yield "name a port of the workload as the probe wants it, or give the workload a probe of its own"


def _invalid_gpu_count(case: _Case) -> Iterator[str]:
    yield f"ask for a whole number of GPUs{_at(case.denial)}"


def _request_above_limit(_case: _Case) -> Iterator[str]:
    yield "set both request and limit in the workload"


_SPECIAL: Mapping[str, Callable[[_Case], Iterator[str]]] = {
    "invalid-gpu-count": _invalid_gpu_count,
    "missing-key": _missing_key,
    "no-agent-entry": _no_agent_entry,
    "no-image": _no_image,
    "no-value": _go_template,
    "not-an-integer": _go_template,
    "request-above-limit": _request_above_limit,
    "template-failed": _go_template,
    "undefined-volume": _undefined_volume,
    "unknown-accelerator": _unknown_accelerator,
    "unknown-container": _unknown_container,
    "unknown-probe-port": _unknown_probe_port,
    "unknown-runtime": _unknown_runtime,
}


def _command(code: str, places: catalog.Places) -> Iterator[str]:
    """Yield a command that shows what a denial is about."""
    if code == "invalid-record":
        yield "see: hydra-webhook restore -f FILE"
    if code in _COMMANDS:
        command, kinds = _COMMANDS[code]
        yield " ".join(("see: hydra-webhook", command, *_options(kinds, places)))


def _options(kinds: Iterable[catalog.ConfigKind], places: catalog.Places) -> Iterator[str]:
    """Yield the options by which a command reads the same configuration; none for the built-in one."""
    sources = {kind: places.source(kind) for kind in kinds}
    if any(source.startswith(_CONFIG_MAP) for source in sources.values()):
        yield "--from-cluster"
        return
    yield from (f"--{kind} {source}" for kind, source in sources.items() if _is_own(source))


def _is_own(source: str) -> bool:
    """Return whether a configuration can be edited where it comes from; the built-in one cannot."""
    return bool(source) and not source.startswith(catalog.model.BUILT_IN)


def _without_code(denial: Denial) -> str:
    return denial.message.removesuffix(f" [{denial.code}]")


def _at(denial: Denial) -> str:
    """Return the place of the cause, as it ends a sentence; "" if it is not known."""
    return f" at {denial.written}" if denial.written is not None and denial.written.source else ""
