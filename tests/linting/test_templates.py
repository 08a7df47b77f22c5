"""Findings about templates as they are written."""

import pytest

from tests.linting.configurations import coded, entry, lint
from webhook.linting import sample_variables


def test_an_unknown_variable_is_reported_with_the_nearest_name():
    [problem] = lint("""\
        templates:
        - runtime: r
          podTemplate:
            containerTemplate:
              argsTemplate:
              - |-
                --model={{ .MODEL_PATH }}
                {{ if gt .TP_SZIE 1 }}--tp={{ .TP_SIZE }}{{ end }}
    """)
    assert (problem.severity, problem.code, problem.line) == ("warning", "unknown-variable", 8)
    assert problem.path == "templates[0].podTemplate.containerTemplate.argsTemplate[0]"
    assert problem.cause == "the variable .TP_SZIE does not exist (line 2 of the template)"
    assert problem.remedy == "did you mean .TP_SIZE?"
    assert problem.column == len("        {{ if gt ") + 1


def test_an_unknown_variable_under_render_all_is_reported():
    problems = lint("""\
        templates:
        - runtime: r
          renderAll: true
          podTemplate:
            podSecurityContext: {seLinuxOptions: {level: "{{ .LEVEL }}"}}
            volumes: [{name: "{{ .VOLUME }}"}]
            containerTemplate: {env: [{name: A, value: "{{ .NOPE }}"}]}
    """)
    assert [(problem.code, problem.line) for problem in problems] == [("unknown-variable", line) for line in (5, 6, 7)]


def test_every_variable_of_the_contract_is_known():
    text = " ".join(f"{{{{ print .{name} | len }}}}" for name in sorted(sample_variables.NAMES))
    problems = lint(
        f"templates: [{{runtime: r, podTemplate: {{containerTemplate: {{commandTemplate: [serve, '--a={text}']}}}}}}]"
    )
    assert problems == ()
    assert len(sample_variables.NAMES) == 22


def test_places_are_those_of_the_manifest_around_the_configuration():
    text = "apiVersion: v1\nkind: ConfigMap\ndata:\n  config.yaml: |\n    templates:\n    - runtime: r\n"
    text += '      podTemplate: {containerTemplate: {argsTemplate: ["{{ .NOPE }}"]}}\n'
    [problem] = lint(text)
    assert (problem.line, problem.column) == (7, text.split("\n")[6].index(".NOPE") + 1)


def test_variables_are_checked_even_if_the_entry_has_errors():
    problems = lint(
        "templates: [{runtime: r, podTemplate: {volumes: 1, containerTemplate: {argsTemplate: ['{{ .A }}', '{{']}}}]"
    )
    assert [problem.code for problem in problems] == ["wrong-type", "unknown-variable", "template-syntax"]


CASES = {
    "a string compared with a number": ("{{ if gt .MODEL_NAME 1 }}--a{{ end }}", ["impossible-comparison"]),
    "a number compared with a string": ("{{ if eq .TP_SIZE `8` }}--a{{ end }}", ["impossible-comparison"]),
    "in a branch for workers": (
        "{{ if and .IS_DISTRIBUTED (not .IS_LEADER) }}{{ if lt .GPU_COUNT `1` }}--a{{ end }}{{ end }}",
        ["impossible-comparison"],
    ),
    "arguments are strings": ("{{ range .CUSTOM_ARGS }}{{ if gt . 1 }}--a{{ end }}{{ end }}", ["impossible-comparison"]),
    "the length of a number": ("{{ if .IS_LEADER }}{{ len .TP_SIZE }}{{ end }}", ["always-fails"]),
    "a field of a string": ("{{ .MODEL_NAME.ID }}", ["always-fails"]),
    "a template that does not exist": ("{{ template `x` }}", ["always-fails"]),
    "comparisons of one type": ("--a={{ gt .TP_SIZE 1 }}{{ eq .GPU_TYPE `cpu` }}{{ eq .IS_LEADER true }}", []),
    "a constant condition": ("{{ if false }}--a{{ end }}", ["unreachable-branch"]),
    "a leader outside a group": (
        "{{ if .IS_DISTRIBUTED }}--a{{ else if .IS_LEADER }}--b{{ end }}",
        ["unreachable-branch"],
    ),
    "a lone pod with a group": ("{{ if not .IS_DISTRIBUTED }}{{ if eq .GROUP_SIZE 1 }}--a{{ else }}--b{{ end }}{{ end }}", ["unreachable-branch"]),
    "one branch for each role": (
        "{{ if not .IS_DISTRIBUTED }}--a{{ else if .IS_LEADER }}--b{{ else }}--c{{ end }}{{ if gt .PP_SIZE 1 }}--d{{ end }}",
        [],
    ),
    "a group's variable in text": ("--a=$(LWS_LEADER_ADDRESS)", ["lws-variable-in-lone-pod"]),
    "a group's variable in a string": ("--a={{ print `$(LWS_GROUP_SIZE)` }}", ["lws-variable-in-lone-pod"]),
    "a group's variable in a branch that some lone pods reach": (
        "{{ if eq .GPU_TYPE `rare` }}--a=$(LWS_WORKER_INDEX){{ end }}",
        ["lws-variable-in-lone-pod"],
    ),
    "a group's variable in a group": ("{{ if .IS_DISTRIBUTED }}--a=$(LWS_LEADER_ADDRESS){{ end }}", []),
    "a group's variable for a leader": ("{{ if .IS_LEADER }}--a=$(LWS_LEADER_ADDRESS){{ end }}", []),
    "a group's variable in the else of a lone pod's branch": (
        "{{ if not .IS_DISTRIBUTED }}--a{{ else }}--b=$(LWS_LEADER_ADDRESS){{ end }}",
        [],
    ),
    "two of a group's variables": ("--a=$(LWS_LEADER_ADDRESS):$(LWS_GROUP_SIZE)", ["lws-variable-in-lone-pod"] * 2),
    "a group's variable that is only compared": ("{{ if ne .MODEL_ID `$(LWS_X)` }}--a{{ end }}", []),
    "an escaped dollar sign": ("--a=$$(LWS_LEADER_ADDRESS)", []),
    "a call without its parentheses": ("{{ if gt .TP_SIZE 1 and .IS_LEADER }}--a{{ end }}", ["always-fails"]),
    "another variable of the kubelet": ("--a=$(POD_IP)", []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_template_rules(text, expected):
    assert coded(lint(entry(args=[text]))) == [("warning", code) for code in expected]


def test_an_impossible_comparison_has_its_place_and_gos_reason():
    [problem] = lint("""\
        templates:
        - runtime: r
          podTemplate:
            containerTemplate:
              argsTemplate:
              - |-
                --a=1
                {{ if gt .MODEL_NAME 1 }}--b{{ end }}
    """)

    assert (problem.line, problem.column) == (8, len("        {{ if ") + 1)
    assert problem.cause == "`gt .MODEL_NAME 1` always fails: incompatible types for comparison: string and int"
    assert problem.remedy == "write numbers without quotes, and strings in quotes"


def test_a_groups_variable_has_its_line_and_column():
    [problem] = lint("""\
        templates:
        - runtime: r
          podTemplate:
            containerTemplate:
              argsTemplate:
              - |-
                --a={{ .MODEL_ID }}
                --b=$(LWS_LEADER_ADDRESS):1
    """)

    assert (problem.line, problem.column) == (8, len("        --b=") + 1)
    assert problem.cause == (
        "$(LWS_LEADER_ADDRESS) can reach a lone pod, but is defined only in the pods of a LeaderWorkerSet"
    )


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("{{ eq .IS_DISTRIBUTED `true` }}", "test a boolean without a comparison: {{ if .X }}"),
        ("{{ eq .CUSTOM_ARGS `` }}", "test a list with {{ if .X }}, or compare its length: (len .X)"),
        ("{{ ne .TP_SIZE 1.5 }}", "write a whole number"),
        ("{{ ge .IS_LEADER true }}", "only numbers and strings can be ordered: use eq, or {{ if .X }}"),
        ("{{ gt .TP_SIZE }}", "give it two arguments, such as: gt .TP_SIZE 1"),
        (
            "{{ not .IS_LEADER .TP_SIZE }}",
            "give it one argument, and put a call that is an argument of another call in parentheses",
        ),
        ("{{ len .TP_SIZE }}", "ask for the length of a string or a list, such as: len .CUSTOM_ARGS"),
        (
            "{{ with .MODEL_NAME }}{{ .MODEL_PATH }}{{ end }}",
            "inside range and with, the dot is an item or a value: write $.NAME for a variable",
        ),
        ("{{ .IS_LEADER.ROLE }}", "the variables have no fields: write .IS_LEADER"),
        ("{{ range .IS_LEADER }}{{ end }}", "write a list or a number after range, such as: range .CUSTOM_ARGS"),
    ],
)
def test_each_failure_has_its_remedy(text, remedy):
    [problem] = lint(entry(args=[text]))
    assert problem.remedy == remedy


def test_a_groups_variable_in_a_go_string_has_its_own_column():
    [problem] = lint(entry(args=["--a={{ print `x$(LWS_GROUP_SIZE)/y` }}"]))

    assert entry(args=["--a={{ print `x$(LWS_GROUP_SIZE)/y` }}"])[problem.column - 1 :].startswith("$(LWS_GROUP_SIZE)")
    assert "$(LWS_GROUP_SIZE) can" in problem.cause


def test_an_unknown_function_is_an_error_with_the_nearest_name():
    [problem] = lint(entry(args=["{{ prnt .MODEL_ID }}"]))

    assert (problem.severity, problem.code, problem.remedy) == ("error", "template-syntax", 'did you mean "print"?')
