"""Findings about fields: what each rule reports and where, and what it ignores."""

import textwrap

import pytest

from tests.linting.configurations import found, lint
from webhook import catalog, linting

RULES = {
    "custom args unused": (
        "podTemplate:\n  containerTemplate:\n    commandTemplate: [a]\n    argsTemplate: [b]",
        [("warning", "custom-args-unused", 6, 7)],
    ),
    "custom args used": (
        "podTemplate: {containerTemplate: {commandTemplate: [sh, -c], argsTemplate: ['a{{ range .CUSTOM_ARGS }} {{ . }}{{ end }}']}}",
        [],
    ),
    "no args template": ("podTemplate: {containerTemplate: {commandTemplate: [a]}}", []),
    "args template alone": ("podTemplate: {containerTemplate: {argsTemplate: [b]}}", []),
    "late fields": (
        "podTemplate: {priorityClassName: a, priority: 1, preemptionPolicy: Never, nodeName: node}",
        [("warning", "late-field", 3, column) for column in (17, 39, 52, 77)],
    ),
    "a late field that is null": ("podTemplate: {priorityClassName: }", []),
    "plain command and args": (
        "podTemplate: {containerTemplate: {command: [a], args: [b]}}",
        [("warning", "plain-command", 3, 51)],
    ),
    "plain args beside their template, and an empty one": (
        "podTemplate: {containerTemplate: {args: [a], argsTemplate: [b], worker: {command: [c], commandTemplate: }}}",
        [("warning", "plain-command", 3, 37), ("info", "bare-key", 3, 90)],
    ),
    "custom args unused by the leader's overlay": (
        (
            "podTemplate:\n  containerTemplate:\n    commandTemplate: [a]\n"
            "    leader: {argsTemplate: [b]}\n    worker: {argsTemplate: [b]}"
        ),
        [("warning", "custom-args-unused", 6, 16)],
    ),
    "custom args in a variable": (
        (
            "renderAll: true\npodTemplate:\n  containerTemplate:\n    commandTemplate: [a]\n    argsTemplate: [b]\n"
            "    env: [{name: ARGS, value: '{{ range .CUSTOM_ARGS }}{{ . }} {{ end }}'}]"
        ),
        [],
    ),
    "an action that would be rendered if the entry had no error": (
        "renderAll: true\npodTemplate: {hostname: '{{ .MODEL_SLUG }}', hostNetwork: 'true'}",
        [("error", "wrong-type", 4, 61)],
    ),
    "an action that is not rendered": (
        "podTemplate: {volumes: [{name: v, nfs: {server: s, path: '/{{ .MODEL_ID }}'}}]}",
        [("warning", "unrendered", 3, 60)],
    ),
    "an action that is rendered": ("renderAll: true\npodTemplate: {hostname: '{{ .MODEL_SLUG }}'}", []),
    "an action in a key, which is not rendered": (
        "renderAll: true\npodTemplate: {nodeSelector: {'{{ .GPU_TYPE }}': '{{ .ROLE }}'}}",
        [("warning", "unrendered", 4, 32)],
    ),
    "two volumes with one name": (
        "podTemplate: {volumes: [{name: a}, {name: b}, {name: a}]}",
        [("warning", "duplicate-item", 3, 49)],
    ),
    "two env variables with one name": (
        "podTemplate: {containerTemplate: {env: [{name: A}, {name: A}]}}",
        [("warning", "duplicate-item", 3, 54)],
    ),
    "one port, two protocols": (
        "podTemplate: {containerTemplate: {ports: [{containerPort: 1}, {containerPort: 1, protocol: UDP}]}}",
        [],
    ),
    "one port twice, once with the default protocol": (
        "podTemplate: {containerTemplate: {ports: [{containerPort: 1}, {containerPort: 1, protocol: TCP}]}}",
        [("warning", "duplicate-item", 3, 65)],
    ),
    "two ports with one name": (
        "podTemplate: {containerTemplate: {ports: [{containerPort: 1, name: h}, {containerPort: 2, name: h}]}}",
        [("warning", "duplicate-port-name", 3, 93)],
    ),
    "an env variable twice in an init container": (
        "podTemplate: {initContainers: [{name: i, env: [{name: A}, {name: A}]}]}",
        [("warning", "duplicate-item", 3, 61)],
    ),
    "a mount without its volume": (
        "podTemplate: {volumes: [{name: a}], containerTemplate: {volumeMounts: [{name: b, mountPath: /b}]}}",
        [("info", "undefined-volume", 3, 81)],
    ),
    "a mount without its volume in an init container": (
        "podTemplate: {initContainers: [{name: i, volumeMounts: [{name: b, mountPath: /b}]}]}",
        [("info", "undefined-volume", 3, 66)],
    ),
}


@pytest.mark.parametrize(("fields", "expected"), RULES.values(), ids=RULES)
def test_template_rules(fields, expected):
    text = "templates:\n- runtime: r\n" + textwrap.indent(fields, "  ")
    assert found(lint(text)) == expected


AGENT_RULES = {
    "an entry for everything first": ("- {container_template: {image: i}}\n- {match_runtimes: [a], image: i}", [3]),
    "a wider entry first": (
        "- {match_runtimes: [a, b], container_template: {image: i}}\n- {match_runtimes: [b], match_gpu_types: [cpu]}",
        [3],
    ),
    "a narrower entry first": ("- {match_runtimes: [b], match_gpu_types: [cpu]}\n- {match_runtimes: [a, b]}", []),
    "overlapping entries": ("- {match_runtimes: [a, b]}\n- {match_runtimes: [b, c]}", []),
    "another GPU type": ("- {match_gpu_types: [x]}\n- {match_gpu_types: [cpu]}", []),
    "a catch-all last": ("- {match_gpu_types: [x]}\n- {match_runtimes: [a]}\n- {}", []),
}


@pytest.mark.parametrize(("entries", "lines"), AGENT_RULES.values(), ids=AGENT_RULES)
def test_an_entry_after_one_that_matches_everything_it_matches_is_reported(entries, lines):
    problems = lint(agent="deployment_templates:\n" + entries)
    assert [problem.line for problem in problems if problem.code == "unreachable-entry"] == lines


def test_actions_in_an_agent_entry_are_reported():
    problems = lint(agent="deployment_templates:\n- container_template: {image: i, args: ['--m={{ .MODEL_ID }}']}")
    assert found(problems) == [("warning", "unrendered", 2, 41)]


def test_an_agent_entry_without_an_image_is_an_info():
    assert found(lint(agent="deployment_templates:\n- container_template: {args: [a]}")) == [("info", "no-image", 2, 3)]


def test_runtimes_in_only_one_of_the_configurations():
    problems = lint(
        "templates:\n- runtime: vllm\n- runtime: lonely\n- {runtime: own, podTemplate: {containerTemplate: {image: i}}}",
        "deployment_templates:\n- {match_runtimes: [vllm, vlm], container_template: {image: i}}",
    )
    assert [(problem.source, *one) for problem, one in zip(problems, found(problems), strict=True)] == [
        ("t.yaml", "info", "no-agent-entry", 3, 3),
        ("a.yaml", "warning", "no-template", 2, 27),
    ]
    assert problems[1].remedy == 'did you mean "vllm"?'


def test_an_agent_entry_for_any_runtime_matches_all():
    assert lint("templates: [{runtime: r}]", "deployment_templates: [{container_template: {image: i}}]") == ()


def test_load_problems_and_findings_are_sorted_by_place_together():
    problems = lint("""\
        templates:
        - runtime: a
          podTemplate: {nodeName: node}
          unknown: 1
        - runtime: 1
        - runtime: b
          podTemplate: {priority: 1}
    """)
    assert [(problem.code, problem.line) for problem in problems] == [
        ("late-field", 3),
        ("unknown-key", 4),
        ("wrong-type", 5),
        ("late-field", 7),
    ]


def test_an_unreadable_document_has_only_its_load_problem():
    assert [problem.code for problem in lint("templates: [", "deployment_templates: {}")] == [
        "yaml-syntax",
        "wrong-type",
    ]


def test_the_gpu_table_is_checked_for_load_problems():
    [problem] = linting.lint([catalog.Document("gpu-configs", "g.yaml", "gpu_configs: 1")])
    assert problem.code == "wrong-type"


def test_an_absent_configuration_is_reported():
    [problem] = linting.lint([catalog.Document("agent", "a.yaml", None)])
    assert (problem.severity, problem.code) == ("error", "absent")


IN_OVERLAYS = {
    "a late field": ("podTemplate: {leader: {nodeName: a}}", [("warning", "late-field", 3, 26)]),
    "plain args": (
        "podTemplate: {containerTemplate: {worker: {args: [b]}}}",
        [("warning", "plain-command", 3, 46)],
    ),
    "a plain command beside args templates alone": (
        "podTemplate: {containerTemplate: {command: [a], argsTemplate: [b], worker: {command: [c]}}}",
        [],
    ),
    "a plain command beside a command template": (
        "podTemplate: {containerTemplate: {command: [a], commandTemplate: [b]}}",
        [("warning", "plain-command", 3, 37)],
    ),
    "a mount": (
        "podTemplate: {containerTemplate: {worker: {volumeMounts: [{name: b, mountPath: /b}]}}}",
        [("info", "undefined-volume", 3, 68)],
    ),
    "a mount of a volume of the same overlay": (
        "podTemplate: {worker: {volumes: [{name: b}]}, containerTemplate: {worker: {volumeMounts: [{name: b, mountPath: /b}]}}}",
        [],
    ),
    "a mount of a volume of the other overlay": (
        "podTemplate: {leader: {volumes: [{name: b}]}, containerTemplate: {worker: {volumeMounts: [{name: b, mountPath: /b}]}}}",
        [("info", "undefined-volume", 3, 100)],
    ),
    "an action that is not rendered": (
        "podTemplate: {worker: {hostname: '{{ .ROLE }}'}}",
        [("warning", "unrendered", 3, 36)],
    ),
    "a template of args": ("podTemplate: {containerTemplate: {worker: {argsTemplate: ['{{ .ROLE }}']}}}", []),
    "a bare key": (
        "podTemplate: {containerTemplate: {worker: {readinessProbe: }}}",
        [("info", "bare-key", 3, 46)],
    ),
    "a bare key further down": (
        "podTemplate: {worker: {securityContext: {runAsUser: }}}",
        [("info", "bare-key", 3, 44)],
    ),
    "a null": ("podTemplate: {containerTemplate: {worker: {readinessProbe: null, livenessProbe: ~}}}", []),
    "empty overlays": (
        "podTemplate: {leader: , containerTemplate: {worker: }}",
        [("info", "bare-key", 3, 17), ("info", "bare-key", 3, 47)],
    ),
}


@pytest.mark.parametrize(("fields", "expected"), IN_OVERLAYS.values(), ids=IN_OVERLAYS)
def test_template_rules_in_role_overlays(fields, expected):
    text = "templates:\n- runtime: r\n" + "".join(f"  {line}\n" for line in fields.splitlines())

    assert found(lint(text)) == expected


def test_rules_in_the_pod_templates_of_agent_entries():
    problems = lint(
        agent="""\
        deployment_templates:
        - container_template: {image: i, volumeMounts: [{name: a, mountPath: /a}, {name: b, mountPath: /b}], worker: {env: }}
          pod_template: {priority: 1, volumes: [{name: a}], leader: {nodeName: node}, hostname: '{{ .ROLE }}'}
        """
    )

    assert sorted(found(problems)) == [
        ("info", "bare-key", 2, 111),
        ("info", "undefined-volume", 2, 82),
        ("warning", "late-field", 3, 18),
        ("warning", "late-field", 3, 62),
        ("warning", "unrendered", 3, 89),
    ]


@pytest.mark.parametrize(
    ("port", "codes"),
    [
        ("{{ .MODEL_PORT }}", []),
        ("{{ .MODEL_NAME }}", ["not-an-integer"]),
        ("{{ if .IS_LEADER }}http{{ else }}1{{ end }}", ["not-an-integer"]),
    ],
)
def test_a_template_that_prints_no_integer(port, codes):
    ports = f"ports: [{{containerPort: '{port}'}}], readinessProbe: {{tcpSocket: {{port: '{{{{ .ROLE }}}}'}}}}"
    text = f"templates:\n- runtime: r\n  renderAll: true\n  podTemplate: {{containerTemplate: {{{ports}}}}}\n"

    assert [problem.code for problem in lint(text)] == codes
