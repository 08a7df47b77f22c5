"""The words of a script, compared with bash itself."""

import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webhook.shell import words

SHOW = "import json, sys; print(json.dumps(sys.argv[1:]))"
#: Everything that means something to a shell, and some that does not; a tilde may or may not begin a user's name.
CHARACTERS = "ab1{},.'\"$`\\*?[]!#;&|()<> \n\t=:-^%@+_é/~"


@pytest.fixture(scope="session")
def bash(tmp_path_factory):
    """Return a function that runs bash in an empty folder; a glob without a match ends it."""
    folder = tmp_path_factory.mktemp("bash")
    show = folder / "show"
    show.write_text(f"#!{sys.executable} -IS\n{SHOW}\n")
    show.chmod(0o755)

    def received(script):
        """Return the arguments that the command `show` of a script gets; None if it does not run once."""
        environment = {"PATH": f"{folder}:/nonexistent", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}
        command = ["/bin/bash", "-O", "failglob", "-r", "-c", script]
        ran = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False
        )
        try:
            return json.loads(ran.stdout)
        except ValueError:
            return None

    return received


def of(script):
    return [word for command in words.commands(script) for word in command]


def holds_for(bash, argument):
    arrived = bash(f"show first {argument} last") == ["first", argument, "last"]
    if argument.startswith("~") or "=~" in argument or ":~" in argument:
        assert arrived or not words.arrives(argument)
    else:
        assert words.arrives(argument) == arrived


ARGUMENTS = st.tuples(st.sampled_from(["", "--x="]), st.text(CHARACTERS, max_size=7)).map("".join)


@pytest.mark.slow
@given(ARGUMENTS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_an_argument_arrives_exactly_if_bash_says_so(bash, argument):
    holds_for(bash, argument)


@pytest.mark.long
@given(ARGUMENTS)
@settings(max_examples=5_000, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_more_arguments_arrive_exactly_if_bash_says_so(bash, argument):
    holds_for(bash, argument)


@pytest.mark.parametrize(
    ("argument", "arriving"),
    [
        ("--a=b", True),
        ("{a}", True),
        ("{a,b}", False),
        ("{'a',\"b\"}", False),
        ("{a},b}", False),
        ("{a,{b}", True),
        ("{{a,b}", False),
        ("{1..3}", False),
        ("{1..b}", True),
        ("{a..e..2}", False),
        ("{..}", True),
        ("a[", True),
        ("[a]", False),
        ("[/]", True),
        ("{a}{b},c}", False),
        ("{a..},b}", False),
        ("a#b", True),
        ("#b", False),
        ("a~", True),
        ("a$", True),
        ("$[1]", False),
        ("$a", False),
        ("a!b", True),
        ("a^b%c@d", True),
        ("", False),
        ("é", True),
        ("a\u00a0b", True),
        ("a>b", False),
        ("<(a)", False),
    ],
)
def test_what_bash_makes_of_an_argument(bash, argument, arriving):
    assert words.arrives(argument) is arriving
    assert (bash(f"show first {argument} last") == ["first", argument, "last"]) is arriving


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a 'b c' \"d e\" f\\ g ''", ["a", "b c", "d e", "f g", ""]),
        ('a "$@" b$1', ["a", "$@", "b$1"]),
        ("a $(b 'c d') e", ["a", "$(", "b", "c d", ")", "e"]),
        ('a "x`b`y"', ["a", "x`", "b", "`y"]),
        ('a "${b:-"c d"}" $((1 + 2)) ((1))', ["a", '${b:-"c d"}', "$((1 + 2))", "((1))"]),
        ("a \\\n  b # c\nd", ["a", "b", "d"]),
        ("a $'b\\nc' $'d'", ["a", "b\\nc", "d"]),
        ('a "b\\\nc" "\\x\\""', ["a", "bc", '\\x"']),
        ("a <<E\nb $c `d` \\$e\nE\nf", ["a", "<<E", "b $c `d` $e\nE", "f"]),
        ("a <<'E'\nb $c\nE", ["a", "<<'E'", "b $c\nE"]),
        ("$(a (b))", ["$(", "a", "(", "b", ")", ")"]),
    ],
)
def test_words(script, expected):
    assert sorted(word.text for word in of(script)) == sorted(expected)


def test_what_is_expanded_is_apart_and_quoted_or_not():
    assert of('a"$b"$c*')[0] == words.Word(("a", '"$', "b", "$", "c*"), pattern=True)


def test_a_here_document_expands_unless_its_delimiter_is_quoted():
    for script, expansions in (("a <<E\n$b\nE", ("$",)), ("a <<'E'\n$b\nE", ())):
        document = next(word for word in of(script) if word.document)
        assert document.expansions == expansions


@pytest.mark.parametrize("unit", ["{", "${", "$(", "(", '"', "'", "`", "$((", "[", "<<a", "{a,"])
def test_any_nesting_is_read(unit):
    assert of(unit * 3_000) is not None
