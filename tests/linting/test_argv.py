"""What is started: arguments, or the commands of a script."""

import pytest

from webhook.linting import argv


@pytest.mark.parametrize(
    ("started", "script"),
    [
        (["/bin/bash", "-c", "x"], "x"),
        (["sh", "-ec", "x", "y"], "x"),
        (["/usr/bin/env", "bash", "-lc", "x"], "x"),
        (["bash", "-e", "-c", "x"], "x"),
        (["python3", "-c", "x"], None),
        (["bash", "-c"], None),
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
        (["bash", "-c", "serve --a"], True),
        (["bash", "-c", "serve", "--a"], False),
        (["bash", "-c", 'serve "$@"', "name", "--a"], True),
        (["bash", "-c", "serve $* ", "--a"], True),
        (["bash", "-c", "serve ${@:1}", "--a"], True),
        (["bash", "-c", "serve $0", "--a"], False),
        (["python3", "-c", "import x", "--a"], True),
    ],
)
def test_an_argument_passes_where_something_takes_it(started, passed):
    assert argv.passes(started, "--a") is passed


@pytest.mark.parametrize(
    ("started", "repeated"),
    [
        (["serve", "--a", "1", "--a=2", "--a"], ["--a"]),
        (["serve", "-tp", "1", "-tp", "2"], ["-tp"]),
        (["serve", "-e", "A=1", "-e", "B=2"], []),
        (["serve", "--a=1", "--ab=1"], []),
        (["serve", "-1", "-1", "--", "--"], []),
        (["sh", "-c", "x --a 1 --a 2"], ["--a"]),
        (["sh", "-c", "x --a 1 \\\n  --a 2"], ["--a"]),
        (["sh", "-c", "x --a 1 | y --a 2 || z --a 3"], []),
        (["sh", "-c", "(x --a 1)\ny --a 2"], []),
        (["sh", "-c", "x --m='--a --a' --a"], []),
        (["sh", "-c", "x --a --a\npython <<E\nit's\nE"], ["--a"]),
    ],
)
def test_flags_that_one_command_gets_twice_are_found(started, repeated):
    assert list(argv.repeated_flags(started)) == repeated
