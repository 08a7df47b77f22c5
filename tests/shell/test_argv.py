"""The arguments that a container starts, and the script among them."""

import pytest

from webhook.shell import argv, flags, scan


@pytest.mark.parametrize(
    ("started", "script"),
    [
        (["/bin/bash", "-c", "x"], "x"),
        (["sh", "-ec", "x", "y"], "x"),
        (["sh", "-ceu", "x"], "x"),
        (["bash", "-Eec", "x"], "x"),
        (["/usr/bin/env", "bash", "-lc", "x"], "x"),
        (["env", "A=1", "bash", "-c", "x"], "x"),
        (["bash", "-e", "-c", "x"], "x"),
        (["bash", "-eu", "--norc", "-c", "x"], "x"),
        (["bash", "-o", "pipefail", "-c", "x"], "x"),
        (["bash", "-euo", "pipefail", "+o", "x", "-O", "x", "-c", "x"], "x"),
        (["bash", "--rcfile", "y", "-c", "x"], "x"),
        (["bash", "-c", "-e", "x"], "x"),
        (["bash", "-c", "--", "x"], "x"),
        (["busybox", "sh", "-c", "x"], "x"),
        (["tini", "--", "sh", "-c", "x"], "x"),
        (["entrypoint.sh", "sh", "start.sh", "zsh", "-c", "x"], "x"),
        (["su", "user", "-c", "x"], "x"),
        (["su", "-", "user", "-s", "/bin/sh", "-c", "x", "--", "y"], "x"),
        (["su", "user", "--command", "x"], "x"),
        (["/sbin/runuser", "-l", "user", "-c", "x"], "x"),
        (["runuser", "-u", "user", "--", "bash", "-c", "x"], "x"),
        (["runuser", "-u", "user", "serve", "-c", "x"], None),
        (["su", "user", "--", "serve", "-c", "x"], None),
        (["su", "user"], None),
        (["su", "user", "-c"], None),
        (["/bin/sh", "/app/start.sh", "-c", "8192"], None),
        (["bash", "-e", "start.sh", "-c", "x"], None),
        (["bash", "--", "-c", "x"], None),
        (["bash", "-o", "-c", "x"], None),
        (["bash", "--no-cc", "x"], None),
        (["python3", "-c", "x"], None),
        (["start.sh", "-c", "x"], None),
        (["bash", "-c"], None),
        (["bash", "-o"], None),
        (["bash"], None),
        (["-c", "bash"], None),
        (["serve"], None),
        ([], None),
    ],
)
def test_the_script_of_a_shell_is_found(started, script):
    at = argv.script_at(started)
    assert (None if at is None else started[at]) == script


@pytest.mark.parametrize(
    ("started", "passed"),
    [
        (["serve", "--a"], True),
        (["serve", "--b=--a"], True),
        (["serve"], False),
        (["sh", "start.sh", "-c", "8192", "--a"], True),
        (["bash", "-c", "serve --a"], True),
        (["bash", "-c", "serve # --a"], False),
        (["bash", "-c", "serve # don't\nserve --a"], True),
        (["bash", "-c", "serve", "--a"], False),
        (["bash", "-c", 'serve "$@"', "name", "--a"], True),
        (["bash", "-c", "serve $* ", "--a"], True),
        (["bash", "-c", "serve ${@:1}", "--a"], True),
        (["bash", "-c", "for a; do serve $a; done", "name", "--a"], True),
        (["bash", "-c", "serve $0", "--a"], False),
        (["bash", "-c", "serve ${#files[@]}", "name", "--a"], False),
        (["bash", "-c", 'log() { echo "$@"; }; serve', "name", "--a"], False),
        (["bash", "-c", 'serve # "$@" is ignored', "name", "--a"], False),
        (["--a", "bash", "-c", "serve"], False),
        (["su", "user", "-c", 'serve "$@"', "--", "name", "--a"], True),
        (["python3", "-c", "import x", "--a"], False),
        (["/usr/bin/python3.11", "-u", "-X", "dev", "-Bc", "import x", "--a"], False),
        (["python3", "-c", "import sys; x(sys.argv)", "--a"], True),
        (["python3", "-c", "x('--a')"], True),
        (["python3", "-m", "x", "-c", "y", "--a"], True),
        (["python3", "x.py", "-c", "y", "--a"], True),
        (["python3", "-c", "--a"], True),
        (["python3"], False),
        ([], False),
    ],
)
def test_whether_an_argument_reaches_the_program(started, passed):
    assert argv.passes(started, "--a") is passed


@pytest.mark.parametrize(
    ("started", "repeated"),
    [
        (["serve", "--a", "1", "--a=2", "--a"], [("--a", 3)]),
        (["serve", "--b", "--a", "--a", "--b"], [("--a", 3), ("--b", 4)]),
        (["serve", "-tp", "1", "-tp", "2"], [("-tp", 3)]),
        (["serve", "-e", "A=1", "-e", "B=2"], []),
        (["make", "-j8", "-j8"], []),
        (["serve", "--a=1", "--ab=1"], []),
        (["serve", "-1", "-1", "-1.5", "-1.5", "--", "--"], []),
        (["serve", "--a", "--", "--a"], []),
        (["tini", "--", "serve", "--a", "--a"], [("--a", 4)]),
        (["tini", "--a", "--", "serve", "--a", "--", "--a"], []),
        (["mpirun", "-np", "1", "x", "--a", ":", "-np", "1", "x", "--a"], []),
        (["mpirun", "x", "--", "--a", ":", "x", "--a", "--a"], [("--a", 7)]),
        (["mpirun", "--mca", "a", "b", "--mca", "c", "d", "-mca", "e", "f", "-mca", "g", "h"], []),
        (["serve", "--env", "A=1", "--env", "B=2", "--load-model=a", "--load-model=b"], []),
        (["find", "x", "-name", "a", "-o", "-name", "b"], []),
        (["/usr/bin/find", "x", "--a", "--a"], [("--a", 3)]),
        (["sh", "-c", "x --a 1 --a 2"], [("--a", 2)]),
        (["tini", "--", "sh", "-c", "x --a --a"], [("--a", 4)]),
        (["sh", "-c", "x --a --a; y --a --a"], [("--a", 2), ("--a", 2)]),
        (["sh", "-c", "x --a 1 \\\n  --a 2"], [("--a", 2)]),
        (["sh", "-c", "x --a 1 | y --a 2 || z --a 3"], []),
        (["sh", "-c", "(x --a 1)\ny --a 2"], []),
        (["sh", "-c", "x --m='--a --a' --a"], []),
        (["sh", "-c", "x --a --a\npython <<E\nit's\nE"], [("--a", 2)]),
        (["sh", "-c", "python <<E\nit's --b --b\nE\nx --a --a"], [("--a", 2)]),
        (["sh", "-c", "# don't\nx --a --a"], [("--a", 2)]),
        (["sh", "-c", "x --a $(nproc) --a 2"], [("--a", 2)]),
        (["sh", "-c", "args=(\n  --a 1\n  --b # twice\n  --a 2\n)"], [("--a", 2)]),
        (["sh", "-c", 'set -- --a 1 --a 2\nserve "$@"'], [("--a", 2)]),
        (["sh", "-c", "ray start --head --port 6379   # the head\nvllm serve --port 8000"], []),
        (["sh", "-c", "if x --a; then y --a; else z --a; fi"], []),
        (["sh", "-c", "mpirun -np 1 x : -np 1 y"], []),
        (["sh", "-c", "A=/b exec find x -name a -o -name b"], []),
        (["sh", "-c", "[ 1 -eq 1 -a 2 -eq 2 ]"], []),
        (["sh", "-c", "x", "--a", "--a"], []),
        (["sh", "start.sh", "-c", "--a", "--a"], [("--a", 4)]),
        ([], []),
    ],
)
def test_flags_that_one_command_gets_twice(started, repeated):
    assert list(flags.repeated_flags(started)) == repeated


@pytest.mark.parametrize(
    ("started", "gives_up"),
    [
        (["sh", "-c", "echo 'one pod only' >&2; exit 1"], True),
        (["sh", "-c", "serve"], False),
        (["exit", "1"], False),
        ([], False),
    ],
)
def test_a_command_gives_up_if_its_script_does(started, gives_up):
    assert argv.gives_up(started) is gives_up


@pytest.mark.parametrize("character", ["'", "c", "-", " ", "=", "\n", "o"])
def test_arguments_of_any_length_are_checked(character):
    long = "-c" + character * scan.SCANNED_CHARACTERS + "!"
    for started in (["sh", long, long], ["sh", "-c", long, long], ["su", long], ["python3", long, long]):
        assert argv.passes(started, long) in {True, False}
        assert not list(flags.repeated_flags(started))
        assert not argv.gives_up(started)


@pytest.mark.parametrize(
    ("started", "lost"),
    [
        (["bash", "-c", 'serve "$@"', "--a"], True),
        (["bash", "-c", 'serve "$@"', "name", "--a"], False),
        (["bash", "-c", 'serve "$0" "$@"', "--a"], False),
        (["bash", "-c", "serve", "--a"], False),
        (["serve", "--a"], False),
    ],
)
def test_an_argument_taken_as_the_scripts_name_is_lost(started, lost):
    assert argv.becomes_name(started, "--a") is lost
