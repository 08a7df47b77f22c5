"""Python values behave like the Go values that they represent."""

import enum
from collections import OrderedDict, UserDict
from types import MappingProxyType

import pytest

from webhook.gotemplate import ExecError, Template


class Name(str):
    __slots__ = ()


class Size(enum.IntEnum):
    BIG = 8


def rendered(text: str, value: object) -> str:
    return Template(text).render({"V": value})


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("s", "string"),
        (Name("s"), "string"),
        (True, "bool"),
        (1, "int"),
        (Size.BIG, "int"),
        (1.0, "float64"),
        (None, "<nil>"),
        (["a"], "[]string"),
        ([Name("a")], "[]string"),
        (("a", "b"), "[]string"),
        ([], "[]string"),
        (["a", 1], "[]interface {}"),
        ([["a"]], "[]interface {}"),
        ({}, "map[string]interface {}"),
        (OrderedDict(a=1), "map[string]interface {}"),
        (UserDict(a=1), "map[string]interface {}"),
        (MappingProxyType({"a": 1}), "map[string]interface {}"),
    ],
)
def test_a_value_has_its_go_type(value: object, name: str) -> None:
    assert rendered('{{printf "%T" .V}}', value) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a<b", "a<b"),
        (Name("n"), "n"),
        (Size.BIG, "8"),
        (-0.0, "-0"),
        (1e6, "1e+06"),
        (100000.0, "100000"),
        (1e-5, "1e-05"),
        (float("inf"), "+Inf"),
        (float("nan"), "NaN"),
        (True, "true"),
        ([1, None, "x", [True]], "[1 <nil> x [true]]"),
        (("a", "b"), "[a b]"),
        (UserDict(b=1, a={"x": 2.5}), "map[a:map[x:2.5] b:1]"),
    ],
)
def test_a_value_prints_as_in_go(value: object, text: str) -> None:
    assert rendered("{{.V}}", value) == text


@pytest.mark.parametrize("value", [UserDict(k="v"), MappingProxyType({"k": "v"})])
def test_any_mapping_has_fields(value: object) -> None:
    assert rendered('{{.V.k}}{{index .V "k"}}{{range $k, $v := .V}}{{$k}}{{$v}}{{end}}', value) == "vvkv"
    assert Template("{{.k}}{{$.k}}{{.none}}").render(value) == "vv<no value>"


def test_a_tuple_is_a_list() -> None:
    assert rendered("{{index .V 1}}{{len .V}}{{range .V}}{{.}}{{end}}{{slice .V 1}}", ("a", "b")) == "b2ab[b]"


def test_a_slice_can_be_extended_up_to_its_capacity() -> None:
    assert rendered("{{slice (slice .V 1 2) 0 2}}", ["a", "b", "c"]) == "[b c]"
    with pytest.raises(ExecError, match="index out of range: 2"):
        rendered("{{slice (slice .V 1 2 2) 0 2}}", ["a", "b", "c"])


def test_bytes_that_form_a_character_become_that_character() -> None:
    assert Template(r'{{"\xe2"}}{{"\x82\xac"}}').render({}) == "€"


def test_bytes_that_form_no_character_are_replaced_one_by_one() -> None:
    assert rendered("{{slice .V 0 1}}|{{slice .V 1}}", "é") == "\ufffd|\ufffd"
    assert Template(r'{{len "\xff\xfe"}}{{printf "%q" "\xff"}}').render({}) == r'2"\xff"'
