"""The commands of a shell script, its parameters, and how it ends."""

import pytest

from webhook.shell import commands


@pytest.mark.parametrize(
    ("script", "expected"),
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
        ("python3 - <<E  --a\nit's  $1\nE\nserve  --b", [["python3", "-", "<<E", "--a"], ["serve", "--b"]]),
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
def test_commands_are_lists_of_words(script, expected):
    assert list(commands.simple_commands(script)) == expected


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
    assert commands.takes_parameters(script)


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
    assert not commands.takes_parameters(script)


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
    assert commands.gives_up(script) is gives_up
