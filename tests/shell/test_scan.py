"""How a shell script is split into code, quotes, comments, and here-documents."""

import random

import pytest

from webhook.shell import commands, scan


@pytest.mark.parametrize(
    ("script", "masked"),
    [
        ("serve  --a", "serve  --a"),
        ("# don't\nserve  'x'", "qqqqqqq\nserve  qqq"),
        ("serve # the  'head'\nserve", "serve qqqqqqqqqqqqq\nserve"),
        ("(# a\n);# b\n&# c", "(qqq\n);qqq\n&qqq"),
        ("curl http://a/#x  y", "curl http://a/#x  y"),
        ("echo ${#files[@]}  $#  x", "echo ${#files[@]}  $#  x"),
        ("echo \\#  x", "echo \\#  x"),
        ("x 'a  b'  c", "x qqqqqq  c"),
        ("x $'it\\'s  a'  c", "x qqqqqqqqqqq  c"),
        ("x 'a\n  b'  c", "x qq\nqqqq  c"),
        ('x "a  b"  c', "x qqqqqq  c"),
        ('x "a \\"  b"  c', "x qqqqqqqqq  c"),
        ('x "it\'s"  c', "x qqqqqq  c"),
        ('x "$(y "a  b")  z"  c', "x qqqqqqqqqqqqqqqq  c"),
        ('x "${y:-it\'s}"  c', "x qqqqqqqqqqqq  c"),
        ("x ${y:-'a  b'}  c", "x ${y:-qqqqqq}  c"),
        ("x $(y 'a  b')  c", "x $(y qqqqqq)  c"),
        ("x `y # 'a`  c", "x `y qqqq`  c"),
        ("x \\'  c", "x \\'  c"),
        ("x \\", "x \\"),
        ("x 'a  b", "x qqqqq"),
        ('x "a  $(b "', "x qqqqqqqqq"),
        ("x $'a\\", "x qqqq"),
        ("python3 - <<E  --a\nit's  $1\nE\nserve  --b", "python3 - <<E  --a\nqqqqqqqq\nq\nserve  --b"),
        ("x <<'E F'\na  b\nE F\n  c", "x <<'E F'\nqqqq\nqqq\n  c"),
        ("x <<-E\n\ta  b\n\tE\n  c", "x <<-E\nqqqqq\nqq\n  c"),
        ("x <<E\n\tE\n  c", "x <<E\nqq\nqqq"),
        ("x <<A <<\\B\na\nA\nb\nB\n  c", "x <<A <<\\B\nq\nq\nq\nq\n  c"),
        ("x <<E\nE\n  c", "x <<E\nq\n  c"),
        ("x <<E\na  b", "x <<E\nqqqq"),
        ("x <<E\n", "x <<E\n"),
        ("x <<E", "x <<E"),
        ("x <<<E\n  c", "x <<<E\n  c"),
        ("x << \n  c", "x << \n  c"),
        ("x $((1 << y))\n  c", "x $((1 << y))\n  c"),
        ("((x = (1) << y))\n  c", "((x = (1) << y))\n  c"),
        ("x $(cat <<E\nit's\nE\n)  c", "x $(cat <<E\nqqqq\nq\n)  c"),
        ("", ""),
    ],
)
def test_everything_but_code_is_masked(script, masked):
    assert scan.masked(script) == masked


def test_comments_are_removed_but_not_their_line_ends():
    assert scan.uncommented("a # --b\nc '# d' <<E\n# e\nE") == "a \nc '# d' <<E\n# e\nE"


def test_only_the_beginning_of_a_long_script_is_scanned():
    script = "x" * scan.SCANNED_CHARACTERS + "\n  'y\n"
    assert scan.masked(script) == "x" * scan.SCANNED_CHARACTERS + "\nqqqq\n"
    assert list(commands.simple_commands(script)) == [["x" * scan.SCANNED_CHARACTERS]]
    assert scan.uncommented(script) == script
    assert not commands.takes_parameters(script + '"$@"')


PIECES = [
    *("'", '"', "`", "\\", "$(", "${", "$((", "((", "<(", "=(", "(", ")", "{", "}", "$'", "$1", "$@", "#", "a#", "a"),
    *("<<E ", "<<-'E'", "<<'", '<<"', "<<<", "<<\t", "E\n", "\nE\n", "\n", " ", "\t", ";", "&", "|", "<", ">"),
    *('"$(', '"${', "f() { ", "for a\n"),
]
#: Pieces whose repetition could make a careless scanner read the same text again and again.
NASTIEST = ["'", "$'", '"$(', "`", "((", "a#", "<<A ", "<<\t", "E\n", "f() { "]


@pytest.mark.parametrize(
    "script",
    [
        *(piece * 1_000 for piece in PIECES),
        *(piece * (scan.SCANNED_CHARACTERS // 5 // len(piece)) for piece in NASTIEST),
        *("".join(random.Random(seed).choices(PIECES, k=1_000)) for seed in range(20)),
    ],
    ids=lambda script: ascii(script[:10]),
)
def test_hostile_text_is_scanned_without_losing_a_character(script):
    masked = scan.masked(script)

    assert "".join(script[span.start : span.end] for span in scan.spans(script)) == script
    assert len(masked) == len(script)
    assert masked.count("\n") == script.count("\n")
    assert all(isinstance(word, str) for command in commands.simple_commands(script) for word in command)
    assert commands.takes_parameters(script) in {True, False}
    assert commands.gives_up(script) in {True, False}
