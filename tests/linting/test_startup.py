"""Command and args as a program receives them: lines that become one argument each."""

import pytest

from tests.linting.configurations import coded, entry, found, lint, unspliced
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
    problems = lint("""\
        templates:
        - runtime: r
          podTemplate:
            containerTemplate: {commandTemplate: [sh, -c], argsTemplate: ["serve --a 1 {{- range .CUSTOM_ARGS }} {{ . }}{{ end }}"]}
    """)

    assert unspliced(problems) == ()


ELEMENTS = {
    "an element that is empty in some role": (["serve", "{{ if .IS_LEADER }}--a{{ end }}"], None, ["empty-element"]),
    "a flag and its value": (["serve", "--pp {{ .PP_SIZE }}"], None, ["flags-on-one-line"]),
    "two flags": (["serve", "--a=1 --b"], None, ["flags-on-one-line"]),
    "a space before a flag": (["serve", " --a=1"], None, ["flags-on-one-line"]),
    "arguments in one element": (
        ["serve"],
        ["--all={{ range .CUSTOM_ARGS }}{{ . }},{{ end }}"],
        ["flags-on-one-line"],
    ),
    "a value with spaces": (["serve", "--stop=two words", "two words"], None, []),
    "arguments of a script": (["sh", "-c", 'serve "$@"', "name", " --a --b", ""], None, []),
    "Python code": (["python3", "-c", "import sys; x = 3 -a; print(sys.argv)"], None, []),
    "unquoted parameters": (["sh", "-c", "serve $@", "name"], None, ["reparsed-arguments"]),
    "eval": (["sh", "-c", 'eval "serve $*"', "name"], None, ["reparsed-arguments"]),
    "quoted for a second shell": (["sh", "-c", 'eval "serve ${*@Q}"; : "$@"', "name"], None, []),
}


@pytest.mark.parametrize(("command", "args", "expected"), ELEMENTS.values(), ids=ELEMENTS)
def test_how_arguments_reach_what_is_started(command, args, expected):
    assert sorted({code for _, code in coded(lint(entry(command, args or ())))}) == expected


SPLICED = {
    "arguments": ("serve{{ range .CUSTOM_ARGS }} {{ . }}{{ end }}", 1),
    "a model name": ('serve {{ .MODEL_NAME }} "$@"', 1),
    "a GPU type": ('serve {{ .GPU_TYPE }} "$@"', 1),
    "in quotes": ("serve '{{ .MODEL_NAME }}' \"$@\"", 1),
    "in a comment": ('# {{ .MODEL_NAME }}\nserve "$@"', 0),
    "only asked about": ('serve {{ if eq .GPU_TYPE "a" .MODEL_NAME }}--a {{ end }}{{ len .CUSTOM_ARGS }} "$@"', 0),
    "what nobody chooses freely": ('serve {{ .MODEL_PATH }} {{ .MODEL_ID }} "$@"', 0),
}


@pytest.mark.parametrize(("script", "count"), SPLICED.values(), ids=SPLICED)
def test_free_text_in_a_script(script, count):
    problems = lint(entry(["sh", "-c", script, "name"]))

    found = [problem for problem in problems if problem.code == "spliced-argument"]
    assert len(found) == count
    assert all(problem.severity == "info" for problem in found)


def test_an_agent_entry_that_repeats_a_flag_of_a_runtime_template():
    problems = lint(
        """\
        templates:
        - runtime: r
          podTemplate: {containerTemplate: {argsTemplate: ["--shards={{ .TP_SIZE }}"], worker: {argsTemplate: ["--rank=1"]}}}
        - {runtime: other}
        """,
        """\
        deployment_templates:
        - match_runtimes: [r, other, unknown]
          container_template: {image: i, args: [--shards=2, --shards=3, --env=a], worker: {args: [--rank=2]}}
        - match_runtimes: [another]
          container_template: {image: i, args: [--shards=2]}
        """,
    )

    assert [(one.code, one.path) for one in problems if one.code == "flag-twice"] == [
        ("flag-twice", "deployment_templates[0].container_template.args[0]"),
        ("flag-twice", "deployment_templates[0].container_template.worker.args[0]"),
    ]
    causes = [one.cause for one in problems if one.code == "flag-twice"]
    assert causes[1] == '--rank=2 is passed twice: the template of runtime "r" passes --rank=1'


def test_an_agent_entry_that_repeats_a_flag_of_a_plain_command():
    problems = lint(
        "templates: [{runtime: r, podTemplate: {containerTemplate: {command: [serve, --port=1, --a=1], worker: {command: [ray]}}}}]",
        "deployment_templates: [{match_runtimes: [r], container_template: {image: i, args: [--port=2]}}]",
    )

    assert [(one.code, one.path) for one in problems] == [
        ("flag-twice", "deployment_templates[0].container_template.args[0]")
    ]
    assert problems[0].cause == '--port=2 is passed twice: the template of runtime "r" passes --port=1'
