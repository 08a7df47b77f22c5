"""How a script passes its own arguments on: only `"$@"` passes them unchanged."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from webhook.shell import words
from webhook.shell.argv import ASSIGNMENT, script_at

#: All arguments of the script, in an expansion as `words` has it, and without double quotes.
_ALL = re.compile(r"\$(?:[@*]|\{[@*][:}])")
_ALL_UNQUOTED = re.compile(r"(?<!\")\$(?:[@*]|\{[@*][:}])")
#: The right way to pass arguments on, and signs of others.
_RIGHT = '"$@"'
_SUSPECT = re.compile(r"\$\{?[@*]|\beval\b|-\w*c\b|--(?:session-)?command")
#: What else precedes the program of a command, and the programs whose words are not split.
_PREFIXES = frozenset({"command", "env", "exec", "do", "else", "if", "nohup", "then", "time", "!", "{"})
_WITHOUT_SPLITTING = frozenset({"[[", "case"})
#: What takes an unquoted argument apart: spaces, and what expands to names of files.
_SPLIT = re.compile(r"[ \t\n*?]|\[[^/]*\]")


class Passing(NamedTuple):
    """What happens to the arguments that a script passes on.

    Attributes:
        split: some are not in double quotes: the shell splits them at spaces, drops empty ones, and expands globs.
        parsed: some become part of the text of a script, by `eval` or `sh -c`.
    """

    split: bool = False
    parsed: bool = False

    def changes(self, argument: str) -> bool:
        """Return whether an argument does not arrive as it is."""
        if self.parsed and not words.arrives(argument):
            return True
        return self.split and (not argument or bool(_SPLIT.search(argument)))


def passing(script: str) -> Passing:
    """Return how a script passes on its arguments, as far as ``words.commands`` can see."""
    if not _SUSPECT.search(script.replace(_RIGHT, "")) and "eval" not in script:
        return Passing()
    found = [_passing(command) for command in words.commands(script)]
    return Passing(any(one.split for one in found), any(one.parsed for one in found))


def _passing(command: Sequence[words.Word]) -> Passing:
    """Return how a command receives the arguments of its script."""
    own = list(_without_prefixes(command))
    program = own[0].text if own else ""
    if program in _WITHOUT_SPLITTING or (len(own) == 1 and own[0].document):
        return Passing()
    split = any(_ALL_UNQUOTED.search(expansion) for word in own for expansion in word.expansions)
    script = script_at([word.text for word in own])
    parsed = own[1:] if program == "eval" else [own[script]] if script is not None else []
    return Passing(split, any(_ALL.search(expansion) for word in parsed for expansion in word.expansions))


def _without_prefixes(command: Sequence[words.Word]) -> Iterator[words.Word]:
    """Yield the words of a command from its program on."""
    started = False
    for word in command:
        started = started or not (word.text in _PREFIXES or ASSIGNMENT.match(word.pieces[0]))
        if started:
            yield word
