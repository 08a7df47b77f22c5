"""What a container starts, as the program sees it: its arguments, or the commands of a shell script."""

import re
from collections.abc import Sequence

from webhook.shell import commands, scan

_SHELLS = frozenset({"ash", "bash", "dash", "ksh", "sh", "zsh"})  # also matches `busybox sh`
_SHELL_OPTION = re.compile(r"--?[A-Za-z][\w-]*|\+[A-Za-z]+")
#: Options of shells whose value is the next argument: long ones, and those that end in an o or O.
_SHELL_VALUE = re.compile(r"--(?:rcfile|init-file|emulate)|[-+][A-Za-z]*[oO]")
_SCRIPT_OPTION = re.compile(r"-[A-Zabd-z]*c[A-Za-z]*")

_USER_SWITCHES = frozenset({"runuser", "su"})
#: Unlike shells, these accept options after other arguments, and c comes last in a cluster of short options.
_SWITCH_SCRIPT = re.compile(r"-[A-Za-z]*c|--command|--session-command")

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
#: Options of Python whose value is the next argument.
_PYTHON_VALUE = re.compile(r"-[A-Za-z]*[WX]")

#: An assignment, which may precede the program in a command.
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")

_READS_ARGUMENTS = re.compile(r"argv|parse_args|argparse")


def script_at(argv: Sequence[str]) -> int | None:
    """Return the index of the argument that is a shell script; None if no shell is started with a script."""
    at = switched = 0
    while at < len(argv):
        program = basename(argv[at])
        script = None
        at += 1
        if program in _SHELLS:
            script, at = _script_of_shell(argv, at)
        elif program in _USER_SWITCHES and at > switched:
            script, switched = _script_of_switch(argv, at)
        if script is not None and script < len(argv):
            return script
    return None


def lacks_script(argv: Sequence[str]) -> int | None:
    """Return where a script would have to be: None unless a shell is started first, without a script or a file.

    That is the number of arguments where they end with `-c`, or the index of one that is a script but has no `-c` before it.
    """
    if not argv or basename(argv[0]) not in _SHELLS:
        return None
    script, at = _script_of_shell(argv, 1)
    if script is not None:
        return script if script >= len(argv) else None
    return at if at < len(argv) and re.search(r"\s", argv[at].strip()) else None


def basename(path: str) -> str:
    """Return the last part of a path."""
    return path.rpartition("/")[2]


def _script_of_shell(argv: Sequence[str], at: int) -> tuple[int | None, int]:
    """Return the index of the script after a shell, and that of the first argument that is not an option.

    They are the same if an option contains a c. Without such an option that argument names a file, and a -c after it belongs
    to the file.
    """
    takes_script = False
    while at < len(argv) and _SHELL_OPTION.fullmatch(argv[at]):
        takes_script = takes_script or bool(_SCRIPT_OPTION.fullmatch(argv[at]))
        at += 2 if _SHELL_VALUE.fullmatch(argv[at]) else 1
    at += at < len(argv) and argv[at] in {"-", "--"}
    return at if takes_script else None, at


def _script_of_switch(argv: Sequence[str], at: int) -> tuple[int | None, int]:
    """Return the index of the script after su or runuser, and where the search for it ended.

    `runuser -u name` takes a command instead.
    """
    for index in range(at, len(argv)):
        if argv[index] in {"--", "-u", "--user"}:
            return None, index
        if _SWITCH_SCRIPT.fullmatch(argv[index]):
            return index + 1, index
    return None, len(argv)


def passes(argv: Sequence[str], argument: str) -> bool:
    """Return whether an argument reaches the program: directly, written into the script, or as a parameter of the script."""
    script = script_at(argv)
    if script is not None:
        written = argument in scan.uncommented(argv[script])
        return written or (_among(argument, argv[script + 1 :]) and commands.takes_parameters(argv[script]))
    code = code_at(argv)
    if code is not None and not _READS_ARGUMENTS.search(argv[code]):
        return _among(argument, argv[: code + 1])
    return _among(argument, argv)


def _among(argument: str, argv: Sequence[str]) -> bool:
    return any(argument in each for each in argv)


def code_at(argv: Sequence[str]) -> int | None:
    """Return the index of the argument that is Python code: arguments after it reach the code only as sys.argv."""
    for at, argument in enumerate(argv):
        if not _PYTHON.fullmatch(basename(argument)):
            continue
        index = at + 1
        while index < len(argv) - 1 and argv[index].startswith("-"):
            if re.fullmatch(r"-[A-Za-z]*c", argv[index]):
                return index + 1
            index += 2 if _PYTHON_VALUE.fullmatch(argv[index]) else 1
    return None


def becomes_name(argv: Sequence[str], argument: str) -> bool:
    """Return whether an argument is lost because the shell takes it as the name of the script, `$0`."""
    script = script_at(argv)
    return (
        script is not None
        and argv[script + 1 : script + 2] == [argument]
        and "$0" not in argv[script]
        and commands.takes_parameters(argv[script])
    )


def gives_up(argv: Sequence[str]) -> bool:
    """Return whether the program is a script that ends by failing: it only reports what is not supported."""
    script = script_at(argv)
    return script is not None and commands.gives_up(argv[script])
