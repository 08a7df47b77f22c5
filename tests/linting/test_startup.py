"""Command and args as a program receives them: lines that become one argument each."""

import pytest

from tests.linting.configurations import found, lint
from webhook.linting import startup

LINES = {
    "one flag": ("--a=1", None),
    "two flags": ("--a=1 --b=2", 5),
    "a flag and its value": ("--a 1", 3),
    "a space after the equals sign": ("--a= 1", None),
    "words after an equals sign": ("--prompt=You are a helpful assistant", None),
    "a short flag after a value": ("--prompt=You are -v", 16),
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


@pytest.mark.parametrize(("line", "at"), LINES.values(), ids=LINES)
def test_the_first_space_between_two_arguments(line, at):
    assert startup.separator(line) == at


def test_several_flags_on_a_line_that_becomes_one_argument_are_reported():
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


def test_spaces_are_allowed_if_there_is_a_command_template():
    assert (
        lint("""\
        templates:
        - runtime: r
          podTemplate:
            containerTemplate: {commandTemplate: [sh, -c], argsTemplate: ["serve --a 1 {{- range .CUSTOM_ARGS }} {{ . }}{{ end }}"]}
    """)
        == ()
    )
