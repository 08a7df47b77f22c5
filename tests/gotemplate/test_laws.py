"""Laws of the engine over generated templates."""

import copy
import json
import random
import re
import threading
from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gotemplate import conformance, generators
from webhook.gotemplate import Given, NoValue, Template, TemplateError
from webhook.gotemplate.parse.lex import Kind, tokens

SEEDS = st.integers(0, 2**32)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def random_template(seed: int, kind: str = "directed") -> tuple[Template | None, Mapping[str, object]]:
    """Return a random template, None if it is not valid, and its data."""
    case = generators.case(kind, random.Random(seed))
    try:
        return Template(case["template"], "t"), case["data"]
    except TemplateError:
        return None, case["data"]


@given(SEEDS)
@QUICK
def test_canonical_text_parses_to_the_same_canonical_text(seed: int) -> None:
    template, _ = random_template(seed)
    # canonical text lacks definitions, and text that ends with a brace merges with the next action
    if template is None or "define" in template.text or "block" in template.text or "{ " in template.text:
        return
    once = str(template)
    assert str(Template(once, "t")) == once


@given(SEEDS, st.sampled_from(sorted(generators.KINDS)))
@QUICK
def test_rendering_never_modifies_the_data(seed: int, kind: str) -> None:
    case = generators.case(kind, random.Random(seed))
    before = copy.deepcopy(case["data"])
    conformance.ask_engine(case)
    assert case["data"] == before
    assert json.dumps(case["data"]) == json.dumps(before)


def marked(text: str) -> str:
    """Return a template that also prints a distinct number after each action."""
    pieces, at = [], 0
    for number, token in enumerate(token for token in tokens(text) if token.kind is Kind.RIGHT_DELIM):
        end = token.offset + len(token.text)
        pieces.append(f"{text[at:end]}⟦{number}⟧")
        at = end
    return "".join(pieces) + text[at:]


@given(SEEDS)
@settings(QUICK, max_examples=400)
def test_reach_includes_everything_that_a_rendering_prints(seed: int) -> None:
    case = generators.case("directed", random.Random(seed))
    data = case["data"]
    try:
        template = Template(marked(case["template"]))
        output = template.render(data)
    except TemplateError:
        return
    straight = not re.search(r"\b(if|with|range|template|block|and|or)\b", template.text)
    for given_data in (Given(data), Given(data, list(data) if isinstance(data, dict) else ())):
        reach = template.reach(given_data)
        text = "".join(passage.text for passage in reach.passages)
        assert {mark for mark in re.findall("⟦[0-9]+⟧", output) if mark not in text} == set()
        if straight:  # everything was evaluated, and nothing failed
            assert reach.failures == ()


@given(SEEDS, st.sampled_from(sorted(generators.KINDS)))
@QUICK
def test_rendering_twice_gives_the_same_result(seed: int, kind: str) -> None:
    template, data = random_template(seed, kind)
    if template is None:
        return

    def outcome() -> str:
        try:
            return template.render(data)
        except TemplateError as error:
            return f"error {error}"

    assert outcome() == outcome()


@given(SEEDS, st.sampled_from(sorted(generators.KINDS)))
@QUICK
def test_a_missing_value_that_is_printed_is_reported(seed: int, kind: str) -> None:
    template, data = random_template(seed, kind)
    if template is None or "no value" in template.text:
        return
    found: list[NoValue] = []
    try:
        output = template.render(data, on_no_value=found.append)
    except TemplateError:
        return
    assert not output.count("<no value>") or found


class Text(str):
    __slots__ = ()


def in_other_types(value: object) -> object:
    """Return the same JSON value with other mappings, sequences and subclasses instead of dict, list, str and int."""
    if isinstance(value, dict):
        return MappingProxyType({Text(key): in_other_types(item) for key, item in value.items()})
    if isinstance(value, list):
        return tuple(in_other_types(item) for item in value)
    if isinstance(value, str):
        return Text(value)
    return IntEnum("Number", {"VALUE": value}).VALUE if type(value) is int else value


@given(SEEDS, st.sampled_from(sorted(generators.KINDS)))
@QUICK
def test_mappings_tuples_and_subclasses_behave_like_the_builtin_types(seed: int, kind: str) -> None:
    case = generators.case(kind, random.Random(seed))
    assert conformance.ask_engine(case | {"data": in_other_types(case["data"])}) == conformance.ask_engine(case)


@given(SEEDS, st.sampled_from(sorted(generators.KINDS)))
@QUICK
def test_a_seed_always_gives_the_same_case(seed: int, kind: str) -> None:
    first = generators.case(kind, random.Random(seed))
    assert first == generators.case(kind, random.Random(seed))


@given(st.text(max_size=40))
@QUICK
def test_any_text_without_actions_renders_to_itself(text: str) -> None:
    if "{{" not in text and not any("\ud800" <= char <= "\udfff" for char in text):
        assert Template(text).render({}) == text


@given(st.text(alphabet="{}-. $x|:=()\"'`\\/*1a\n,é", max_size=30))
@QUICK
def test_any_text_is_a_template_or_a_parse_error(text: str) -> None:
    answer = conformance.ask_engine({"template": "{{" + text, "data": {"x": 1}})
    assert answer.verdict in ("ok", "parse", "exec")
    assert bool(answer.error) == (answer.verdict != "ok")


FRAGMENTS = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{{-",
            "-}}",
            "{{if .A}}",
            "{{else}}",
            "{{else if .B}}",
            "{{end}}",
            "{{range .A}}",
            "{{with .B}}",
        ),
        *("{{range $i, $e := .A}}", "{{break}}", "{{continue}}", "{{$x := .A}}", "{{$x = .B}}", "{{$x}}", "{{$e}}"),
        *('{{define "t"}}', '{{template "t" .}}', '{{block "b" .B}}', "{{/* c */}}", "{{.A}}", "{{.B.A}}", "{{$.B}}"),
        *("{{print .A .B}}", "{{len .A}}", "{{index .A 0}}", "{{slice .A 1}}", "{{html .A | js}}", "{{.B | urlquery}}"),
        *(
            '{{printf "%[2]*.[1]*d%v%q%x" .A .B}}',
            "{{printf .A .B}}",
            "{{eq .A .B}}",
            "{{lt .A .B}}",
            "{{or .A (not .B)}}",
        ),
        *("{{call .A}}", "{{(index .A .B).A}}", "{{and .A ($y := .B)}}{{$y}}", " ", "\n", "x", "é"),
    ]
)
TEMPLATES = st.one_of(
    st.lists(st.one_of(FRAGMENTS, st.text(max_size=4)), max_size=12).map("".join),
    st.text(alphabet="{}-. $x|:=()\"'`\\/*1ae_+i%\n,\ud800\udc80é", max_size=40).map("{{{{{}}}}}".format),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(10**400, 10**401),
    st.floats(),
    st.text(st.characters(), max_size=8),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["A", "B", "\udc80"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(TEMPLATES, st.fixed_dictionaries({}, optional={"A": JSON, "B": JSON}))
@QUICK
def test_the_engine_raises_only_template_errors(text: str, data: Mapping[str, object]) -> None:
    try:
        template = Template(text)
        assert isinstance(str(template), str)
        assert template.variables is template.variables
        template.render(data, on_no_value=lambda place: None).encode()
    except TemplateError as error:
        assert error.excerpt().count("\n") <= 1  # noqa: PT017 - either outcome is fine


def test_one_template_renders_in_many_threads_at_once() -> None:
    template = Template(
        '{{define "x"}}{{.}}{{end}}{{range $i, $e := .L}}{{$i}}{{template "x" $e}}{{$v := print $e $i}}{{$v}}{{end}}'
    )
    expected = {number: "".join(f"{i}{number}{number} {i}" for i in range(20)) for number in range(8)}
    wrong: list[str] = []

    def work(number: int) -> None:
        for _ in range(100):
            output = template.render({"L": [number] * 20})
            if output != expected[number]:
                wrong.append(output)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
