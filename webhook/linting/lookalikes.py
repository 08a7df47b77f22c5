"""Findings about text in templates that was meant as an action, but is copied as it is."""

import re
from collections.abc import Collection, Iterable, Iterator

from webhook import errors
from webhook.catalog.report import Report
from webhook.catalog.schema.agent_entries import ReadAgentEntry
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.catalog.yaml.nodes import Node, Scalar, YamlMapping, YamlSequence
from webhook.linting import sample_variables

_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_NOT_A_LINE_END = re.compile(r"[^\n]")
#: A tag of Jinja; in a chat template, which engines read, it is meant.
_JINJA = re.compile(r"\{%-?[ \t]*\w[^%\n]*%\}")
_OF_CHAT = re.compile(r"messages|chat.?template", re.IGNORECASE)
#: One brace instead of two around a variable.
_ONE_BRACE = re.compile(r"(?<![{$])\{-?\s*\.([A-Z][A-Z0-9_]*)\s*-?\}(?!\})")
_TAGS = tuple(
    (re.compile(pattern), action)
    for pattern, action in (
        (r"end\w+", "{{ end }}"),
        (r"else", "{{ else }}"),
        (r"if (\w+)", r"{{ if .\1 }}"),
        (r"if not (\w+)", r"{{ if not .\1 }}"),
        (r"elif (\w+)", r"{{ else if .\1 }}"),
        (r"for \w+ in (\w+)", r"{{ range .\1 }}"),
    )
)
#: A variable as a shell or the kubelet would have it. Names without _ are likely to be somebody else's.
_NAMES = "|".join(sorted((name for name in sample_variables.NAMES if "_" in name), key=len, reverse=True))
_DOLLAR = re.compile(rf"(?<![$\\])\$(?:\{{({_NAMES})\}}|\(({_NAMES})\)|({_NAMES})\b)")


def look_alikes(
    entries: Iterable[ReadRuntimeTemplate],
    report: Report,
    agent_entries: Iterable[ReadAgentEntry] = (),
) -> None:
    """Find what looks like an action and is none: ``{% if %}``, ``{ .NAME }``, ``$NAME`` of a variable that nobody sets."""
    of_agent = {name for entry in agent_entries for name in _environment(entry.node)}
    for entry in entries:
        known = {*of_agent, *_environment(entry.node)}
        texts = [one.template.text for one in entry.compiled]
        for one in entry.compiled:
            text = _ACTION.sub(lambda found: _NOT_A_LINE_END.sub(" ", found[0]), one.template.text)
            for at, shown, remedy in _found(text, known, texts):
                line = text.count("\n", 0, at) + 1
                place = report.inside(one.scalar, line, at - text.rfind("\n", 0, at))
                cause = f'"{shown}" is not an action of a Go template, so it is copied as it is'
                report.warning("not-an-action", one.path, place, cause, remedy)


def _found(text: str, known: Collection[str], texts: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """Yield offset, text and remedy of each."""
    for found in () if _OF_CHAT.search(text) else _JINJA.finditer(text):
        yield found.start(), found[0], f"write {_action(found[0].strip('{%-} '))}"
    for found in _ONE_BRACE.finditer(text):
        name = found[1] if found[1] in sample_variables.NAMES else errors.nearest(found[1], sample_variables.NAMES)
        yield found.start(), found[0], f"write {{{{ .{name or found[1]} }}}}"
    for found in () if _ANY in known else _DOLLAR.finditer(text):
        name = found[1] or found[2] or found[3]
        if name not in known and not any(map(_sets(name).search, texts)):
            yield found.start(), found[0], f"write {{{{ .{name} }}}}"


def _action(tag: str) -> str:
    """Return the action that does what a tag of Jinja does."""
    for pattern, action in _TAGS:
        if found := pattern.fullmatch(tag):
            return found.expand(action)
    return "{{ if .NAME }}, {{ else }} and {{ end }}"


def are_in(text: str) -> bool:
    """Return whether a rendered text has such tags or braces, so that nothing else about its words needs to be found."""
    return bool(_JINJA.search(text) or _ONE_BRACE.search(text))


def _sets(name: str) -> re.Pattern[str]:
    """Return what shows that a script sets a variable."""
    return re.compile(rf"\b{name}\+?=|\b(?:for|read|export|local|declare|readonly)\b[^\n;|&]*\b{name}\b")


#: Stands for names that cannot be known, of ``envFrom``.
_ANY = ""


def _environment(node: Node) -> Iterator[str]:
    """Yield the names of all environment variables in an entry."""
    if isinstance(node, YamlSequence):
        for item in node.items:
            yield from _environment(item)
    elif isinstance(node, YamlMapping):
        for key, pair in node.pairs.items():
            if key == "env" and isinstance(pair.node, YamlSequence):
                names = (item.get("name") for item in pair.node.items if isinstance(item, YamlMapping))
                yield from (str(name.value) for name in names if isinstance(name, Scalar))
            elif key == "envFrom":
                yield _ANY
            else:
                yield from _environment(pair.node)
