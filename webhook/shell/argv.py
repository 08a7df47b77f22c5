"""What a container starts, as the program sees it: its arguments, or the commands of a shell script."""

import re
from collections.abc import Iterator, Sequence

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

_READS_ARGUMENTS = re.compile(r"argv|parse_args|argparse")

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
#: What may precede the program in a command.
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_PREFIXES = frozenset({"command", "env", "exec", "nohup", "sudo", "time"})
#: These run the command that follows their `--` (`tini -- serve`).
_WRAPPERS = frozenset({"catatonit", "dumb-init", "numactl", "runuser", "set", "setpriv", "tini"})


def script_at(argv: Sequence[str]) -> int | None:
    """Return the index of the argument that is a shell script; None if no shell is started with a script."""
    for at, argument in enumerate(argv):
        program = _basename(argument)
        script = None
        if program in _SHELLS:
            script = _script_of_shell(argv, at + 1)
        elif program in _USER_SWITCHES:
            script = _script_of_switch(argv, at + 1)
        if script is not None and script < len(argv):
            return script
    return None


def _basename(path: str) -> str:
    return path.rpartition("/")[2]


def _script_of_shell(argv: Sequence[str], at: int) -> int | None:
    """Return the index of the script after a shell: the first argument that is not an option, if an option contains a c.

    Without such an option that argument names a file, and a -c after it belongs to the file.
    """
    takes_script = False
    while at < len(argv) and _SHELL_OPTION.fullmatch(argv[at]):
        takes_script = takes_script or bool(_SCRIPT_OPTION.fullmatch(argv[at]))
        at += 2 if _SHELL_VALUE.fullmatch(argv[at]) else 1
    at += at < len(argv) and argv[at] in {"-", "--"}
    return at if takes_script else None


def _script_of_switch(argv: Sequence[str], at: int) -> int | None:
    """Return the index of the script after su or runuser; `runuser -u name` takes a command instead."""
    for index in range(at, len(argv)):
        if argv[index] in {"--", "-u", "--user"}:
            return None
        if _SWITCH_SCRIPT.fullmatch(argv[index]):
            return index + 1
    return None


def passes(argv: Sequence[str], argument: str) -> bool:
    """Return whether an argument reaches the program: directly, written into the script, or as a parameter of the script."""
    script = script_at(argv)
    if script is not None:
        written = argument in scan.uncommented(argv[script])
        return written or (_among(argument, argv[script + 1 :]) and commands.takes_parameters(argv[script]))
    code = _code_at(argv)
    if code is not None and not _READS_ARGUMENTS.search(argv[code]):
        return _among(argument, argv[: code + 1])
    return _among(argument, argv)


def _among(argument: str, argv: Sequence[str]) -> bool:
    return any(argument in each for each in argv)


def _code_at(argv: Sequence[str]) -> int | None:
    """Return the index of the argument that is Python code: arguments after it reach the code only as sys.argv."""
    for at, argument in enumerate(argv):
        if not _PYTHON.fullmatch(_basename(argument)):
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


def repeated_flags(argv: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield each flag that one command gets more than once, with the index of the argument that repeats it.

    Single-letter flags are ignored: they are often meant to be repeated.
    """
    script = script_at(argv)
    if script is None:
        yield from _repeated(list(enumerate(argv)))
        return
    for command in commands.simple_commands(argv[script]):
        yield from _repeated([(script, word) for word in command])


def _repeated(words: Sequence[tuple[int, str]]) -> Iterator[tuple[str, int]]:
    """Yield the repeated flags among words that are paired with the index of their argument."""
    for command in _split(words):
        conditions = _program(command) in _WITH_CONDITIONS
        times: dict[str, int] = {}
        for at, word in command:
            flag = _FLAG.match(word)
            if flag is None or flag[1] in _REPEATABLE or (conditions and not word.startswith("--")):
                continue
            times[flag[1]] = times.get(flag[1], 0) + 1
            if times[flag[1]] == 2:
                yield flag[1], at


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
    words = (_basename(word) for _, word in command if not _ASSIGNMENT.match(word))
    return next((word for word in words if word not in _PREFIXES), "")
