"""How a script passes its own arguments on: only `"$@"` passes them unchanged."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from webhook.shell import words
from webhook.shell.argv import ASSIGNMENT, script_at

#: All arguments of the script, in an expansion as `words` has it; those and its name without double quotes.
_ALL = re.compile(r"\$(?:[@*]|\{[@*][:}])")
_UNQUOTED = re.compile(r"(?<!\")\$(?:[@*]|0(?!\d)|\{[@*0][:}])")
#: The same as one word, whatever their number.
_AS_ONE = re.compile(r'"\$(?:\*|\{\*\})')
_EACH = re.compile(r'"\$(?:@|\{@\})')
#: A variable that holds them: a list, or one string.
_LIST = re.compile(r'(?<!\w)([A-Za-z_]\w*)\+?=\([^()]*"\$\{?@')
_NAME = re.compile(r'("?)\$\{?([A-Za-z_]\w*)(\[[@*]\])?')
#: The right way to pass arguments on, and signs of others.
_RIGHT, _OWN_NAME = '"$@"', '"$0"'
_SUSPECT = re.compile(r"\$\{?[@*0]|\beval\b|-\w*c\b|--(?:session-)?command|[^ \t\n]\"\$@|\"\$@\"[^ \t\n;|&)]")
#: What else precedes the program of a command, and the programs whose words are not split.
_PREFIXES = frozenset({"command", "env", "exec", "do", "else", "if", "nohup", "then", "time", "!", "{"})
_WITHOUT_SPLITTING = frozenset({"[[", "case"})
#: These only say what they get.
_SAY = frozenset({"echo", "printf", "logger", "test", "["})
#: What takes an unquoted argument apart: spaces, and what expands to names of files.
_SPLIT = re.compile(r"[ \t\n*?]|\[[^/]*\]")


class Passing(NamedTuple):
    """What happens to the arguments that a script passes on.

    Attributes:
        split: some are not in double quotes: the shell splits them at spaces, drops empty ones, and expands globs.
        parsed: some become part of the text of a script, by `eval` or `sh -c`.
        joined: some become one argument, or part of another one.
    """

    split: bool = False
    parsed: bool = False
    joined: bool = False

    def changes(self, argument: str) -> bool:
        """Return whether an argument does not arrive as it is."""
        if self.parsed and not words.arrives(argument):
            return True
        return self.split and (not argument or bool(_SPLIT.search(argument)))


def passing(script: str) -> Passing:
    """Return how a script passes on its arguments, as far as ``words.commands`` can see."""
    rest = script.replace(f" {_RIGHT}", " ").replace(_OWN_NAME, "")
    if not _SUSPECT.search(rest) and "eval" not in script and not _LIST.search(script):
        return Passing()
    lists = {found[1] for found in _LIST.finditer(script)}
    strings: set[str] = set()
    found = []
    for command in words.commands(script):
        strings.update(_strings(command))
        found.append(_passing(command, lists, strings))
    return Passing(*(any(of_all) for of_all in zip(*found, strict=True)))


def _strings(command: Sequence[words.Word]) -> Iterator[str]:
    """Yield the variables that a command sets to all arguments as one string."""
    for word in command:
        set_here = ASSIGNMENT.match(word.pieces[0])
        if set_here and any(_ALL.search(expansion) for expansion in word.expansions):
            yield set_here[0].rstrip("+=")


def _passing(command: Sequence[words.Word], lists: Collection[str], strings: Collection[str]) -> Passing:
    """Return how a command receives the arguments of its script, from itself or from variables that hold them."""
    own = list(_without_prefixes(command))
    program = own[0].text if own else ""
    if program in _WITHOUT_SPLITTING or (len(own) == 1 and own[0].document):
        return Passing()
    expansions = [expansion for word in own for expansion in _named(word)]
    held = [
        used
        for expansion in expansions
        if (used := _NAME.match(expansion)) and (used[2] in lists or used[2] in strings)
    ]
    split = any(_UNQUOTED.search(expansion) for expansion in expansions) or any(not used[1] for used in held)
    joined = any(map(_glues, own)) or any(used[1] and (used[2] in strings or used[3] == "[*]") for used in held)
    script = script_at([word.text for word in own])
    parsed = own[1:] if program == "eval" else [own[script]] if script is not None else []
    return Passing(
        split,
        any(_ALL.search(expansion) for word in parsed for expansion in word.expansions),
        joined and program not in _SAY,
    )


def _named(word: words.Word) -> Iterator[str]:
    """Yield the expansions of a word, with the names that follow a bare `$`."""
    for at in range(1, len(word.pieces), 2):
        expansion = word.pieces[at]
        yield expansion + word.pieces[at + 1] if expansion.endswith("$") else expansion


def _glues(word: words.Word) -> bool:
    """Return whether a word makes one argument of several, or adds to one of them."""
    if any(map(_AS_ONE.fullmatch, word.expansions)):
        return True
    others = (*word.pieces[::2], *word.expansions[1:])
    return any(map(_EACH.fullmatch, word.expansions)) and any(others)


def _without_prefixes(command: Sequence[words.Word]) -> Iterator[words.Word]:
    """Yield the words of a command from its program on."""
    started = False
    for word in command:
        started = started or not (word.text in _PREFIXES or ASSIGNMENT.match(word.pieces[0]))
        if started:
            yield word
