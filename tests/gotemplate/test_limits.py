"""A template that asks for too much fails quickly, with an error that names the limit."""

import time
from collections.abc import Iterator, Mapping

import pytest

from webhook.gotemplate import (
    DEFAULT_LIMITS,
    Budget,
    ExecError,
    ExecLimitError,
    LimitError,
    Limits,
    NoValue,
    ParseError,
    ParseLimitError,
    Template,
)
from webhook.gotemplate.exec import funcs
from webhook.gotemplate.exec.state import State
from webhook.gotemplate.fmt.printf import _simple_layout
from webhook.gotemplate.parse import lex, stream
from webhook.gotemplate.values import Window, of_strings

HUGE = [
    pytest.param("{{range 1000000000}}{{end}}", "exceeded 100000 steps", id="empty loop"),
    pytest.param("{{range 1000000000}}x{{end}}", "exceeded 100000 steps", id="loop with output"),
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
    pytest.param("{{range 1000000000}}{{$.S}}{{end}}", "exceeded 100000 steps", id="one long string many times"),
    pytest.param("{{range 1000}}{{$.S}}{{end}}", "output exceeds 1048576 bytes", id="one long string a thousand times"),
    pytest.param("{{range 1000000000}}{{len $.U}}{{end}}", "exceeded 100000 steps", id="scanning a long string"),
    pytest.param("{{range 1000000000}}{{range $.D}}{{break}}{{end}}{{end}}", "exceeded 100000 steps", id="sorting a map"),
    pytest.param("{{range $.M}}{{break}}{{end}}", "exceeded 100000 steps", id="sorting a map that is larger than the steps"),
    pytest.param("{{range 20}}{{if eq $.S $.V}}{{end}}" + "{{if eq $.S $.V}}{{end}}" * 20 + "{{end}}", "exceeded 100000 steps", id="comparing long strings"),
    pytest.param("{{range 1000}}{{and " + "1 " * 2_000 + "}}{{end}}", "exceeded 100000 steps", id="many operands"),
    pytest.param("{{range 10000}}{{if 1" + "|not" * 50 + "}}{{end}}{{end}}", "exceeded 100000 steps", id="many stages"),
    pytest.param("{{range 1000}}{{if $" + ".a" * 2_000 + "}}{{end}}{{end}}", "exceeded 100000 steps", id="many fields"),
    pytest.param("{{print " + "$.B " * 10 + "}}", "exceeded 100000 steps", id="printing long lists"),
    pytest.param("{{print " + "$.D " * 50 + "}}", "exceeded 100000 steps", id="printing maps"),
    pytest.param("{{print " + "$.F " * 50 + "}}", "exceeded 100000 steps", id="printing floats"),
    pytest.param('{{printf "%x" .B}}', "exceeded 100000 steps", id="a verb for each element"),
    pytest.param('{{printf "' + "%[1]T" * 100 + '" .B}}', "exceeded 100000 steps", id="the type of a long list"),
    pytest.param("{{printf .P}}", "exceeded 100000 steps", id="a layout from the data"),
    pytest.param("{{printf .O}}", "exceeded 100000 steps", id="a layout of brackets"),
    pytest.param("{{eq .B .B}}", "exceeded 100000 steps", id="lists that cannot be compared"),
    pytest.param("{{.Z}}", "exceeded 100000 steps", id="printing shared lists"),
    pytest.param("{{print .Z 1}}", "exceeded 100000 steps", id="printing shared lists by a function"),
    pytest.param('{{printf "%d" .Z}}', "exceeded 100000 steps", id="a verb for shared lists"),
    pytest.param('{{printf "%q" .W}}', "exceeded 100000 steps", id="quoting a long string"),
    pytest.param("{{js .W}}", "exceeded 100000 steps", id="escaping a long string"),
    pytest.param('{{$w := slice .H 100000}}{{printf "' + "%[1]T" * 2_000 + '" $w}}', "exceeded 100000 steps", id="types of slices of lists"),
    pytest.param("{{html .S .S .S .S .S .S}}", "output exceeds 1048576 bytes", id="long arguments"),
]  # fmt: skip
SHARED: list[object] = ["x"]
for _ in range(40):
    SHARED = [SHARED, SHARED]
DATA: Mapping[str, object] = {
    "L": ["a"] * 40,
    "S": "s" * 200_000,
    "U": "é" * 20_000,
    "D": {str(number): number for number in range(2_000)},
    "M": dict.fromkeys(map(str, range(120_000))),
    "V": "s" * 199_999 + "t",
    "B": [""] * 40_000,
    "F": [1.5] * 1_000,
    "P": "%" * 400_000,
    "O": "%[" * 200_000,
    "W": "é" * 450_000,
    "Z": SHARED,
    "H": [*["a"] * 100_000, {}],
}


@pytest.mark.parametrize(("text", "message"), HUGE)
def test_a_rendering_stops_at_its_limits(text: str, message: str) -> None:
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


def test_long_output_within_the_limits_is_printed() -> None:
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
def test_a_text_that_is_nested_too_deep_is_rejected(text: str) -> None:
    with pytest.raises(ParseLimitError, match="nested deeper than 100") as raised:
        Template(text)
    assert isinstance(raised.value, ParseError)


def test_a_text_at_the_limit_of_nesting_works() -> None:
    depth = DEFAULT_LIMITS.nesting
    assert Template("{{if 1}}" * depth + "x" + "{{end}}" * depth).render({}) == "x"
    assert Template("{{" + "(" * depth + "1" + ")" * depth + "}}").render({}) == "1"
    assert Template("{{if 0}}" + "{{else if 0}}" * (depth - 1) + "{{else}}x{{end}}").render({}) == "x"


def test_a_text_that_is_too_large_is_rejected() -> None:
    with pytest.raises(ParseLimitError, match="text of 12 bytes is larger than 10 bytes"):
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


def test_renderings_share_a_budget() -> None:
    budget = Budget(steps=100, size=10)
    assert Template("four").render({}, budget=budget) == "four"
    assert (budget.steps, budget.size) == (91, 6)
    assert Template("{{range 20}}{{end}}{{$x := print 12}}").render({}, budget=budget) == ""
    assert (budget.steps, budget.size) == (40, 4)
    with pytest.raises(ExecLimitError, match="exceeded 40 steps"):
        Template("{{range 20}}{{end}}").render({}, budget=budget)
    assert budget.exceeded


@pytest.mark.parametrize("text", ["éé", "{{.}}", '{{print "four"}}', "{{js .}}"])
def test_a_budget_bounds_output_and_built_strings(text: str) -> None:
    budget = Budget(steps=100, size=3)
    with pytest.raises(ExecLimitError, match="output exceeds 3 bytes"):
        Template(text).render("four", budget=budget)
    assert budget.exceeded


def test_a_rendering_that_exceeds_its_own_limit_leaves_the_rest_of_the_budget() -> None:
    budget = Budget(steps=100, size=100)
    with pytest.raises(ExecLimitError, match="exceeded 10 steps"):
        Template("{{range 20}}{{end}}", limits=Limits(steps=10)).render({}, budget=budget)
    assert not budget.exceeded


def test_what_runs_only_once_counts_for_a_budget() -> None:
    budget = Budget(steps=20, size=100)
    Template("x").render({}, budget=budget)
    Template("{{.}}").render("x", budget=budget)
    for text in ("x", "{{.}}"):
        with pytest.raises(ExecLimitError, match="exceeded 2 steps"):
            Template(text).render("x", budget=Budget(budget.steps, budget.size))


def test_a_rendering_that_starts_after_its_deadline_fails() -> None:
    with pytest.raises(ExecLimitError, match="exceeded the time allowed"):
        Template("x").render({}, deadline=time.monotonic() - 1)


def test_a_loop_fails_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 1.0, 2.0, 3.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    with pytest.raises(ExecLimitError, match=r"executing .* at <10>: exceeded the time allowed"):
        Template("{{range 10}}x{{end}}").render({}, deadline=1.5)


def test_calls_of_templates_fail_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 1.0, 2.0, 3.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    with pytest.raises(ExecLimitError, match=r"executing .* at <{{template \"a\"}}>: exceeded the time allowed"):
        Template('{{define "a"}}{{end}}' + '{{template "a"}}' * 5).render({}, deadline=1.5)


def test_recursion_that_is_too_deep_for_python_is_a_limit_error() -> None:
    text = '{{define "a"}}' + "{{if 1}}" * 90 + '{{template "a"}}' + "{{end}}" * 90 + '{{end}}{{template "a"}}'
    with pytest.raises(ExecLimitError, match="nested too deep"):
        Template(text).render({})


def chained(count: int) -> str:
    calls = "".join(f'{{{{define "{number}"}}}}{{{{template "{number + 1}" .}}}}{{{{end}}}}' for number in range(count))
    return f'{calls}{{{{define "{count}"}}}}{{{{.X}}}}{{{{end}}}}{{{{template "0" .}}}}'


def test_the_variables_of_a_long_chain_of_templates_are_found() -> None:
    assert [use.name for use in Template(chained(3_000)).variables] == ["X"]


def test_too_many_optional_variables_of_one_name_are_rejected() -> None:
    assert Template("{{or " + "($a := 0) " * 16 + "}}{{$a}}").render({}) == "00"
    with pytest.raises(ParseLimitError, match=r"template: t:2: more than 16 variables \$a in the arguments") as raised:
        Template("\n{{or " + "($a := 0) " * 17 + "}}", "t")
    assert (raised.value.line, raised.value.expression) == (2, "$a")
    many = "{{and " + " ".join(f"($v{number} := 1)" for number in range(100)) + "}}{{$v0}}{{$v99}}"
    assert Template(many).render({}) == "111"


def test_many_variables_are_parsed_in_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    class Name(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    count = 300
    text = "".join(f"{{{{$v{number} := 1}}}}" for number in range(count)) + "{{$v0}}" * count
    original = lex.tokens
    monkeypatch.setattr(
        stream,
        "tokens",
        lambda text: [
            token._replace(text=Name(token.text)) if token.kind is lex.Kind.VARIABLE else token
            for token in original(text)
        ],
    )
    assert Template(text).render({}) == "1" * count
    assert compared < 20 * count


def test_the_error_names_the_value_that_is_not_a_function() -> None:
    with pytest.raises(ExecError, match="non-function print 1 2 of type string"):
        Template("{{call (print 1 2)}}").render({})
    with pytest.raises(ExecError, match=r"can't give argument to non-function \(print 1\) 1"):
        Template("{{((print 1) 1) 1}}").render({})


class Counted(list[object]):
    """A list that counts how often it is iterated over."""

    walks = 0

    def __iter__(self) -> Iterator[object]:
        type(self).walks += 1
        return super().__iter__()


@pytest.mark.parametrize(
    "text",
    [
        "{{range 50}}{{range .}}{{end}}{{end}}{{range $.C}}{{.x.y}}{{end}}",
        '{{$w := slice .C 99}}{{printf "%[1]T%[1]T%[1]T" $w}}',
    ],
)
def test_the_element_type_of_a_list_is_determined_once(text: str) -> None:
    state = State(DEFAULT_LIMITS, None, None, {})
    items = Counted([*["x"] * 99, {}])
    for _ in range(5):
        assert not state.is_typed(items)
    assert Counted.walks == 1
    part = Window(items, 99, 100, 1)
    for _ in range(5):
        assert not state.is_typed(part)
        assert not of_strings(part)
    assert Counted.walks == 2
    Counted.walks = 0


@pytest.mark.parametrize("function", ["print", "println", "html", "js", "urlquery"])
def test_the_bytes_of_strings_are_counted_before_they_are_built(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(_: object) -> str:
        raise AssertionError

    for name in ("sprint", "sprintln"):
        monkeypatch.setattr(funcs, name, build)
    with pytest.raises(ExecLimitError, match="output exceeds 1048576 bytes"):
        Template("{{" + function + " .S .S .S .S .S .S}}").render(DATA)


@pytest.mark.parametrize(
    "text", ['{{printf "%x" .T}}', '{{printf "% x" .T}}', "{{js .T}}", "{{html .T}}", "{{urlquery .T}}"]
)
def test_the_escaped_length_of_a_string_counts(text: str) -> None:
    with pytest.raises(ExecLimitError, match="output exceeds 1048576 bytes"):
        Template(text).render({"T": "<" * 600_000})


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        pytest.param("{{range 10}}{{end}}", 20, id="a turn"),
        pytest.param("{{range 10}}a{{.}}b{{.}}c{{end}}", 50, id="the prints of a turn"),
        pytest.param("{{range 10}}{{$.A}}{{$.A}}{{end}}", 40, id="the actions of a turn"),
        pytest.param("{{range 10}}{{if .}}a{{else}}b{{end}}{{end}}", 40, id="one of two branches"),
        pytest.param("{{range 10}}{{if .}}" + "{{$.A}}" * 8 + "{{else}}b{{end}}{{end}}", 110, id="the longer of two branches"),
        pytest.param("{{range 10}}a{{else}}" + "{{$.A}}" * 500 + "{{end}}", 30, id="the else of a loop counts no turn"),
        pytest.param('{{range 10}}{{template "t"}}{{end}}{{define "t"}}{{end}}', 110, id="a call"),
        pytest.param("{{range $i := 10}}{{index $.S $i}}{{end}}", 40, id="an index of a long string"),
    ],
)  # fmt: skip
def test_a_rendering_costs_this_many_steps(text: str, steps: int) -> None:
    data = {"A": "a", "S": "s" * 100_000}
    Template(text, limits=Limits(steps=steps)).render(data)
    with pytest.raises(ExecLimitError, match=f"exceeded {steps - 1} steps"):
        Template(text, limits=Limits(steps=steps - 1)).render(data)


@pytest.mark.parametrize(
    ("text", "built"),
    [
        pytest.param("{{len (slice .L 1)}}", 8 * 39 + 64, id="a part of a list"),
        pytest.param("{{if print .L}}{{end}}", 81, id="a list"),
        pytest.param("{{.L}}", 81, id="a list that is printed"),
        pytest.param('{{if printf "%s!" .N}}{{end}}', 4, id="a string"),
    ],
)
def test_a_rendering_builds_this_many_bytes(text: str, built: int) -> None:
    data = {"L": ["a"] * 40, "N": "abc"}
    Template(text, limits=Limits(output_bytes=built)).render(data)
    with pytest.raises(ExecLimitError, match=f"output exceeds {built - 1} bytes"):
        Template(text, limits=Limits(output_bytes=built - 1)).render(data)


def test_a_string_cut_to_a_precision_costs_only_its_cut_length() -> None:
    assert Template('{{printf "%.0q%.0q%.0q%.0q" .U .U .U .U}}').render({"U": "é" * 200_000}) == '""' * 4


def test_each_place_without_a_value_has_one_report_object() -> None:
    found: list[NoValue] = []
    key = "k" * 100_000
    Template(f'{{{{range 5}}}}{{{{(index $.D "{key}")}}}}{{{{end}}}}').render({"D": {}}, on_no_value=found.append)
    assert len(found) == 5
    assert all(place is found[0] for place in found)
    assert len(found[0].expression) < 10_000


@pytest.mark.parametrize(
    "text", ["{{range .S}}{{end}}", "{{.S | call}}", '{{len (index .D .S) (print "' + "x" * 9_000 + '")}}']
)
def test_error_texts_are_shortened(text: str) -> None:
    with pytest.raises(ExecError) as raised:
        Template(text, "t").render(DATA)
    assert len(str(raised.value)) < 10_000
    assert len(raised.value.expression) < 10_000
    assert len(raised.value.excerpt()) < 1_000
    assert str(raised.value).startswith("template: t:1:")


def test_a_shortened_error_reports_how_much_is_left_out() -> None:
    with pytest.raises(ExecError, match=r"range can't iterate over s+\[19\d{4} characters left out\]s+$"):
        Template("{{range .S}}{{end}}").render(DATA)


def test_numbers_beyond_float64_are_infinite() -> None:
    huge = 10**5_000
    assert (
        Template('{{.H}} {{.N}} {{printf "%d" .H}}').render({"H": huge, "N": [-huge]})
        == "+Inf [-Inf] %!d(float64=+Inf)"
    )
    with pytest.raises(ExecError, match="cannot index slice/array with type float64"):
        Template("{{index .L .H}}").render({"H": huge, "L": []})


def test_data_that_is_too_deep_for_python_is_a_limit_error() -> None:
    deep: list[object] = []
    for _ in range(20_000):
        deep = [deep]
    for text in ("{{.D}}", "{{print .D 1}}", '{{printf "%d" .D}}', "{{eq .D .D}}"):
        with pytest.raises(ExecLimitError, match="nested too deep"):
            Template(text).render({"D": deep})


def test_long_layouts_are_not_cached() -> None:
    before = _simple_layout.cache_info().currsize
    for number in range(20):
        Template("{{$x := printf .L}}").render({"L": f"{number}" + "%d" * 1_000})
    assert _simple_layout.cache_info().currsize == before
