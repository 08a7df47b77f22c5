"""YAML is read as kubectl reads it. The expected values are those of sigs.k8s.io/yaml 1.6.0 for the same text."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from webhook.catalog.yaml import compose, nodes

SCALARS = {
    "y": True, "Y": True, "yes": True, "Yes": True, "YES": True, "on": True, "On": True, "ON": True, "true": True,
    "True": True, "TRUE": True, "n": False, "N": False, "no": False, "NO": False, "off": False, "OFF": False,
    "false": False, "yEs": "yEs", "oN": "oN", "tRue": "tRue",
    "~": None, "null": None, "Null": None, "NULL": None, "": None, "nULL": "nULL",
    "0": 0, "-0": 0, "+1": 1, "007": 7, "0777": 511, "0o17": 15, "0O17": 15, "0o8": "0o8", "08": 8, "0b11": 3,
    "-0b11": -3, "0b12": "0b12", "0x1F": 31, "0X1f": 31, "+0x1": 1, "0x": "0x", "1_000": 1000, "1__0": 10, "_1": "_1",
    "0_7": 7, "0x_1": 1,
    "1e3": 1000, "1E3": 1000, "1.0": 1, "5.": 5, ".5": 0.5, ".5e1": 5, "-.5": -0.5, "1.10": 1.1, "-0.0": 0, "0.1": 0.1,
    "1_0.5_0": 10.5, ".e5": ".e5", ".": ".", "..": "..", "-": None,
    "1e400": "1e400", "1e-400": 0, "0x1p4": "0x1p4", "infinity": "infinity", "nan": "nan",
    "18446744073709551615": 18446744073709551615, "18446744073709551616": 18446744073709552000,
    "-9223372036854775808": -9223372036854775808, "-9223372036854775809": -9223372036854776000,
    "0xFFFFFFFFFFFFFFFFF": "0xFFFFFFFFFFFFFFFFF", "1e20": 100000000000000000000, "1e22": 1e22,
    "123456789012345678901.0": 123456789012345680000,
    "12:30:45": "12:30:45", "1:2": "1:2", "2001-01-01": "2001-01-01", "2001-1-1T1:2:3Z": "2001-1-1T1:2:3Z",
    "'1'": "1", '"yes"': "yes", "''": "", '"\\u00e9"': "é", "!!str 1": "1", "!!int '3'": 3, "!!float 3": 3,
    "!!bool yes": True, "!!binary aGk=": "hi", "!!binary /w==": "\ufffd", "!foo 3": "3", "! 3": "3", "!!null ''": None,
    "!!timestamp 2001-01-01": "2001-01-01",
    "{a:b}": {"a:b": None}, "[http://x:1, a:b]": ["http://x:1", "a:b"], "{a, b}": {"a": None, "b": None},
}  # fmt: skip
SCALARS.pop("-")  # a lone dash begins a list


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=lambda part: repr(part)[:40])
def test_a_scalar_has_the_value_that_kubectl_sends(text, value):
    [document] = compose.load_all(f"v: {text}\n")
    assert document == {"v": value}
    assert type(document["v"]) is type(value)


KEYS = {
    "1": "1", "0x10": "16", "1_0": "10", "true": "true", "y": "true", "off": "false", "'y'": "y", "1e3": "1000",
    "1000000.0": "1e+06", "0.1": "0.1", "16777217.0": "1.6777216e+07", "5e-7": "5e-07", ".inf": ".inf",
    "-.INF": "-.inf", ".nan": ".nan", "1e300": ".inf", "-0.0": "-0", "2001-01-01": "2001-01-01", "'<<'": "<<",
    "18446744073709551616": "1.8446744e+19", "!!str 1": "1", "!!bool yes": "true", "!!binary aGk=": "hi",
}  # fmt: skip


@pytest.mark.parametrize(("text", "key"), KEYS.items(), ids=KEYS)
def test_a_key_that_is_not_a_string_becomes_the_string_that_kubectl_sends(text, key):
    assert compose.load_all(f"{text}: v\n") == [{key: "v"}]


FLAWS = {
    "infinity": ("a: .inf", "yaml-value", 1, 4),
    "not a number": ("a:\n  b: [1, .NaN]", "yaml-value", 2, 10),
    "a word as an integer": ("a: !!int x", "yaml-value", 1, 4),
    "a number as null": ("a: !!null 1", "yaml-value", 1, 4),
    "bad base64": ("a: !!binary x", "yaml-value", 1, 4),
    "a null key": ("a: 1\n~: x", "yaml-key", 2, 1),
    "a key beyond 64 bits": ("18446744073709551615: x", "yaml-key", 1, 1),
    "a list as a key": ("? [a]\n: b", "yaml-key", 1, 3),
    "an unquoted template": ("a:\n- {{ .X }}", "yaml-key", 2, 4),
    "a duplicate key": ("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", "duplicate-key", 5, 3),
    "a duplicate key in two spellings": ("1: a\n'1': b\n", "duplicate-key", 2, 1),
    "an unknown anchor": ("a: *x", "yaml-alias", 1, 4),
    "an anchor of another document": ("a: &x 1\n---\nb: *x", "yaml-alias", 3, 4),
    "an alias inside its own anchor": ("a: &x [1, *x]", "yaml-alias", 1, 11),
    "a merge of a number": ("<<: 1", "yaml-key", 1, 1),
    "a merge of a list with a number": ("<<: [{a: 1}, 2]", "yaml-key", 1, 1),
}


@pytest.mark.parametrize(("text", "code", "line", "column"), FLAWS.values(), ids=FLAWS)
def test_what_json_cannot_express_is_a_flaw_with_its_place(text, code, line, column):
    with pytest.raises(compose.BadYaml) as caught:
        compose.load_all(text)
    [flaw] = caught.value.flaws
    assert (flaw.code, flaw.line, flaw.column) == (code, line, column)
    assert flaw.cause
    assert f"line {line}, column {column}" in str(caught.value)


def test_a_duplicate_key_names_both_places_and_the_first_counts():
    [root] = compose.parse("a: 1\nb: 2\na: 3\n")
    [(path, flaw)] = compose.flaws(root)
    assert path == ""
    assert flaw.cause == 'duplicate key "a", first used at line 1, column 1'
    assert nodes.plain(root) == {"a": 1, "b": 2}


def test_every_flaw_is_reported_with_its_path():
    [root] = compose.parse("a:\n- b: .inf\n  b: 1\nc: [*x]\n")
    assert [(path, flaw.code) for path, flaw in compose.flaws(root)] == [
        ("a[0]", "duplicate-key"),
        ("a[0].b", "yaml-value"),
        ("c[0]", "yaml-alias"),
    ]


MERGES = {
    "keys are taken over": ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"b": 1, "d": 2}),
    "a key after the merge wins": ("a: &x {b: 1}\nc:\n  <<: *x\n  b: 2", {"b": 2}),
    "a key before the merge loses": ("a: &x {b: 1}\nc:\n  b: 2\n  <<: *x", {"b": 1}),
    "the first of a list wins": ("a: &x {b: 1}\nc:\n  <<: [*x, {b: 3, d: 4}]", {"b": 1, "d": 4}),
    "a quoted merge key is a key": ("c: {'<<': {a: 1}}", {"<<": {"a": 1}}),
}


@pytest.mark.parametrize(("text", "value"), MERGES.values(), ids=MERGES)
def test_merge_keys_follow_the_order_of_the_text_as_kubectl_does(text, value):
    [document] = compose.load_all(text)
    assert document["c"] == value


SYNTAX = {
    "a tab": ("a:\n\tb: 1\n", 2, 1, "tab", "spaces"),
    "a tab after spaces": ("a:\n  \tb: 1\n", 2, 3, "tab", "spaces"),
    "a key too deep below a value": ("a: 1\n  b: 2\n", 2, 3, '"b" at column 3 is indented below "a"', "column 1"),
    "a key too shallow": ("a:\n    b: 1\n  c: 2\n", 3, 3, '"c" is at column 3, but the keys', "column"),
    "a second colon": ("a: b: c\n", 1, 5, "second", "quote"),
    "a reserved character": ("a: @x\n", 1, 4, "begin with @", "quote"),
    "an open list": ("a: 1\nb: [1, 2\nc: 3\n", 2, 4, "unclosed list", "]"),
    "an open map": ("b: {c: 1\n", 1, 4, "unclosed map", "}"),
    "an open quote": ("a: 1\nb: 'x\nc: 2\n", 2, 4, "unclosed quote", "closing quote"),
    "a key after a list": ("- a\nb: 1\n", 2, 1, "does not belong", "column 1"),
    "a list after a key": ("a:\n- b\nc: 1\n- d\n", 4, 1, "list item", "indent"),
    "a line out of its block": (
        "a: |\n  x\ny\nb: 1\n",
        3,
        1,
        "not indented like the text of the block",
        "indent it to column 3",
    ),
    "text of a block that is not indented": ("a:\n- |-\n--b=1\n", 3, 1, "not indented", "indent it to column 3"),
    "text behind a block's mark": ("a: | b\n", 1, 4, "begins on the line after", "quote it: '| b'"),
    "a template without quotes": ("a: {{ .B }}/c\n", 1, 4, "cannot begin with {{", "quote it: '{{ .B }}/c'"),
    "an apostrophe in quotes": ("a: 'it's'\n", 1, 8, "text after the closing '", "write 'it''s'"),
    "quotes in quotes": ('a: "b "c" d"\n', 1, 8, 'text after the closing "', "write 'b \"c\" d'"),
    "quotes around a part": ('a: "{{ .B }}"/c # d\n', 1, 14, "text after the closing", "write '{{ .B }}/c'"),
    "JSON without quotes": ('a:\n- --b={"c": {"d": 1}}\n', 2, 3, "JSON", 'quote it: \'--b={"c": {"d": 1}}\''),
    "JSON in brackets": ('a: [--b={"c": 1}, d]\n', 1, 5, "in brackets", "quote it: '--b={\"c\": 1}'"),
    "a template in brackets": ("a: [b, c={{ .D }}]\n", 1, 8, "in brackets", "quote it: 'c={{ .D }}'"),
    "no comma": ('a: ["b" "c"]\n', 1, 9, "a comma is missing", "write a comma"),
    "a bracket too many": ("a: [b]]\n", 1, 7, "one ] too many", "remove"),
    "text after a bracket": ("a: [b] c\n", 1, 8, "text after the closing ]", "remove"),
    "no space after a colon": ("- a:b\n  c: 1\n", 1, 4, 'no space after "a:"', 'write "a: b"'),
    "no space after a dash": ("-a: b\n c: 1\n", 1, 1, 'no space after "-"', 'write "- a: b"'),
    "a quote that is open above": ('a:\n- "b\n- "c"\n', 2, 3, "unclosed quote", 'closing "'),
    "a star": ("a: *\n", 1, 4, "cannot begin with *", "quote it: '*'"),
    "a key between two depths": ("- a: 1\n c: 2\n", 2, 2, '("a" at line 1)', "column 3"),
    "a control character": ("a: é\nb: x\x07\n", 2, 5, "U+0007", "remove"),
    "a lone surrogate": ("a: \ud800", 1, 4, "U+D800", "remove"),
    "an unknown escape": ('a: "\\q"', 1, 5, "escape", "single quotes"),
    "another YAML version": ("%YAML 1.9\n---\na", 1, 1, "YAML", "remove"),
}


@pytest.mark.parametrize(("text", "line", "column", "cause", "remedy"), SYNTAX.values(), ids=SYNTAX)
def test_a_syntax_error_has_place_cause_and_remedy(text, line, column, cause, remedy):
    with pytest.raises(compose.BadYaml) as caught:
        compose.parse(text)
    [flaw] = caught.value.flaws
    assert (flaw.code, flaw.line, flaw.column) == ("yaml-syntax", line, column)
    assert cause in flaw.cause
    assert remedy in flaw.remedy


def test_every_node_knows_its_line_and_column():
    [root] = compose.parse("a: 1\nlist:\n  - x\n  - {k: 'v'}\nblock: |\n  text\n")
    assert isinstance(root, nodes.YamlMapping)
    entry = root.pairs["list"]
    assert (entry.line, entry.column) == (2, 1)
    assert isinstance(entry.node, nodes.YamlSequence)
    assert [(item.line, item.column) for item in entry.node.items] == [(3, 5), (4, 5)]
    inner = entry.node.items[1]
    assert isinstance(inner, nodes.YamlMapping)
    assert (inner.pairs["k"].column, inner.pairs["k"].node.column) == (6, 9)
    block = root.get("block")
    assert isinstance(block, nodes.Scalar)
    assert (block.style, block.line, block.column) == (nodes.LITERAL, 5, 8)


def test_places_can_be_moved_for_a_text_inside_another_one():
    [root] = compose.parse("a: [x]", lines_before=10, columns_before=4)
    assert (root.line, root.column) == (11, 5)
    with pytest.raises(compose.BadYaml) as caught:
        compose.parse("a: [x", lines_before=10, columns_before=4)
    assert caught.value.flaws[0][1:3] == (11, 8)


def test_empty_documents_are_skipped():
    assert compose.load_all("") == []
    assert compose.load_all("# a comment\n---\n...\n---\na: 1\n--- ~\n---\nb: 2\n") == [{"a": 1}, {"b": 2}]


def test_json_is_read_with_its_escapes():
    value = {"a": [1, -2.5, "é\n\U0001f600", None, True, {}, []]}
    assert compose.load_all(json.dumps(value)) == [value]


BOMBS = {
    "nine levels of nine": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "one long string many times": "a: &a " + "x" * 2000 + "\nb: [" + ",".join(["*a"] * 2000) + "]",
    "merged maps": "a: &a {k: {l: {m: [1,2,3,4,5,6,7,8,9]}}}\nb: &b [" + ",".join(["*a"] * 30) + "]\nc: ["
    + ",".join(["*b"] * 300) + "]",
    "aliases as depth": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200)),
    "brackets": "[" * 200_000,
    "braces": "{a: " * 100_000,
    "dashes": "- " * 100_000,
    "question marks": "? " * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_text_that_grows_or_nests_beyond_the_limits_is_refused(text):
    with pytest.raises(compose.BadYaml) as caught:
        compose.load_all(text)
    assert caught.value.flaws[0].code == "yaml-limit"


def test_a_text_beyond_the_size_limit_is_refused_before_it_is_parsed():
    with pytest.raises(compose.BadYaml) as caught:
        compose.load_all("[" + "#" * compose.MAX_CHARACTERS)
    assert caught.value.flaws[0].code == "yaml-limit"


def test_aliases_of_ordinary_size_are_read():
    text = "env: &env\n" + "".join(f"- {{name: N{n}, value: v{n}}}\n" for n in range(20))
    text += "runtimes:\n" + "".join(f"- {{name: r{n}, env: *env}}\n" for n in range(20))
    [document] = compose.load_all(text)
    assert len(document["runtimes"][19]["env"]) == 20


def test_a_hundred_levels_are_read_and_one_more_is_not():
    compose.load_all("[" * compose.MAX_DEPTH + "]" * compose.MAX_DEPTH)
    with pytest.raises(compose.BadYaml, match="nested more than 100 deep"):
        compose.load_all("[" * (compose.MAX_DEPTH + 1) + "]" * (compose.MAX_DEPTH + 1))


STRINGS = st.text(st.characters(exclude_categories=["Cs"]))
#: libyaml, and so kubectl, reads no simple key beyond 1024 characters; an escaped one has up to twelve for one.
KEY_STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY_STRINGS, inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_any_json_value_written_as_json_is_read_back(value):
    assert compose.load_all(json.dumps({"v": value})) == [{"v": value}]


@given(JSON)
def test_any_json_value_written_as_yaml_is_read_back(value):
    text = yaml.safe_dump(value, allow_unicode=False, sort_keys=False, default_style='"')
    assert compose.load_all(text) == ([] if value is None else [value])


def flaws_of(text):
    try:
        compose.load_all(text)
    except compose.BadYaml as error:
        return error.flaws
    return ()


@given(st.text() | st.text(alphabet="ab:- \n\t[]{}&*<#|>'\"%!?~.0"))
def test_any_text_is_read_or_refused_with_a_place(text):
    assert all(flaw.line >= 1 and flaw.column >= 1 and flaw.cause for flaw in flaws_of(text))
