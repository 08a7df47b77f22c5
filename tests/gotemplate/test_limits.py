"""A template that asks for too much ends quickly, with an error that says which limit."""

import time
from collections.abc import Mapping

import pytest

from webhook.gotemplate import (
    DEFAULT_LIMITS,
    ExecError,
    ExecLimitError,
    LimitError,
    Limits,
    ParseError,
    ParseLimitError,
    Template,
    lexer,
    stream,
)

HUGE = [
    pytest.param("{{range 1000000000}}{{end}}", "exceeded 100000 steps", id="empty loop"),
    pytest.param("{{range 1000000000}}x{{end}}", "exceeded 100000 steps", id="loop that writes"),
    pytest.param("{{range 100000}}{{range 100000}}{{end}}{{end}}", "exceeded 100000 steps", id="nested loops"),
    pytest.param('{{define "a"}}{{template "a"}}{{template "a"}}{{end}}{{template "a"}}', "maximum template depth (64)", id="recursion"),
    pytest.param(
        '{{define "a"}}{{if .}}{{template "a" (slice . 1)}}{{template "a" (slice . 1)}}{{end}}{{end}}{{template "a" .L}}',
        "exceeded 100000 steps",
        id="exponential recursion",
    ),
    pytest.param('{{range 1000000000}}{{printf "%1000000d" 1}}{{end}}', "output exceeds 1048576 bytes", id="wide numbers"),
    pytest.param('{{printf "%1000000d%1000000d" 1 1}}', "output exceeds 1048576 bytes", id="two wide numbers"),
    pytest.param('{{printf "%1000000x" .L}}', "output exceeds 1048576 bytes", id="wide elements"),
    pytest.param('{{range 1000000000}}{{printf "%.1000000f" 1.0}}{{end}}', "output exceeds 1048576 bytes", id="long fractions"),
    pytest.param('{{$x := "abc"}}{{range 100}}{{$x = print $x $x}}{{end}}', "output exceeds 1048576 bytes", id="doubling"),
    pytest.param("{{range 1000000000}}{{$.S}}{{end}}", "exceeded 100000 steps", id="one long string often"),
    pytest.param("{{range 1000}}{{$.S}}{{end}}", "output exceeds 1048576 bytes", id="one long string a thousand times"),
    pytest.param("{{range 1000000000}}{{len $.U}}{{end}}", "exceeded 100000 steps", id="looking through a long string"),
    pytest.param("{{range 1000000000}}{{range $.D}}{{break}}{{end}}{{end}}", "exceeded 100000 steps", id="sorting a map"),
]  # fmt: skip
DATA: Mapping[str, object] = {
    "L": ["a"] * 40,
    "S": "s" * 200_000,
    "U": "é" * 20_000,
    "D": {str(number): number for number in range(2_000)},
}


@pytest.mark.parametrize(("text", "message"), HUGE)
def test_a_rendering_ends_at_its_limits(text: str, message: str) -> None:
    with pytest.raises(ExecLimitError, match="exceed") as raised:
        Template(text, "t").render(DATA)
    assert message in str(raised.value)
    assert isinstance(raised.value, LimitError)
    assert isinstance(raised.value, ExecError)


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ('{{printf "%1000000000d" 1}}', "%!(NOVERB)%!(EXTRA int=1)"),
        ('{{printf "%.1000000000f" 1.5}}', "%!(NOVERB)%!(EXTRA float64=1.5)"),
        ('{{printf "%*d" 1000000000 1}}', "%!(BADWIDTH)1"),
    ],
)
def test_go_itself_refuses_widths_above_a_million(text: str, output: str) -> None:
    assert Template(text).render({}) == output


def test_what_go_prints_within_the_limits_is_printed() -> None:
    assert Template('{{printf "%1000000d" 1}}').render({}) == "1".rjust(1_000_000)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{" + "(" * 5_000, id="parentheses"),
        pytest.param("{{if 1}}" * 5_000, id="ifs"),
        pytest.param("{{if 1}}" + "{{else if 1}}" * 5_000, id="else ifs"),
        pytest.param('{{block "a" .}}' * 5_000, id="blocks"),
    ],
)
def test_a_text_that_is_nested_too_deep_is_refused(text: str) -> None:
    with pytest.raises(ParseLimitError, match="nested deeper than 100") as raised:
        Template(text)
    assert isinstance(raised.value, ParseError)


def test_a_text_at_the_bound_of_nesting_works() -> None:
    depth = DEFAULT_LIMITS.nesting
    assert Template("{{if 1}}" * depth + "x" + "{{end}}" * depth).render({}) == "x"
    assert Template("{{" + "(" * depth + "1" + ")" * depth + "}}").render({}) == "1"
    assert Template("{{if 0}}" + "{{else if 0}}" * (depth - 1) + "{{else}}x{{end}}").render({}) == "x"


def test_a_text_that_is_too_large_is_refused() -> None:
    with pytest.raises(ParseLimitError, match="text of 12 bytes is larger than 10"):
        Template("é" * 6, limits=Limits(text_bytes=10))


def test_each_limit_can_be_set() -> None:
    with pytest.raises(ExecLimitError, match="exceeded 10 steps"):
        Template("{{range 5}}x{{end}}", limits=Limits(steps=10)).render({})
    with pytest.raises(ExecLimitError, match="output exceeds 3 bytes"):
        Template("{{.S}}", limits=Limits(output_bytes=3)).render({"S": "four"})
    with pytest.raises(ExecLimitError, match="output exceeds 3 bytes"):
        Template("{{.S}}", limits=Limits(output_bytes=3)).render({"S": "éé"})
    with pytest.raises(ExecLimitError, match=r"maximum template depth \(1\)"):
        Template(
            '{{template "a"}}{{define "a"}}{{template "b"}}{{end}}{{define "b"}}{{end}}', limits=Limits(call_depth=1)
        ).render({})
    with pytest.raises(ParseLimitError, match="nested deeper than 1"):
        Template("{{if 1}}{{if 1}}{{end}}{{end}}", limits=Limits(nesting=1))


def test_a_rendering_that_begins_after_its_deadline_is_given_up() -> None:
    with pytest.raises(ExecLimitError, match="exceeded the time allowed"):
        Template("x").render({}, deadline=time.monotonic() - 1)


def test_a_loop_that_passes_the_deadline_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 1.0, 2.0, 3.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    with pytest.raises(ExecLimitError, match=r"executing .* at <10>: exceeded the time allowed"):
        Template("{{range 10}}x{{end}}").render({}, deadline=1.5)


def test_recursion_deeper_than_python_allows_is_a_limit_too() -> None:
    text = '{{define "a"}}' + "{{if 1}}" * 90 + '{{template "a"}}' + "{{end}}" * 90 + '{{end}}{{template "a"}}'
    with pytest.raises(ExecLimitError, match="nested too deep"):
        Template(text).render({})


def chained(count: int) -> str:
    calls = "".join(f'{{{{define "{number}"}}}}{{{{template "{number + 1}" .}}}}{{{{end}}}}' for number in range(count))
    return f'{calls}{{{{define "{count}"}}}}{{{{.X}}}}{{{{end}}}}{{{{template "0" .}}}}'


def test_the_variables_of_a_long_chain_of_templates_are_found() -> None:
    assert [use.name for use in Template(chained(3_000)).variables] == ["X"]


def test_many_variables_of_one_name_that_may_not_exist_are_refused() -> None:
    assert Template("{{or " + "($a := 0) " * 16 + "}}{{$a}}").render({}) == "00"
    with pytest.raises(ParseLimitError, match=r"template: t:2: more than 16 variables \$a in arguments") as raised:
        Template("\n{{or " + "($a := 0) " * 17 + "}}", "t")
    assert (raised.value.line, raised.value.expression) == (2, "$a")
    many = "{{and " + " ".join(f"($v{number} := 1)" for number in range(100)) + "}}{{$v0}}{{$v99}}"
    assert Template(many).render({}) == "111"


def test_a_text_of_many_variables_is_read_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0

    class Name(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal looked_at
            looked_at += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    count = 300
    text = "".join(f"{{{{$v{number} := 1}}}}" for number in range(count)) + "{{$v0}}" * count
    read = lexer.tokens
    monkeypatch.setattr(
        stream,
        "tokens",
        lambda text: [
            token._replace(text=Name(token.text)) if token.kind is lexer.Kind.VARIABLE else token
            for token in read(text)
        ],
    )
    assert Template(text).render({}) == "1" * count
    assert looked_at < 20 * count


def test_what_is_no_function_is_named_in_the_error() -> None:
    with pytest.raises(ExecError, match="non-function print 1 2 of type string"):
        Template("{{call (print 1 2)}}").render({})
    with pytest.raises(ExecError, match=r"can't give argument to non-function \(print 1\) 1"):
        Template("{{((print 1) 1) 1}}").render({})
