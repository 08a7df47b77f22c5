"""Findings about what templates render to, for every combination of role, arguments and size."""

import pytest

from tests.linting.configurations import coded, entry, lint
from webhook import catalog, linting
from webhook.linting import sample_variables


def test_every_combination_is_a_sample_and_a_leader_outside_a_group_is_impossible():
    samples = list(sample_variables.samples("r", ["cpu"]))

    tried = [
        (
            one.variables["IS_DISTRIBUTED"],
            one.variables["IS_LEADER"],
            one.variables["TP_SIZE"],
            bool(one.variables["CUSTOM_ARGS"]),
        )
        for one in samples
    ]
    assert len(set(tried)) == len(tried) == 16
    assert {size for _, _, size, _ in tried} == {1, 8}
    assert [leader and not distributed for distributed, leader, *_ in tried] == [not one.possible for one in samples]
    assert all(one.variables["RUN_TIME"] == "r" for one in samples)


def test_a_sample_is_named_by_its_variables():
    assert (
        str(next(sample_variables.samples("r", ["nvidia-gpu"])))
        == "IS_DISTRIBUTED=false IS_LEADER=false TP_SIZE=1, without CUSTOM_ARGS"
    )


SCRIPT = ["/bin/bash", "-c"]
ARGS = "{{- range .CUSTOM_ARGS }} {{ . }}{{ end }}"

CASES = {
    "an error with one sample": (
        entry(["serve"], ["{{ index .CUSTOM_ARGS 0 }}"]),
        [("warning", "render-fails")],
    ),
    "an error with every sample is reported once": (
        entry(["serve"], ["{{ index .CUSTOM_ARGS 9 }}"]),
        [("warning", "render-fails")],
    ),
    "an error under renderAll": (
        entry(pod={"hostname": "{{ index .CUSTOM_ARGS 0 }}"}, renderAll=True),
        [("warning", "render-fails")],
    ),
    "an error that no pod has": (
        entry(args=["{{ if not .IS_DISTRIBUTED }}{{ if .IS_LEADER }}{{ slice .MODEL_ID 99 }}{{ end }}{{ end }}"]),
        [("warning", "unreachable-branch"), ("info", "render-fails")],
    ),
    "no value": (
        entry(args=["--b={{ template `t` }}{{ define `t` }}{{ . }}{{ end }}"]),
        [("warning", "no-value")],
    ),
    "an unknown variable is not reported again": (
        entry(args=["--a={{ .NO }}", "--b={{ gt .NO 1 }}", "--c={{ $x := .NO }}{{ $x }}"]),
        [("warning", "unknown-variable")] * 3,
    ),
    "a comparison that always fails is not reported again": (
        entry(args=["--a={{ gt .MODEL_NAME 1 }}"]),
        [("warning", "impossible-comparison")],
    ),
    "null and a verb that does not fit": (
        entry(args=["--a={{ print nil }}", "--b={{ printf `%d` .MODEL_ID }}", "--c={{ printf `%s` }}", "--d=100%!"]),
        [("warning", "misprint")] * 3,
    ),
    "arguments as a list": (entry(SCRIPT, ["serve {{ .CUSTOM_ARGS }}"]), [("warning", "misprint")]),
    "a misprint for another GPU type": (
        entry(args=["{{ if eq .GPU_TYPE `ascend-gpu-910` }}--a={{ print nil }}{{ end }}"]),
        [("warning", "misprint")],
    ),
    "a group's variable through a template's variable": (
        entry(args=["{{ $h := `$(LWS_LEADER_ADDRESS)` }}--a={{ $h }}"]),
        [("warning", "lws-variable-in-lone-pod")],
    ),
    "a group's variable in a group through a template's variable": (
        entry(args=["{{ $h := `$(LWS_LEADER_ADDRESS)` }}{{ if .IS_DISTRIBUTED }}--a={{ $h }}{{ end }}"]),
        [],
    ),
    "spaces of the author between two actions": (
        entry(SCRIPT, ["serve {{ .MODEL_PATH }}  {{ .MODEL_HOST }}" + ARGS]),
        [],
    ),
    "two spaces, and an apostrophe in a comment": (
        entry(SCRIPT, ["# don't\nserve {{ if .IS_LEADER }}x{{ end }} a" + ARGS + "\n# it's"]),
        [("warning", "doubled-space")],
    ),
    "two spaces in quotes, and an apostrophe in a comment": (
        entry(SCRIPT, ["# don't\nserve 'a {{ if .IS_LEADER }}x{{ end }} b'" + ARGS]),
        [],
    ),
    "two spaces that also appear elsewhere": (
        entry(SCRIPT, ["serve {{ if .IS_LEADER }}x{{ end }} a" + ARGS + "\n[ b  a ]"]),
        [("warning", "doubled-space")],
    ),
    "two spaces in two places": (
        entry(SCRIPT, ["serve {{ if .IS_LEADER }}x{{ end }} a" + ARGS + "\nserve {{ if .IS_LEADER }}x{{ end }} b"]),
        [("warning", "doubled-space")] * 2,
    ),
    "either of two branches on one line": (
        entry(args=["{{ if gt .TP_SIZE 1 }} --tp={{ .TP_SIZE }} {{ else }} --tp=1 {{ end }}"]),
        [],
    ),
    "braces in what is rendered": (entry(args=["--t={{ `{{` }} x {{ `}}` }}"]), []),
    "arguments passed twice": (entry(SCRIPT, ["serve" + ARGS + ARGS]), [("warning", "flag-twice")]),
    "a worker that waits for the model": (
        entry(SCRIPT, ["until [ -f {{ .MODEL_PATH }}/x ]; do sleep 1; done\n{{ if and .IS_DISTRIBUTED (not .IS_LEADER) }}ray start{{ else }}serve" + ARGS + "{{ end }}"]),
        [],
    ),
    "a script that refuses groups": (
        entry([*SCRIPT, '{{ if .IS_DISTRIBUTED }}echo no >&2; exit 1{{ else }}exec serve "$@"{{ end }}', "name"]),
        [],
    ),
    "arguments through an environment variable": (
        entry(
            [*SCRIPT, "exec serve $EXTRA"],
            renderAll=True,
            pod={"initContainers": [{"name": "i", "env": [{"name": "A", "value": "{{ range .CUSTOM_ARGS }}{{ . }} {{ end }}"}]}]},
        ),
        [],
    ),
    "arguments that are escaped": (entry(SCRIPT, ["serve{{ range .CUSTOM_ARGS }} {{ urlquery . }}{{ end }}"]), []),
    "an option of a script, not of the shell": (entry(["/bin/sh", "/app/start.sh", "-c", "8192"]), []),
    "two spaces around an empty action": (
        entry(SCRIPT, ["serve {{ if gt .TP_SIZE 1 }}--tp={{ .TP_SIZE }}{{ end }} {{ .MODEL_PATH }}" + ARGS]),
        [("warning", "doubled-space")],
    ),
    "two spaces in a script in the command": (
        entry([*SCRIPT, 'serve {{ if gt .TP_SIZE 1 }}--tp={{ .TP_SIZE }}{{ end }} {{ .MODEL_PATH }} "$@"', "name"]),
        [("warning", "doubled-space")],
    ),
    "two spaces that the author wrote": (entry(SCRIPT, ["serve  {{ .MODEL_PATH }}" + ARGS + "  # why"]), []),
    "two spaces in quotes": (entry(SCRIPT, ["serve '{{ .MODEL_ID }} {{ .CLUSTER }}{{ print }} x'" + ARGS]), []),
    "indentation": (entry(SCRIPT, ["if true; then\n  serve{{ if true }}\n    --a{{ end }}" + ARGS + "\nfi"]), []),
    "a space at the end": (
        entry(SCRIPT, ["serve {{ .MODEL_PATH }} {{ range .CUSTOM_ARGS }}{{ . }} {{ end }}"]),
        [("warning", "trailing-space")] * 2,
    ),
    "a space at the end of a line": (
        entry(SCRIPT, ["serve {{ if .IS_LEADER }}x{{ end }}\ntrue" + ARGS]),
        [("warning", "trailing-space")],
    ),
    "a space at the end of a line that is trimmed": (entry(args=["--a={{ .TP_SIZE }} {{ if .IS_LEADER }}{{ end }}"]), []),
    "a flag twice": (
        entry(["serve", "--tp=1", "--tp={{ .TP_SIZE }}"]),
        [("warning", "flag-twice")],
    ),
    "a flag twice in a script": (entry(SCRIPT, ["serve --a 1 \\\n --a=2" + ARGS]), [("warning", "flag-twice")]),
    "a flag once in each of two commands": (entry(SCRIPT, ["x --a 1 && y --a 2; z --a\nq --a" + ARGS]), []),
    "a flag twice among lines": (
        entry(args=["--a=1\n{{ if .IS_DISTRIBUTED }}--a=2{{ end }}"]),
        [("warning", "flag-twice")],
    ),
    "several flags on a line, visible only when rendered": (
        entry(args=["{{ `--a=1 --b=2` }}"]),
        [("warning", "flags-on-one-line")],
    ),
    "a script that forgets the arguments": (
        entry([*SCRIPT, "serve {{ .MODEL_PATH }}"]),
        [("warning", "custom-args-unused")],
    ),
    "a script without an args template that takes them": (entry([*SCRIPT, 'serve {{ .MODEL_PATH }} "$@"', "name"]), []),
    "a script that takes them one by one": (entry([*SCRIPT, "serve {{ .MODEL_PATH }} ${1} $2", "name"]), []),
    "a script without a name before them": (
        entry([*SCRIPT, 'serve {{ .MODEL_PATH }} "$@"']),
        [("warning", "custom-args-unused")],
    ),
    "a script that takes the first as its name": (entry([*SCRIPT, 'serve "$0" "$@"']), []),
    "a script that forgets them for leaders": (
        entry(SCRIPT, ["serve {{ .MODEL_PATH }}{{ if not .IS_LEADER }}" + ARGS + "{{ end }}"]),
        [("warning", "custom-args-unused")],
    ),
    "a worker that starts something else": (
        entry(SCRIPT, ["{{ if and .IS_DISTRIBUTED (not .IS_LEADER) }}ray start{{ else }}serve {{ .MODEL_PATH }}" + ARGS + "{{ end }}"]),
        [],
    ),
    "a worker that starts something else, without the model's path": (
        entry(SCRIPT, ["{{ if and .IS_DISTRIBUTED (not .IS_LEADER) }}ray start{{ else }}serve" + ARGS + "{{ end }}"]),
        [],
    ),
    "a command without a script, to which they are appended": (entry(["serve", "{{ .MODEL_PATH }}"]), []),
    "no templates at all": (entry(), []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_trials(text, expected):
    assert sorted(coded(lint(text))) == sorted(expected)


def test_a_finding_has_its_place_and_names_a_sample():
    [problem] = lint("""\
        templates:
        - runtime: r
          podTemplate:
            containerTemplate:
              argsTemplate:
              - |-
                --a=1
                --first={{ index .CUSTOM_ARGS 0 }}
    """)

    assert (problem.line, problem.column) == (8, len("        --first={{ ") + 1)
    assert problem.cause == (
        'template: r/argsTemplate[0]:2:11: executing "r/argsTemplate[0]" at <index .CUSTOM_ARGS 0>: error calling index: '
        "reflect: slice index out of range (IS_DISTRIBUTED=false IS_LEADER=false TP_SIZE=1, without CUSTOM_ARGS)"
    )


def test_the_templates_of_an_entry_with_errors_are_tried_too():
    text = entry(args=["--a={{ index .CUSTOM_ARGS 0 }}"], pod={"volumes": 1})

    assert sorted(coded(lint(text))) == [("error", "wrong-type"), ("warning", "render-fails")]


def test_the_built_in_runtimes_have_only_the_remarks_about_the_published_example():
    problems = linting.lint(catalog.embedded())

    assert [(one.severity, one.code) for one in problems] == [("info", "spliced-argument")] * 2
    assert all(" CUSTOM_ARGS as text" in one.cause or " MODEL_NAME as text" in one.cause for one in problems)
