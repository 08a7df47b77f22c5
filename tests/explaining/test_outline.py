"""Explanations as text: at 80 columns, in a pipe, and in the documentation."""

import re

import pytest

from tests.explaining import field_cases, outlines
from tests.explaining.test_explain import configured, pod
from webhook import explaining

FILES = {path.stem: path.read_text(encoding="utf-8") for path in outlines.HERE.glob("*.txt")}
PRINTED = outlines.all_of_them()


def test_every_file_is_printed():
    assert FILES.keys() == PRINTED.keys()


@pytest.mark.parametrize("name", sorted(FILES))
def test_an_explanation_fits_80_columns_and_reads_as_in_its_file(name):
    assert PRINTED[name] == FILES[name]
    assert max(map(len, PRINTED[name].splitlines())) <= 80


def test_the_example_in_the_documentation_is_what_is_printed():
    assert outlines.shown() == outlines.example()


@pytest.mark.parametrize("columns", [20, 80, 200])
def test_nothing_is_left_out_however_wide_a_terminal_is(columns):
    explanation = field_cases.explained(field_cases.CASES / "31-duplicates-in-workload" / "workload.yaml")
    shown = re.sub(r"[│├└─\s]", "", outlines.printed(explanation, columns))

    def texts(branch):
        yield branch.text
        for child in branch.children:
            yield from texts(child)

    for text in texts(explaining.outline(explanation)):
        assert "".join(text.split())[:8] in shown


def test_a_script_in_args_is_shown_whole_up_to_a_length_and_other_values_are_cut_sooner():
    templates = (
        "templates: [{runtime: engine, podTemplate: {containerTemplate: {argsTemplate: ['{{ .MODEL_NAME }}']}}}]"
    )
    shown = {}
    for length in (200, 300):
        value = pod(annotations={"hydra.io/model-name": "m" * length})
        shown[length] = "\n".join(field_cases.lines(field_cases.explain(value, configured(templates))))

    assert f'\n"{"m" * 200}" ←' in shown[200]
    assert f'\n"{"m" * 236}... ←' in shown[300]
    assert f'\nMODEL_NAME = "{"m" * 56}... ←' in shown[200]


def test_control_characters_do_not_reach_the_terminal():
    value = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "labels": {"hydra.io/runtime": "vllm-cpu", "hydra.io/model-id": "m"}},
        "spec": {"containers": [{"name": "main\x1b[31m", "image": "auto", "args": ["\x1b]0;x\x07"]}]},
    }

    assert outlines.printed(field_cases.explain(value, field_cases.configuration())).replace("\n", "").isprintable()
