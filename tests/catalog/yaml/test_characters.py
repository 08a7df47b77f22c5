"""Where each character of a value is written in the source, for every way to write a string in YAML."""

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook import catalog
from webhook.catalog.yaml import characters, compose
from webhook.catalog.yaml.nodes import Scalar, YamlSequence

SOURCES = {
    "plain": "k: abc def",
    "plain over lines": "k: abc\n  def\n\n  ghi # comment",
    "single quotes": "k: 'it''s  fine'",
    "single quotes over lines": "k: 'it''s  \n   fine\n\n\n   really'",
    "double quotes": 'k: "a\\tb\\u00e9 \\"c\\" \\U0001F600d"',
    "double quotes over lines": 'k: "a  \n  b\\\n  c \\\n\n  d\\  \n  e"',
    "literal": "k: |\n  a\n    b\n\n  c\n",
    "literal that keeps": "k: |+\n  a\n\n\nl: 1",
    "literal that strips": "k: |-\n  a\n\n\nl: 1",
    "literal with an indicator": "k: |2\n    a\n  b\n",
    "folded": "k: >\n  a\n  b\n\n  c\n    d\n    e\n  f\n\n\n",
    "folded that strips": "k: >-\n  a\n  b\nl: 1",
    "folded with a comment": "k: >- # comment\n  a\n  b",
    "folded with an indicator": "k: >1-\n   a\n  b\n c",
    "anchored": "k: &name >-\n  a\n  b",
    "tagged": "k: !!str 'a b'",
    "empty": "k: ''",
}


def only_scalar(node):
    while not isinstance(node, Scalar):
        node = node.items[0] if isinstance(node, YamlSequence) else node.get("k")
    return node


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_letter_of_a_value_is_at_its_place(source):
    lines = source.split("\n")
    scalar = only_scalar(compose.parse(source)[0])
    found = characters.of(scalar, lines)

    assert found is not None
    assert len(found) == len(scalar.text) + 1
    assert found == sorted(found)
    for char, (line, column) in zip(scalar.text, found, strict=False):
        if char.isascii() and char.isalpha():
            assert lines[line - 1][column - 1] == char


TEXTS = st.text(alphabet="ab \n\t'\"\\:#{}-|>é😀", max_size=30)


@pytest.mark.parametrize("style", [None, "'", '"', "|", ">"])
@settings(max_examples=50, deadline=None, derandomize=True)
@given(text=TEXTS, width=st.integers(5, 20))
def test_any_string_that_a_dumper_writes_is_found_again(style, text, width):
    source = yaml.dump({"k": [text]}, default_style=style, width=width, allow_unicode=True)
    scalar = only_scalar(compose.parse(source)[0].pairs["k"].node)
    lines = compose.LINE_BREAK.split(source)
    found = characters.of(scalar, lines)

    assert found is not None
    for char, (line, column) in zip(scalar.text, found, strict=False):
        if char in "abé:#{}-":
            assert lines[line - 1][column - 1] == char


def test_a_scalar_that_is_not_in_the_source_has_no_places():
    scalar = only_scalar(compose.parse("k: >-\n  a\n  b")[0])
    assert characters.of(scalar, ["k: >-", "  a", "  c"]) is None
    assert characters.of(scalar, ["k: >-"]) is None


CONFIG = "templates:\n- runtime: r\n  podTemplate:\n    containerTemplate:\n      commandTemplate:\n%s"
WRITTEN = {
    "plain": '      - a{{ .B | printf "%q" }}c\n',
    "folded": "      - >-\n        a\n        {{ .B |\n        printf }}c\n",
    "escaped": '      - "a\\n{{ .B }}c"\n',
    "literal": "      - |\n        a\n          {{ .B }}c\n",
}
MANIFESTS = {
    "bare": lambda text: text,
    "literal": lambda text: "kind: ConfigMap\ndata:\n  config.yaml: |\n" + "".join(f"    {line}\n" for line in text.split("\n")),
    "JSON": lambda text: json.dumps({"kind": "ConfigMap", "data": {"config.yaml": text}}, indent=1),
    "folded": lambda text: "kind: ConfigMap\ndata:\n  config.yaml: >\n" + "".join(f"    {line}\n" for line in text.replace("\n-", "\n\n-").split("\n")),
}  # fmt: skip


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_a_place_in_a_template_is_found_in_the_users_own_file(manifest, written):
    source = manifest(CONFIG % written)
    document = catalog.Document("templates", "f.yaml", source)
    read = catalog.read(document)
    (compiled,) = read.content.entries[0].compiled
    report = read.report
    text = compiled.template.text
    before = text[: text.index(".B")].split("\n")

    span = report.in_source(report.inside(compiled.scalar, len(before), len(before[-1]) + 1))

    assert source.split("\n")[span.line - 1][span.column - 1 :].startswith(".B")


def test_a_problem_inside_an_escaped_value_is_placed_where_it_is_written():
    text = CONFIG % "      - '{{ if }}'\n"
    source = json.dumps({"kind": "ConfigMap", "data": {"config.yaml": text}})
    [problem] = catalog.read(catalog.Document("templates", "f.yaml", source)).problems

    assert problem.line == 1
    assert source[problem.column - 1 :].startswith("}}'")
    assert "of the value" not in problem.cause
