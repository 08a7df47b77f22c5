"""The flags of what a container starts: which of them one command gets more than once."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from webhook.shell import commands
from webhook.shell.argv import ASSIGNMENT, basename, script_at

_FLAG = re.compile(r"(--[A-Za-z][\w.-]*|-[A-Za-z]{2}[\w.-]*)(?:=|$)")
#: Flags that add up: the documentation of their tools allows repeating them.
_REPEATABLE = frozenset(
    {
        *("--mca", "-mca", "--gmca", "-gmca", "--omca", "--prtemca", "--pmixmca", "-env", "-genv"),  # MPI
        *("--backend-config", "--cache-config", "--load-model", "--metrics-config", "--trace-config"),  # Triton
        *("--cuda-memory-pool-byte-size", "--host-policy", "--model-repository", "--rate-limit-resource"),
        *("--constraint", "--extra-index-url", "--find-links", "--requirement", "--trusted-host"),  # pip
        *("--control-vector", "--lora", "--lora-modules", "--lora-scaled", "--middleware", "--override-kv"),  # engines
        *("--add-host", "--annotation", "--bind", "--build-arg", "--env", "--env-file"),  # containers
        *("--label", "--mount", "--publish", "--volume"),
        *("--cookie", "--data", "--data-urlencode", "--form", "--header"),  # curl
        *("--define", "--exclude", "--include", "--option", "--set", "--set-file", "--set-string", "--values"),
    }
)
#: The single-dash words of these programs are conditions, not flags.
_WITH_CONDITIONS = frozenset({"[", "[[", "find", "test"})
#: What else may precede the program in a command.
_PREFIXES = frozenset({"command", "env", "exec", "nohup", "sudo", "time"})
#: These run the command that follows their `--` (`tini -- serve`).
_WRAPPERS = frozenset({"catatonit", "dumb-init", "numactl", "runuser", "set", "setpriv", "tini"})
#: The words that stand for all arguments of a script, without their quotes.
_ALL_ARGUMENTS = frozenset({"$@", "$*", "${@}", "${*}"})
#: A variable that holds words of a command: `"${serve[@]}"`, `$FLAGS`.
_HELD = re.compile(r"\$\{([A-Za-z_]\w*)\[[@*]\]\}|\$\{?([A-Za-z_]\w*)\}?")
#: What shells take out of words.
_QUOTES = dict.fromkeys(map(ord, "\"'\\\n"))
#: How many such variables of a script are looked into, since each may be long.
_LOOKED_INTO = 20


class _Flag(NamedTuple):
    """A flag of a command: its name, the index of its argument, and the flag with its value."""

    name: str
    at: int
    shown: str


def repeated_flags(argv: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield each flag that one command gets more than once, with the index of the argument that repeats it.

    Single-letter flags are ignored: they are often meant to be repeated.
    """
    script = script_at(argv)
    if script is None:
        started = [list(enumerate(argv))]
    else:
        started = [[(script, word) for word in command] for command in commands.simple_commands(argv[script])]
    for words in started:
        for command in _split(words):
            times: Counter[str] = Counter()
            for flag in _flags(command):
                times[flag.name] += 1
                if times[flag.name] == 2:
                    yield flag.name, flag.at


def repeated_by(own: Sequence[str], argv: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each flag among some of the arguments that a command has already, each flag once.

    Args:
        own: those arguments, all of which are among the arguments of what is started.
        argv: what is started. Arguments after a script count where the script passes all of them on.

    Yields:
        the flag with its own value, and with the other value.
    """
    text = " ".join(argv).translate(_QUOTES)
    # Seldom is a name there more often than the workload itself has it; only then is it worth reading what is started.
    mine = {name: values for name, values in _by_name(own).items() if text.count(name) > len(values)}
    if not mine:
        return
    script = script_at(argv)
    if script is None:
        started: Iterable[Sequence[str]] = [argv]
        passed: dict[str, list[str]] = {}
        script_name = "$0"
    else:
        started = _with_variables(commands.simple_commands(argv[script]))
        passed = _by_name(argv[script + 2 :])
        script_name = "".join(argv[script + 1 : script + 2])
    found: dict[str, str] = {}
    passed_at_all = False
    for words in started:
        for command in _split(list(enumerate(words))):
            passes = any(word in _ALL_ARGUMENTS for _, word in command)
            here = _by_name([word for _, word in command])
            names = (*here, *passed) if passes and not passed_at_all else tuple(here)
            passed_at_all = passed_at_all or passes
            for name in names:
                if name not in mine or name in found:
                    continue
                given = (*here.get(name, ()), *(passed.get(name, ()) if passes else ()))
                if len(given) > len(mine[name]) and mine[name][0] in given:
                    other = next((each for each in given if each != mine[name][0]), mine[name][0])
                    found[name] = other.replace("$0", script_name)
    yield from ((values[0], found[name]) for name, values in mine.items() if name in found)


def _with_variables(started: Iterable[list[str]]) -> Iterator[list[str]]:
    """Yield commands, in which variables that the script has set to words of a command are replaced by these words."""
    held: dict[str, list[str]] = {}
    left = _LOOKED_INTO
    for words in started:
        whole: list[str] = []
        for word in words:
            used = _HELD.fullmatch(word)
            name = (used[1] or used[2]) if used else ""
            if name in held and left:
                left -= 1
                whole += held[name]
            else:
                whole.append(word)
        set_here = ASSIGNMENT.match(words[0])
        if set_here:
            name = set_here[0].rstrip("+=")
            value = whole[0][set_here.end() :].split()
            held[name] = [*(held.get(name, ()) if "+" in set_here[0] else ()), *value, *whole[1:]]
        yield whole


def _flags(command: Sequence[tuple[int, str]]) -> Iterator[_Flag]:
    """Yield the flags of a command that should not be repeated."""
    program = ""
    for index, (at, word) in enumerate(command):
        flag = _FLAG.match(word)
        if flag is None or flag[1] in _REPEATABLE:
            continue
        if not word.startswith("--"):
            program = program or _program(command)
            if program in _WITH_CONDITIONS:
                continue
        value = command[index + 1][1] if "=" not in flag[0] and index + 1 < len(command) else "-"
        yield _Flag(flag[1], at, word if value.startswith("-") else f"{word} {value}")


def _by_name(words: Sequence[str]) -> dict[str, list[str]]:
    """Return the flags among some words, each with its values."""
    found: dict[str, list[str]] = {}
    for flag in _flags(list(enumerate(words))):
        found.setdefault(flag.name, []).append(flag.shown)
    return found


def _split(words: Sequence[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Yield the commands that mpirun or a wrapper runs, each without what follows its own `--`."""
    command: list[tuple[int, str]] = []
    ended = False
    for at, word in words:
        if word == ":" or (word == "--" and not ended and _program(command) in _WRAPPERS):
            yield command
            command, ended = [], False
        elif word == "--":
            ended = True
        elif not ended:
            command.append((at, word))
    yield command


def _program(command: Sequence[tuple[int, str]]) -> str:
    """Return the name of the program that a command starts."""
    words = (basename(word) for _, word in command if not ASSIGNMENT.match(word))
    return next((word for word in words if word not in _PREFIXES), "")
