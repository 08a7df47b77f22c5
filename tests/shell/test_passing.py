"""How scripts pass their arguments on."""

import pytest

from webhook.shell.passing import Passing, passing


@pytest.mark.parametrize(
    ("script", "split", "parsed"),
    [
        ('exec serve "$@"', False, False),
        ('exec serve "${@}"', False, False),
        ("exec serve $@", True, False),
        ("exec serve ${*}", True, False),
        ("exec serve ${@:2}", True, False),
        ('exec serve "${@:2}"', False, False),
        ("args=($@)", True, False),
        ("f() { serve $@; }", True, False),
        ("if [[ -n $@ ]]; then serve; fi", False, False),
        ("# $@", False, False),
        ("serve '$@'", False, False),
        ('eval "exec serve $@"', False, True),
        ('eval serve "$@"', False, True),
        ('exec bash -c "serve $*"', False, True),
        ('exec bash -c \'serve "$@"\' - "$@"', False, False),
        ('su - user -c "serve $*"', False, True),
        ('eval "serve ${*@Q}"', False, False),
        ('eval "serve $(printf \'%q \' "$@")"', False, False),
        ('all="$*"', False, False),
        ("cat <<E\n$@\nE", False, False),
    ],
)
def test_passing(script, split, parsed):
    assert passing(script)[:2] == (split, parsed)


@pytest.mark.parametrize(
    ("script", "split", "joined"),
    [
        ('serve "$*"', False, True),
        ('serve --all="$@"', False, True),
        ('serve "all: $@"', False, True),
        ('echo "starting: $*"; exec serve "$@"', False, False),
        ('args="$*"; exec serve $args', True, False),
        ('args="$@"\nexec serve "${args}"', False, True),
        ('args=("$@"); exec serve "${args[@]}"', False, False),
        ('args=(--port=1 "$@"); exec serve ${args[@]}', True, False),
        ('args=("$@"); exec serve "${args[*]}"', False, True),
        ('fixed=(--port=1); exec serve ${fixed[@]} "$@"', False, False),
        ('line="$*"; echo "$line"; exec serve "$@"', False, False),
        ('exec serve --name=$0 "$@"', True, False),
        ('exec serve --name="$0" "$@"', False, False),
        ("exec serve '--name=$0' \"$@\"", False, False),
    ],
)
def test_arguments_through_variables_and_as_one_word(script, split, joined):
    assert passing(script) == Passing(split, joined=joined)


@pytest.mark.parametrize(
    ("argument", "split", "parsed"),
    [
        ("a b", True, True),
        ("", True, True),
        ("a*", True, True),
        ("[a]", True, True),
        ("$a", False, True),
        ("'", False, True),
        ("{", False, False),
    ],
)
def test_what_changes(argument, split, parsed):
    assert Passing(split=True).changes(argument) is split
    assert Passing(parsed=True).changes(argument) is parsed
    assert not Passing().changes(argument)
