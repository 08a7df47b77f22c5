"""Laws of the engine over generated templates."""

import copy
import json
import random
import threading
from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gotemplate import conformance, generators
from webhook.gotemplate import NoValue, Template, TemplateError

SEEDS = st.integers(0, 2**32)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def made(seed: int, kind: str = "directed") -> tuple[Template | None, Mapping[str, object]]:
    """Return a random template, None if it is none, and its data."""
    case = generators.case(kind, random.Random(seed))
    try:
        return Template(case["template"], "t"), case["data"]
    except TemplateError:
        return None, case["data"]


@given(SEEDS)
@QUICK
def test_canonical_text_parses_to_the_same_canonical_text(seed: int) -> None:
    template, _ = made(seed)
    # a text that ends with a brace, or a template that calls others, does not stand alone in canonical text
    if template is None or "define" in template.text or "block" in template.text or "{ " in template.text:
        return
    once = str(template)
    assert str(Template(once, "t")) == once


@given(SEEDS, st.sampled_from(sorted(generators.KINDS)))
@QUICK
def test_rendering_never_changes_the_data(seed: int, kind: str) -> None:
    case = generators.case(kind, random.Random(seed))
    before = copy.deepcopy(case["data"])
    conformance.ask_engine(case)
    assert case["data"] == before
    assert json.dumps(case["data"]) == json.dumps(before)


@given(SEEDS, st.sampled_from(sorted(generators.KINDS)))
@QUICK
def test_rendering_twice_gives_the_same(seed: int, kind: str) -> None:
    template, data = made(seed, kind)
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
def test_no_value_is_reported_where_it_is_printed(seed: int, kind: str) -> None:
    template, data = made(seed, kind)
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
    """Return the same JSON value made of types that are no dict, list, str or int, but stand for one."""
    if isinstance(value, dict):
        return MappingProxyType({Text(key): in_other_types(item) for key, item in value.items()})
    if isinstance(value, list):
        return tuple(in_other_types(item) for item in value)
    if isinstance(value, str):
        return Text(value)
    return IntEnum("Number", {"VALUE": value}).VALUE if type(value) is int else value


@given(SEEDS, st.sampled_from(sorted(generators.KINDS)))
@QUICK
def test_mappings_tuples_and_subclasses_are_what_they_stand_for(seed: int, kind: str) -> None:
    case = generators.case(kind, random.Random(seed))
    assert conformance.ask_engine(case | {"data": in_other_types(case["data"])}) == conformance.ask_engine(case)


@given(SEEDS, st.sampled_from(sorted(generators.KINDS)))
@QUICK
def test_a_seed_always_gives_the_same_case(seed: int, kind: str) -> None:
    first = generators.case(kind, random.Random(seed))
    assert first == generators.case(kind, random.Random(seed))


@given(st.text(max_size=40))
@QUICK
def test_any_text_without_actions_is_itself(text: str) -> None:
    if "{{" not in text and not any("\ud800" <= char <= "\udfff" for char in text):
        assert Template(text).render({}) == text


@given(st.text(alphabet="{}-. $x|:=()\"'`\\/*1a\n,é", max_size=30))
@QUICK
def test_any_text_is_a_template_or_a_parse_error(text: str) -> None:
    conformance.ask_engine({"template": "{{" + text, "data": {"x": 1}})


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
