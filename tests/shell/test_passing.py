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
    assert passing(script) == Passing(split, parsed)


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
