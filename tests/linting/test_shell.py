"""What a shell script holds: its comments and quotes, its commands, and whether it uses what is passed to it."""

import random

import pytest

from webhook.linting import scanner, shell

HEREDOC = "python3 - <<E  --a\nit's  $1\nE\nserve  --b"


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
        (HEREDOC, "python3 - <<E  --a\nqqqqqqqq\nq\nserve  --b"),
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
def test_what_is_no_code_is_masked(script, masked):
    assert scanner.masked(script) == masked


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a b\nc", [["a", "b"], ["c"]]),
        ("a;b&c&&d|e||f |& g", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("(a); { b; }", [["a"], ["b"]]),
        ("if a; then b; elif c; then d; else e; fi", [["a"], ["b"], ["c"], ["d"], ["e"], ["fi"]]),
        ("while a; do b; done", [["a"], ["b"], ["done"]]),
        ("until ! a; do b; done", [["a"], ["b"], ["done"]]),
        ("for x in a b; do c; done", [["for", "x", "in", "a", "b"], ["c"], ["done"]]),
        ('case "$x" in a|b) c;; esac', [["case", "$x", "in", "a"], ["b"], ["c"], ["esac"]]),
        ("echo then 'do' {", [["echo", "then", "do", "{"]]),
        ("'then' x", [["then", "x"]]),
        ("log() { a; }\nfunction f { b; }", [["log"], ["a"], ["function", "f"], ["b"]]),
        ("a \\\n  b\\\nc", [["a", "bc"]]),
        ("a \\\n # b\nc", [["a"], ["c"]]),
        ("a # b; c\nd", [["a"], ["d"]]),
        ("a # don't\nd", [["a"], ["d"]]),
        ("a \\\n  --b # c \\\n  --d", [["a", "--b"], ["--d"]]),
        ("a http://a/#x ${#files[@]} b", [["a", "http://a/#x", "${#files[@]}", "b"]]),
        ("a --a $(nproc) --a 2", [["a", "--a", "$(nproc)", "--a", "2"]]),
        ("a $(b | c; (d)) e", [["a", "$(b | c; (d))", "e"]]),
        ("a `b; c` d", [["a", "`b; c`", "d"]]),
        ("a ${x:-b c} d", [["a", "${x:-b c}", "d"]]),
        ("a $((1 + (2))) b", [["a", "$((1 + (2)))", "b"]]),
        ("diff <(a; b) <(c)", [["diff", "<(a; b)", "<(c)"]]),
        ('a "b;  $(c "d")" e', [["a", 'b;  $(c "d")', "e"]]),
        ('a "b \\" \\n \\$" c\\ d \\', [["a", 'b " \\n $', "c d", "\\"]]),
        ("a --b='c d'\"e\" '' \"\"", [["a", "--b=c de", "", ""]]),
        ("a $'b c' d", [["a", "b c", "d"]]),
        ("a 'b c", [["a", "b c"]]),
        ('a "b c', [["a", "b c"]]),
        ("a >&2; b 2>&1 &>c", [["a", ">&2"], ["b", "2>&1", "&>c"]]),
        (HEREDOC, [["python3", "-", "<<E", "--a"], ["serve", "--b"]]),
        ("cat <<E | a\nb; c\nE\nd", [["cat", "<<E"], ["a"], ["d"]]),
        ("a <<< b\nc", [["a", "<<<", "b"], ["c"]]),
        ("args=(\n  --a 1 # don't\n  --b\n)\nc", [["args=", "--a", "1", "--b"], ["c"]]),
        ("args+=(--a $(b)); c", [["args+=", "--a", "$(b)"], ["c"]]),
        ("args=(--a\n", [["args=", "--a"]]),
        ("A=1 exec env B=2 nohup time a", [["A=1", "exec", "env", "B=2", "nohup", "time", "a"]]),
        ("a\r\nb\t\tc", [["a"], ["b", "c"]]),
        ("# only\n\n;;", []),
        ("", []),
    ],
)
def test_the_commands_of_a_script_are_lists_of_words(script, commands):
    assert list(shell.commands(script)) == commands


@pytest.mark.parametrize(
    "script",
    [
        'serve "$@"',
        "serve $*",
        "serve $1",
        "serve x$9y",
        "serve ${@:1}",
        "serve ${*}",
        "serve ${1:-x}",
        "serve ${10}",
        "printf '%s' \"$@\"",
        "# don't\nserve $1",
        'serve "it\'s $1"',
        'serve "${x:-it\'s $1}"',
        'serve "$(echo "$1")"',
        "cat <<E\nit's $1\nE",
        "cat <<E\n${1}\nE",
        "for a; do serve $a; done",
        "for a\ndo\n  serve $a\ndone",
        "for a do serve $a; done",
        "while getopts ab: each; do x; done",
        'log() { echo "$@"; }\nlog "$1"',
        'log() { if a; then { b; }; fi; }; serve "$@"',
        'function log {\n  echo "$1"\n}\nserve "$@"',
        'echo "$1" | { serve "$2"; }',
        "(serve $1)",
        "f() ( a; ); serve $1",
    ],
)
def test_a_script_uses_its_parameters(script):
    assert shell.takes_parameters(script)


@pytest.mark.parametrize(
    "script",
    [
        "serve",
        "serve $0 $# ${#} ${#files[@]} ${files[@]} ${x1} $x1",
        "serve \\$1",
        'serve "\\$@"',
        "serve $$1",
        'serve # "$@" is ignored',
        '# "$@" is ignored\nserve',
        "ps | awk '{print $1}'",
        "x=\"$(ps | awk '{print $1}')\"",
        "cat <<'E'\n$1\nE",
        'cat <<"E"\n$1\nE',
        "cat <<E\n\\$1 $$1 $x1\nE",
        'log() { echo "$@"; }',
        'log () {\n  echo "$@"\n}\nlog a',
        'log()\n{\n  echo "$1"\n}',
        'log() { if a; then { b; }; fi; echo "$1"; }',
        'function log { echo "$@"; }',
        'function log() { for a; do echo "$1"; done; }',
        'log() ( (echo a); echo "$1" )',
        'log() { echo "$@"',
        'a() { echo "$1"; }; b() { echo "$2"; }; serve',
        "for a in b c; do serve $a; done",
        "for ((i = 0; i < 3; i++)); do serve; done",
        "for",
        "serve ${",
        "",
    ],
)
def test_a_script_does_not_use_its_parameters(script):
    assert not shell.takes_parameters(script)


@pytest.mark.parametrize(
    ("script", "gives_up"),
    [
        ("exit 1", True),
        ("echo 'one pod only' >&2; exit 1", True),
        ("echo no\nexit 64;  # so it is\n\n", True),
        ('if a; then b; fi\nexit "2" >&2', True),
        ("log() { a; }; exit 1", True),
        ("exit 0", False),
        ("exit 00", False),
        ("exit", False),
        ("exit $?", False),
        ("exit 1; serve", False),
        ("serve || exit 1", False),
        ("a &&\nexit 1", False),
        ("serve || { echo no; exit 1; }", False),
        ("(exit 1)", False),
        ("if a; then exit 1; fi", False),
        ("serve # exit 1", False),
        ("echo 'a\nexit 1'", False),
        ("cat <<E\nexit 1\nE", False),
        ("exit 1 &", False),
        ("", False),
    ],
)
def test_a_script_gives_up_if_it_ends_by_failing(script, gives_up):
    assert shell.gives_up(script) is gives_up


def test_comments_are_left_out_but_not_their_line_ends():
    assert scanner.uncommented("a # --b\nc '# d' <<E\n# e\nE") == "a \nc '# d' <<E\n# e\nE"


def test_only_the_beginning_of_a_long_script_is_looked_through():
    script = "x" * scanner.LOOKED_THROUGH + "\n  'y\n"
    assert scanner.masked(script) == "x" * scanner.LOOKED_THROUGH + "\nqqqq\n"
    assert list(shell.commands(script)) == [["x" * scanner.LOOKED_THROUGH]]
    assert scanner.uncommented(script) == script
    assert not shell.takes_parameters(script + '"$@"')


PIECES = [
    *("'", '"', "`", "\\", "$(", "${", "$((", "((", "<(", "=(", "(", ")", "{", "}", "$'", "$1", "$@", "#", "a#", "a"),
    *("<<E ", "<<-'E'", "<<'", '<<"', "<<<", "<<\t", "E\n", "\nE\n", "\n", " ", "\t", ";", "&", "|", "<", ">"),
    *('"$(', '"${', "f() { ", "for a\n"),
]
#: What a scan might go over again and again.
NASTIEST = ["'", "$'", '"$(', "`", "((", "a#", "<<A ", "<<\t", "E\n", "f() { "]


@pytest.mark.parametrize(
    "script",
    [
        *(piece * 1_000 for piece in PIECES),
        *((piece * scanner.LOOKED_THROUGH)[: scanner.LOOKED_THROUGH] for piece in NASTIEST),
        *("".join(random.Random(seed).choices(PIECES, k=1_000)) for seed in range(20)),
    ],
    ids=lambda script: ascii(script[:10]),
)
def test_nasty_text_is_looked_through_without_losing_a_character(script):
    assert "".join(script[span.start : span.end] for span in scanner.spans(script)) == script
    assert len(scanner.masked(script)) == len(script)
    assert scanner.masked(script).count("\n") == script.count("\n")
    assert all(isinstance(word, str) for command in shell.commands(script) for word in command)
    assert shell.takes_parameters(script) in {True, False}
    assert shell.gives_up(script) in {True, False}
