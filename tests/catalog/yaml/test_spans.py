"""Every node knows the text that it was written as: the span cut out of the source is that text."""

import pytest

from webhook import catalog
from webhook.catalog.yaml import compose
from webhook.catalog.yaml.nodes import Scalar, YamlMapping, YamlSequence


def cut(source: str, node, lines_before: int = 0) -> str:
    """Return the piece of a source that a node or key spans."""
    lines = source.split("\n")[node.line - 1 - lines_before : node.end_line - lines_before]
    lines[-1] = lines[-1][: node.end_column - 1]
    lines[0] = lines[0][node.column - 1 :]
    return "\n".join(lines)


SCALARS = ["plain", "two words", "'it''s'", '"a\\tb"', "'one\n  two'", "one\n  two", "12", "~", "🦙", "'🦙'", "!!str 1"]


@pytest.mark.parametrize("written", SCALARS)
@pytest.mark.parametrize("frame", ["k: %s", "k: %s # comment", "k: %s\nl: 1", "k: [ %s , 2]", "- {k: %s}", "- [%s]\n"])
def test_a_scalar_spans_what_was_written(written, frame):
    source = frame % written
    node = compose.parse(source)[0]
    while not isinstance(node, Scalar):
        node = node.items[0] if isinstance(node, YamlSequence) else node.get("k")
    assert cut(source, node) == written


BLOCKS = {
    "a literal block": "k: |\n  a\n  b\nl: 1",
    "a folded block": "k: >-\n  a\n  b\nl: 1",
    "a literal block at the end": "k: |\n  a\n  b\n",
}


@pytest.mark.parametrize("source", BLOCKS.values(), ids=BLOCKS)
def test_a_block_scalar_spans_its_lines(source):
    node = compose.parse(source)[0].get("k")
    assert cut(source, node).rstrip("\n") == source[3:].removesuffix("l: 1").rstrip("\n")


COLLECTIONS = {
    "a map in braces": ("k: {a: 1, b: [2] } # x\nl: 1", "{a: 1, b: [2] }"),
    "a list in brackets": ("k: [a, {b: 1},\n ] # x\nl: 1", "[a, {b: 1},\n ]"),
    "an empty list": ("k: [ ]\n\nl: 1", "[ ]"),
    "a block map": ("k:\n  a: 1\n  b: 2 # x\n\n# y\nl: 1", "a: 1\n  b: 2"),
    "a block list": ("k:\n  - a\n  - b:\n      c: 1 # x\n\nl: 1", "- a\n  - b:\n      c: 1"),
    "a block map that ends with a key without a value": ("k:\n  a: 1\n  b:\n\nl: 1", "a: 1\n  b:"),
    "a block map that ends with an alias": ("x: &x {a: 1}\nk:\n  a: *x # x\nl: 1", "a: *x"),
    "a block map that ends with a map in braces": ("k:\n  a: {b: 1} # x\nl: 1", "a: {b: 1}"),
}


@pytest.mark.parametrize(("source", "written"), COLLECTIONS.values(), ids=COLLECTIONS)
def test_a_collection_spans_what_was_written(source, written):
    assert cut(source, compose.parse(source)[0].get("k")) == written


KEYS = {"plain": "k", "quoted": '"k"', "explicit": "k", "tagged": "!!str k"}


@pytest.mark.parametrize("written", KEYS.values(), ids=KEYS)
def test_a_pair_spans_its_key(written):
    source = f"- {written}: {{a: 1}}"
    mapping = compose.parse(source)[0].items[0]
    assert isinstance(mapping, YamlMapping)
    assert cut(source, mapping.pairs["k"]) == written


FLAWS = {
    "a duplicate key": ("a: 1\n'a': 2", "'a'"),
    "a value that JSON cannot express": ("a: .inf # x", ".inf"),
    "an alias of nothing": ("a: *b", "*b"),
    "a key that is null": ("~: 1", "~"),
}


@pytest.mark.parametrize(("source", "written"), FLAWS.values(), ids=FLAWS)
def test_a_flaw_spans_what_is_wrong(source, written):
    [(_, flaw)] = compose.flaws(compose.parse(source)[0])
    assert cut(source, flaw) == written


PROBLEMS = {
    "an unknown key": ("templates:\n- runtime: r\n  runtimeZh: x\n", "runtimeZh"),
    "a value of the wrong type": ("templates:\n- runtime: r\n  renderAll: 'yes' # x\n", "'yes'"),
    "a map without a required key": (
        "templates:\n- runtimeZH: x\n  podTemplate: {}\n",
        "runtimeZH: x\n  podTemplate: {}",
    ),
}


@pytest.mark.parametrize(("source", "written"), PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize(
    "frame", ["%s", "kind: ConfigMap\ndata:\n  config.yaml: |\n%s"], ids=["bare", "in a ConfigMap"]
)
def test_a_problem_spans_what_is_wrong(source, written, frame):
    nested = frame != "%s"
    source = frame % (source.replace("\n", "\n    ").join(["    ", ""]) if nested else source)
    written = written.replace("\n", "\n    ") if nested else written
    [problem] = catalog.read(catalog.Document("templates", "t.yaml", source)).problems
    assert cut(source, problem) == written


def test_a_problem_in_a_value_that_is_not_a_block_spans_what_is_wrong_in_it():
    source = "kind: ConfigMap\ndata: {config.yaml: 'templates: [{runtime: r, runtimeZh: x}]'}\n"
    [problem] = catalog.read(catalog.Document("templates", "t.yaml", source)).problems
    assert cut(source, problem) == "runtimeZh"
