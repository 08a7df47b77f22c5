"""Lines of which each becomes one argument."""

import pytest

from tests.linting.configurations import found, lint
from webhook.linting import flags

BLANKS = {
    "one flag": ("--a=1", None),
    "two flags": ("--a=1 --b=2", 5),
    "a flag and its value": ("--a 1", 3),
    "a blank after the equals sign": ("--a= 1", None),
    "words behind an equals sign": ("--prompt=You are a helpful assistant", None),
    "a short flag behind a value": ("--prompt=You are -v", 16),
    "a word and a flag": ("serve --a", 5),
    "two words": ("serve model", 5),
    "a value in quotes": ("--a='x y'", None),
    "a value in quotes and a flag": ('"--a=1 --b=2"', 6),
    "an apostrophe": ("--title=it's --b=2", 12),
    "a value of JSON": ('--a={"k": [1, -2]}', None),
    "a value of JSON and a flag": ('--a={"k": 1} --b', 12),
    "an empty value and a flag": ("--b= --c=1", 4),
    "a dash": ("--a=x - y", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("line", "at"), BLANKS.values(), ids=BLANKS)
def test_a_blank_that_separates_arguments_is_seen(line, at):
    assert flags.first_blank(line) == at


def test_several_flags_on_one_line_are_found_where_each_line_is_an_argument():
    problems = lint("""\
        templates:
        - runtime: r
          podTemplate:
            containerTemplate:
              argsTemplate:
              - --model={{ .MODEL_PATH }} --port={{ .MODEL_PORT }}
              - |-
                --host={{ .MODEL_HOST }}
                --served-model-name {{ .MODEL_NAME }}
    """)
    assert found(problems) == [("warning", "flags-on-one-line", 6, 34), ("warning", "flags-on-one-line", 9, 28)]


def test_blanks_are_free_where_the_command_is_a_template_too():
    assert (
        lint("""\
        templates:
        - runtime: r
          podTemplate:
            containerTemplate: {commandTemplate: [sh, -c], argsTemplate: ["serve --a 1 {{- range .CUSTOM_ARGS }} {{ . }}{{ end }}"]}
    """)
        == ()
    )
