"""Whether arguments reach the engine as they were given (contract sections 5 and 7).

What a Go template writes into a script, the shell takes apart like any other text. To see what it makes of an argument, command
and args are rendered once more with harmless words in place of such arguments: where the shell reads such a word, it must read
the argument itself in the rendering that is used.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from webhook import catalog, errors
from webhook.notices import Notice
from webhook.rendering import budget, command
from webhook.shell import argv, flags, passing, words

#: The variables whose values are free text of a workload or an agent entry.
FREE_TEXT = ("CUSTOM_ARGS", "MODEL_NAME", "GPU_TYPE")

#: Characters that mean something to a shell in some place, or where lines are split and trimmed.
_SPECIAL = re.compile(r"[^\w@%+=:,./-]")
#: A word that no shell changes, in place of the value with this number.
_WORD = "HydraValue{}E"
_NUMBER = re.compile(r"HydraValue([0-9]{1,9})E")
#: How many characters of a script are read while a request waits. Scripts written by hand are shorter.
READ_CHARACTERS = 10_000
#: How many arguments of a workload are compared with those of the runtime.
_COMPARED = 2_000
#: What the kubelet replaces before a shell reads a script. The names of environment variables are in upper case.
_KUBELETS = re.compile(r"\$(?:(\$)|\(([A-Z_][A-Z0-9_]*)\))")


class _Started(NamedTuple):
    """What a container starts: its script, if a shell runs one, and all other arguments."""

    script: str | None
    others: list[str]


def notices(
    startup: catalog.Startup,
    variables: Mapping[str, Any],
    first: Sequence[str],
    rendered: command.Command,
    own: Sequence[str],
) -> Iterator[Notice]:
    """Yield what the author should know about the arguments.

    Args:
        startup: how the runtime starts in this role.
        variables: the root data of its Go templates.
        first: the command of the container, whether a Go template rendered it or not.
        rendered: command and args as rendered.
        own: the args of the workload itself.
    """
    started = _started(first, rendered)
    few = len(own) <= _COMPARED and len(started.script or "") <= READ_CHARACTERS
    if few and (repeated := list(flags.repeated_by(own, (*first, *rendered.args)))):
        yield Notice("flag-repeated", repeated)
    values = (*variables["CUSTOM_ARGS"], variables["MODEL_NAME"], variables["GPU_TYPE"])
    special = [value for value in dict.fromkeys(values) if not value or _SPECIAL.search(_after_kubelet(value))]
    if not special or (started.script is None and (startup.command or not startup.args)):
        return
    changed, split = _changed(startup, variables, special, first, started)
    if started.script is not None:
        passes, passed = passing.passing(_after_kubelet(started.script[:READ_CHARACTERS])), set(started.others)
        changed |= {value for value in special if value in passed and passes.changes(value)}
    if changed:
        yield Notice("shell-changes-argument", [value for value in special if value in changed])
    if split - changed:
        yield Notice("lines-change-argument", [value for value in special if value in split - changed])


def _started(first: Sequence[str], rendered: command.Command) -> _Started:
    started = [*first, *rendered.args]
    at = argv.script_at(started)
    return _Started(None, started) if at is None else _Started(started.pop(at), started)


def _changed(
    startup: catalog.Startup,
    variables: Mapping[str, Any],
    special: Sequence[str],
    first: Sequence[str],
    started: _Started,
) -> tuple[set[str], set[str]]:
    """Return the special values that change as text of a script, and those that change as lines of ``argsTemplate``.

    Where the second rendering would take too long, or the script is too long to be read, every one counts as changed.
    """
    numbers = {value: number for number, value in enumerate(special)}
    harmless = {**variables, **{name: _harmless(variables[name], numbers) for name in FREE_TEXT}}
    replaced = [name for name in FREE_TEXT if harmless[name] != variables[name]]
    if not any(template.may_read(name) for template in (*startup.command, *startup.args) for name in replaced):
        return set(), set()
    try:
        again = command.command(startup, harmless, budget.second())
    except errors.Denied:
        return (set(), set(special)) if started.script is None else (set(special), set())
    plain = _started(first if again.command is None else again.command, again)
    changed: set[str] = set()
    if plain.script is not None and not _NUMBER.fullmatch(plain.script):  # a whole script may be an argument
        if started.script is None or len(started.script) > READ_CHARACTERS:
            changed = set(_replaced(plain.script, special))
        else:
            changed = _missing(_words(plain.script), _words(started.script), special)
    return changed, set() if startup.command else _missing(_lines(plain), _lines(started), special)


def _harmless(value: Any, numbers: Mapping[str, int]) -> Any:
    """Return a value, or a list of them, with a harmless word in place of each that has a number."""
    if isinstance(value, list):
        return [_harmless(each, numbers) for each in value]
    return _WORD.format(numbers[value]) if value in numbers else value


def _missing(plain: Iterable[words.Word], there: Iterable[words.Word], special: Sequence[str]) -> set[str]:
    """Return the special values that are not where harmless words are in their place.

    Args:
        plain: what is read with the harmless words.
        there: what is read.
        special: the values.
    """
    arriving = {_WORD.format(number): _after_kubelet(value) for number, value in enumerate(special)}
    left = Counter(there)
    found: set[str] = set()
    for word in plain:
        replaced = [value for piece in word.pieces for value in _replaced(piece, special)]
        if not replaced:
            continue
        expected = _restored(word, arriving)
        if left[expected] and not any(map(_NUMBER.search, word.expansions)):
            left[expected] -= 1
        else:
            found.update(replaced)
    return found


def _replaced(text: str, special: Sequence[str]) -> Iterator[str]:
    """Yield the values whose harmless words are in a text."""
    numbers = map(int, _NUMBER.findall(text))
    return (special[number] for number in numbers if number < len(special))


def _restored(word: words.Word, values: Mapping[str, str]) -> words.Word:
    """Return a word with values in place of the harmless words."""
    pieces = (_NUMBER.sub(lambda found: values.get(found[0], found[0]), piece) for piece in word.pieces)
    return words.Word(tuple(pieces), word.pattern, word.document)


def _words(script: str) -> Iterator[words.Word]:
    """Yield the words of a script."""
    return chain.from_iterable(words.commands(_after_kubelet(script)))


def _lines(started: _Started) -> Iterator[words.Word]:
    """Yield the arguments beside a script, each as one word."""
    return (words.Word((_after_kubelet(argument),)) for argument in started.others)


def _after_kubelet(text: str) -> str:
    """Return what the kubelet makes of an argument, with a harmless word in place of the value of a variable."""
    return _KUBELETS.sub(lambda found: found[1] or f"_{found[2]}_", text)
