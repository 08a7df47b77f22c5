"""Findings about what templates render to, over every combination of roles, arguments and sizes."""

import pytest

from tests.linting.configurations import coded, entry, lint
from webhook import catalog, linting
from webhook.linting import samples


def test_every_combination_is_tried_once_and_a_leader_of_nothing_is_marked():
    combinations = list(samples.combinations("r", ["cpu"]))

    tried = [
        (*tuple(one.data[name] for name in ("IS_DISTRIBUTED", "IS_LEADER", "TP_SIZE")), bool(one.data["CUSTOM_ARGS"]))
        for one in combinations
    ]
    assert len(set(tried)) == len(tried) == 16
    assert {size for _, _, size, _ in tried} == {1, 8}
    assert [one.data["IS_LEADER"] and not one.data["IS_DISTRIBUTED"] for one in combinations] == [
        not one.exists for one in combinations
    ]
    assert all(one.data["RUN_TIME"] == "r" for one in combinations)


def test_a_combination_says_what_tells_it_from_the_others():
    assert (
        str(next(samples.combinations("r", ["nvidia-gpu"])))
        == "IS_DISTRIBUTED=false IS_LEADER=false TP_SIZE=1, without CUSTOM_ARGS"
    )


SCRIPT = ["/bin/bash", "-c"]
ARGS = "{{- range .CUSTOM_ARGS }} {{ . }}{{ end }}"

CASES = {
    "an error in one combination": (
        entry(["serve"], ["{{ index .CUSTOM_ARGS 0 }}"]),
        [("warning", "render-fails")],
    ),
    "an error in every combination is told once": (
        entry(["serve"], ["{{ index .CUSTOM_ARGS 9 }}"]),
        [("warning", "render-fails")],
    ),
    "an error below renderAll": (
        entry(pod={"hostname": "{{ index .CUSTOM_ARGS 0 }}"}, renderAll=True),
        [("warning", "render-fails")],
    ),
    "an error that no pod meets": (
        entry(args=["{{ if not .IS_DISTRIBUTED }}{{ if .IS_LEADER }}{{ slice .MODEL_ID 99 }}{{ end }}{{ end }}"]),
        [("warning", "unreachable-branch"), ("info", "render-fails")],
    ),
    "no value": (
        entry(args=["--b={{ template `t` }}{{ define `t` }}{{ . }}{{ end }}"]),
        [("warning", "no-value")],
    ),
    "an unknown variable is not told again": (
        entry(args=["--a={{ .NO }}", "--b={{ gt .NO 1 }}", "--c={{ $x := .NO }}{{ $x }}"]),
        [("warning", "unknown-variable")] * 3,
    ),
    "a comparison that always fails is not told again": (
        entry(args=["--a={{ gt .MODEL_NAME 1 }}"]),
        [("warning", "impossible-comparison")],
    ),
    "null and a verb that does not fit": (
        entry(args=["--a={{ print nil }}", "--b={{ printf `%d` .MODEL_ID }}", "--c={{ printf `%s` }}", "--d=100%!"]),
        [("warning", "misprint")] * 3,
    ),
    "arguments as a list": (entry(SCRIPT, ["serve {{ .CUSTOM_ARGS }}"]), [("warning", "misprint")]),
    "a mistake for another GPU type": (
        entry(args=["{{ if eq .GPU_TYPE `ascend-gpu-910` }}--a={{ print nil }}{{ end }}"]),
        [("warning", "misprint")],
    ),
    "a group's variable by way of another": (
        entry(args=["{{ $h := `$(LWS_LEADER_ADDRESS)` }}--a={{ $h }}"]),
        [("warning", "lws-variable-in-lone-pod")],
    ),
    "a group's variable in a group by way of another": (
        entry(args=["{{ $h := `$(LWS_LEADER_ADDRESS)` }}{{ if .IS_DISTRIBUTED }}--a={{ $h }}{{ end }}"]),
        [],
    ),
    "blanks of the author between two actions": (
        entry(SCRIPT, ["serve {{ .MODEL_PATH }}  {{ .MODEL_HOST }}" + ARGS]),
        [],
    ),
    "two blanks beside an apostrophe in a comment": (
        entry(SCRIPT, ["# don't\nserve {{ if .IS_LEADER }}x{{ end }} a" + ARGS + "\n# it's"]),
        [("warning", "doubled-blank")],
    ),
    "two blanks in quotes behind an apostrophe in a comment": (
        entry(SCRIPT, ["# don't\nserve 'a {{ if .IS_LEADER }}x{{ end }} b'" + ARGS]),
        [],
    ),
    "two blanks that stand elsewhere, too": (
        entry(SCRIPT, ["serve {{ if .IS_LEADER }}x{{ end }} a" + ARGS + "\n[ b  a ]"]),
        [("warning", "doubled-blank")],
    ),
    "two blanks at two places": (
        entry(SCRIPT, ["serve {{ if .IS_LEADER }}x{{ end }} a" + ARGS + "\nserve {{ if .IS_LEADER }}x{{ end }} b"]),
        [("warning", "doubled-blank")] * 2,
    ),
    "either of two branches on one line": (
        entry(args=["{{ if gt .TP_SIZE 1 }} --tp={{ .TP_SIZE }} {{ else }} --tp=1 {{ end }}"]),
        [],
    ),
    "braces in what is rendered": (entry(args=["--t={{ `{{` }} x {{ `}}` }}"]), []),
    "arguments handed over twice": (entry(SCRIPT, ["serve" + ARGS + ARGS]), [("warning", "flag-twice")]),
    "a worker that waits for the model": (
        entry(SCRIPT, ["until [ -f {{ .MODEL_PATH }}/x ]; do sleep 1; done\n{{ if and .IS_DISTRIBUTED (not .IS_LEADER) }}ray start{{ else }}serve" + ARGS + "{{ end }}"]),
        [],
    ),
    "a group that is refused": (
        entry([*SCRIPT, '{{ if .IS_DISTRIBUTED }}echo no >&2; exit 1{{ else }}exec serve "$@"{{ end }}', "name"]),
        [],
    ),
    "arguments by way of the environment": (
        entry(
            [*SCRIPT, "exec serve $EXTRA"],
            renderAll=True,
            pod={"initContainers": [{"name": "i", "env": [{"name": "A", "value": "{{ range .CUSTOM_ARGS }}{{ . }} {{ end }}"}]}]},
        ),
        [],
    ),
    "arguments that are escaped": (entry(SCRIPT, ["serve{{ range .CUSTOM_ARGS }} {{ urlquery . }}{{ end }}"]), []),
    "the option of a script that is no shell's": (entry(["/bin/sh", "/app/start.sh", "-c", "8192"]), []),
    "two blanks where nothing is rendered": (
        entry(SCRIPT, ["serve {{ if gt .TP_SIZE 1 }}--tp={{ .TP_SIZE }}{{ end }} {{ .MODEL_PATH }}" + ARGS]),
        [("warning", "doubled-blank")],
    ),
    "two blanks in a script of the command": (
        entry([*SCRIPT, "serve {{ if gt .TP_SIZE 1 }}--tp={{ .TP_SIZE }}{{ end }} {{ .MODEL_PATH }} $@", "name"]),
        [("warning", "doubled-blank")],
    ),
    "two blanks that the author wrote": (entry(SCRIPT, ["serve  {{ .MODEL_PATH }}" + ARGS + "  # why"]), []),
    "two blanks in quotes": (entry(SCRIPT, ["serve '{{ .MODEL_ID }} {{ .CLUSTER }}{{ print }} x'" + ARGS]), []),
    "indentation": (entry(SCRIPT, ["if true; then\n  serve{{ if true }}\n    --a{{ end }}" + ARGS + "\nfi"]), []),
    "a blank at the end": (
        entry(SCRIPT, ["serve {{ .MODEL_PATH }} {{ range .CUSTOM_ARGS }}{{ . }} {{ end }}"]),
        [("warning", "trailing-blank")] * 2,
    ),
    "a blank at the end of a line": (
        entry(SCRIPT, ["serve {{ if .IS_LEADER }}x{{ end }}\ntrue" + ARGS]),
        [("warning", "trailing-blank")],
    ),
    "a blank at the end of a line that is trimmed": (entry(args=["--a={{ .TP_SIZE }} {{ if .IS_LEADER }}{{ end }}"]), []),
    "a flag twice": (
        entry(["serve"], ["--tp=1", "{{ range .CUSTOM_ARGS }}{{ . }}{{ end }}", "{{ if gt .TP_SIZE 1 }}--tp={{ .TP_SIZE }}{{ end }}"]),
        [("warning", "flag-twice")],
    ),
    "a flag twice in a script": (entry(SCRIPT, ["serve --a 1 \\\n --a=2" + ARGS]), [("warning", "flag-twice")]),
    "a flag once in each of two commands": (entry(SCRIPT, ["x --a 1 && y --a 2; z --a\nq --a" + ARGS]), []),
    "a flag twice among lines": (
        entry(args=["--a=1\n{{ if .IS_DISTRIBUTED }}--a=2{{ end }}"]),
        [("warning", "flag-twice")],
    ),
    "several flags on a line that only the rendering shows": (
        entry(args=["{{ `--a=1 --b=2` }}"]),
        [("warning", "flags-on-one-line")],
    ),
    "a script that forgets the arguments": (
        entry([*SCRIPT, "serve {{ .MODEL_PATH }}"]),
        [("warning", "custom-args-unused")],
    ),
    "a script without args template that takes them": (entry([*SCRIPT, 'serve {{ .MODEL_PATH }} "$@"', "name"]), []),
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
    "a command without script that gets them by itself": (entry(["serve", "{{ .MODEL_PATH }}"]), []),
    "no templates at all": (entry(), []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_a_trial_finds_its_case_and_no_other(text, expected):
    assert sorted(coded(lint(text))) == sorted(expected)


def test_a_finding_names_the_combination_and_its_place():
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


def test_an_entry_that_cannot_be_used_has_its_templates_tried_all_the_same():
    text = entry(args=["--a={{ index .CUSTOM_ARGS 0 }}"], pod={"volumes": 1})

    assert sorted(coded(lint(text))) == [("error", "wrong-type"), ("warning", "render-fails")]


def test_the_built_in_runtimes_have_no_findings():
    assert linting.lint(catalog.embedded()) == ()
