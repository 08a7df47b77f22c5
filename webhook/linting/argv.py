"""What a container starts, as its engine sees it: arguments, or the commands of a shell script."""

import re
import shlex
from collections.abc import Iterator, Sequence

#: The options by which a shell takes the next argument as a script.
_SCRIPT_OPTION = re.compile(r"-[a-z]*c")
_SHELLS = frozenset({"ash", "bash", "busybox", "dash", "ksh", "sh", "zsh"})
#: How a script refers to the arguments behind it.
_PARAMETER = re.compile(r"\$[@*1-9]|\$\{[@*1-9#]")
_FLAG = re.compile(r"(--[A-Za-z][\w.-]*|-[A-Za-z][\w.-]+)(?:=|$)")
_SEPARATORS = frozenset("|&;()\n")
#: Characters of a script that are looked through; more are no script that a person wrote.
_LOOKED_THROUGH = 50_000


def script_at(argv: Sequence[str]) -> int | None:
    """Return which argument is a shell's script; None if no shell is started with one."""
    for at, argument in enumerate(argv[1:-1], 1):
        if _SCRIPT_OPTION.fullmatch(argument) and any(each.rpartition("/")[2] in _SHELLS for each in argv[:at]):
            return at + 1
    return None


def passes(argv: Sequence[str], argument: str) -> bool:
    """Tell whether what is started gets this argument: as its own, written in the script, or as its parameter."""
    script = script_at(argv)
    if script is None:
        return any(argument in each for each in argv)
    if argument in argv[script]:
        return True
    return any(argument in each for each in argv[script + 1 :]) and bool(_PARAMETER.search(argv[script]))


def repeated_flags(argv: Sequence[str]) -> Iterator[str]:
    """Yield each flag that one command gets more than once; flags of a single letter are often meant to be repeated."""
    script = script_at(argv)
    for command in [argv] if script is None else _commands(argv[script]):
        seen: set[str] = set()
        repeated: set[str] = set()
        for argument in command:
            flag = _FLAG.match(argument)
            if flag is None:
                continue
            if flag[1] in seen and flag[1] not in repeated:
                repeated.add(flag[1])
                yield flag[1]
            seen.add(flag[1])


def _commands(script: str) -> Iterator[list[str]]:
    """Yield the commands of a shell script as lists of words, as far as that can be told without a shell."""
    lexer = shlex.shlex(script[:_LOOKED_THROUGH].replace("\\\n", " "), posix=True, punctuation_chars="|&;()\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    command: list[str] = []
    try:
        for word in lexer:
            if _SEPARATORS.issuperset(word):
                yield command
                command = []
            else:
                command.append(word)
    except ValueError:
        pass  # a quotation mark without its pair, as in a here-document: what was read so far counts
    yield command
