"""What a script does not finish, with bash itself as the judge."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook.shell import scan, syntax

UNFINISHED = {
    'serve "$@': ('"', '"', 6),
    'serve \'a "$@"': ("'", "'", 6),
    "echo don't": ("'", "'", 8),
    "serve $'it\\'s": ("'", "'", 6),
    'serve "$@" `hostname': ("`", "`", 11),
    'serve "$@" $(hostname': ("$(", ")", 11),
    'serve "$@" ${HOME': ("${", "}", 11),
    "echo $((1 + 2)": ("$((", "))", 5),
    'name=$(echo "a)': ('"', '"', 12),
    "serve &&": ("&&", "", 6),
    "if true; then serve": ("if", "fi", 0),
    "if a; then if b; then c; fi": ("if", "fi", 0),
    "while true; do sleep 1": ("do", "done", 12),
    "for x in a b; do\n  echo $x\n": ("do", "done", 14),
    "case $x in a) b ;;": ("case", "esac", 0),
    "f() { if a; then b; }": ("if", "fi", 6),
    "serve |\n# a comment": ("|", "", 6),
}
FINISHED = [
    'exec serve "$@"',
    'echo "it\'s" \'a "b"\'',
    "cat <<'EOF'\nit's \"a\nEOF\nserve",
    "serve # it's \"commented",
    "echo \\' \\\"",
    "echo $'it\\'s'",
    'x="${a:-"b"}"; y=${#x}; z=$((${#y} + (1)))',
    'case "$x" in a) b ;; *) c ;; esac',
    "serve ||\n  exit 1",
    "if a; then b; elif c; then d; else e; fi",
    "until a; do b; done < file | c",
    "for ((i = 0; i < 3; i++)); do echo $i; done",
    "! if a; then b; fi && c",
    "{ if a; then b; fi; } 2>&1",
    "while read -r x; do case $x in if) a ;; *) do=done ;; esac; done",
    "echo if do case",
    "if a; then { b; } fi",
    "while a; do while b; do c; done done",
    "if (a) then b; fi",
    "x=$(if a; then b; fi)",
    "select x in a; do break; done",
    "function f { while a; do b; done; }",
    "serve &",
    "",
]
PIECES = st.sampled_from(
    [
        "serve",
        " ",
        "\n",
        '"$@"',
        '"',
        "'",
        "it's",
        "`",
        "$(date)",
        "$(",
        ")",
        "${HOME}",
        "${",
        "&&",
        "||",
        "|",
        ";",
        "# a",
        "if ",
        "then ",
        "fi",
        "do ",
        "done",
        "while ",
        "{ ",
        "}",
        "\\'",
    ]
)


def refused(script):
    """Return whether bash refuses to read a script."""
    return subprocess.run(["bash", "-n", "-c", script], capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize(("script", "expected"), UNFINISHED.items())
def test_what_is_never_closed_or_followed_is_found_at_its_beginning(script, expected):
    assert syntax.unfinished(script) == syntax.Unfinished(*expected)
    assert refused(script)


@pytest.mark.parametrize("script", FINISHED)
def test_scripts_that_are_complete(script):
    assert syntax.unfinished(script) is None
    assert not refused(script)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(PIECES, max_size=8).map("".join))
def test_whatever_is_found_is_refused_by_a_shell(script):
    assert syntax.unfinished(script) is None or refused(script)


def test_a_script_that_is_too_long_to_be_read_is_not_judged():
    assert syntax.unfinished("'" + "a" * scan.SCANNED_CHARACTERS) is None
