"""The list of problem codes is complete: each is raised by a small configuration here, and each is documented."""

import re
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from tests.linting.configurations import entry
from webhook import catalog, linting, problems

CODES = get_args(problems.ProblemCode)
PAGE = (Path(__file__).parents[2] / "docs/configuration.md").read_text(encoding="utf-8")

ARGUMENTS = "{{- range .CUSTOM_ARGS }} {{ . }}{{ end }}"
SCRIPT = ["/bin/bash", "-c"]


def container(**fields):
    return entry(pod={"containerTemplate": fields})


#: A configuration that has the problem: runtime templates, unless another kind is named first.
RAISED_BY = {
    "absent": None,
    "empty": "# nothing",
    "yaml-syntax": "templates: [",
    "yaml-limit": "[" * 200 + "]" * 200,
    "several-documents": "templates: []\n---\ntemplates: []",
    "wrong-kind": "{apiVersion: v1, kind: Secret}",
    "configmap-name": "{apiVersion: v1, kind: ConfigMap, metadata: {name: other}, data: {config.yaml: 'templates: []'}}",
    "missing-data-key": "{apiVersion: v1, kind: ConfigMap, data: {other: ''}}",
    "unread-data-key": (
        "agent",
        "{apiVersion: v1, kind: ConfigMap, data: {a: 'deployment_templates: []', b: 'deployment_templates: ['}}",
    ),
    "several-lists": ("agent", "{deployment_templates: [], configmap: {deployment_templates: []}}"),
    "too-many-problems": "templates: [" + "1, " * 1001 + "]",
    "wrong-type": "templates: 1",
    "missing-key": "{}",
    "unknown-key": "{templates: [], other: 1}",
    "empty-value": "templates: [{runtime: ''}]",
    "bad-value": ("agent", "deployment_templates: [{container_template: {image: 'a b'}}]"),
    "duplicate-key": "templates: [{runtime: a, runtime: b}]",
    "duplicate-runtime": "templates: [{runtime: a}, {runtime: a}]",
    "runtime-name": "templates: [{runtime: a b}]",
    "two-names": entry(pod={"securityContext": {}, "podSecurityContext": {}}),
    "image-beside": ("agent", "deployment_templates: [{container_template: {}, image: i}]"),
    "unquoted-tag": ("agent", "deployment_templates: [{container_template: {image: {repository: i, tag: 2.10}}}]"),
    "reserved-key": entry(pod={"metadata": {"labels": {"hydra.io/inject": "false"}}}),
    "yaml-key": "templates: [{null: 1}]",
    "yaml-value": "templates: [{runtime: a, podTemplate: {priority: .inf}}]",
    "yaml-alias": "templates: [*a]",
    "template-syntax": entry(args=["{{ }}"]),
    "unknown-variable": entry(args=["{{ .NO }}"]),
    "impossible-comparison": entry(args=["{{ gt .MODEL_NAME 1 }}"]),
    "always-fails": entry(args=["{{ len .TP_SIZE }}"]),
    "unreachable-branch": entry(args=["{{ if false }}--a{{ end }}"]),
    "lws-variable-in-lone-pod": entry(args=["--a=$(LWS_LEADER_ADDRESS)"]),
    "render-fails": entry(args=["{{ index .CUSTOM_ARGS 9 }}"]),
    "no-value": entry(args=["{{ template `t` }}{{ define `t` }}{{ . }}{{ end }}"]),
    "misprint": entry(args=["{{ print nil }}"]),
    "doubled-space": entry(SCRIPT, ["serve {{ if .IS_LEADER }}x{{ end }} a" + ARGUMENTS]),
    "trailing-space": entry(SCRIPT, ["serve" + ARGUMENTS + "{{ ` ` }}"]),
    "flag-twice": entry(args=["--a=1\n--a=2"]),
    "flags-on-one-line": entry(args=["--a=1 --b=2"]),
    "empty-element": entry(["serve", "{{ if .IS_LEADER }}--a{{ end }}"]),
    "spliced-argument": entry(SCRIPT, ["serve" + ARGUMENTS]),
    "quoted-for-go": entry([*SCRIPT, 'serve {{ printf "%q" .MODEL_NAME }} "$@"', "name"]),
    "script-syntax": entry([*SCRIPT, 'serve "$@', "name"]),
    "no-script": entry(SCRIPT),
    "script-in-lines": container(command=SCRIPT, argsTemplate=["ulimit -n 1\nserve"]),
    "needs-shell": entry(["cd", "/", "&&", "serve"]),
    "not-an-action": entry(args=["--model={ .MODEL_PATH }"]),
    "reparsed-arguments": entry([*SCRIPT, "serve $@", "name"]),
    "not-an-integer": entry(
        renderAll=True, pod={"containerTemplate": {"ports": [{"containerPort": "{{ .MODEL_NAME }}"}]}}
    ),
    "custom-args-unused": entry(SCRIPT, ["serve"]),
    "costly-templates": entry(args=["{{ range 1000 }}{{ end }}"]),
    "bare-key": "templates: [{runtime: r, podTemplate: {worker: }}]",
    "plain-command": container(args=["a"]),
    "late-field": entry(pod={"nodeName": "a"}),
    "unrendered": entry(pod={"hostname": "{{ .MODEL_ID }}"}),
    "duplicate-item": container(env=[{"name": "A"}, {"name": "A"}]),
    "duplicate-port-name": container(ports=[{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]),
    "uncounted-gpu": container(resources={"limits": {"nvidia.com/gpu": 4}}),
    "unreachable-entry": ("agent", "deployment_templates: [{}, {match_runtimes: [a]}]"),
    "undefined-volume": container(volumeMounts=[{"name": "a", "mountPath": "/a"}]),
    "unknown-gpu-type": ("agent", "deployment_templates: [{match_gpu_types: [nvdia-gpu]}]"),
    "unknown-value": container(imagePullPolicy="always"),
    "bad-quantity": container(resources={"limits": {"memory": "32 Gi"}}),
    "tiny-quantity": container(resources={"limits": {"memory": 32}}),
    "unknown-resource": container(resources={"limits": {"gpu": 1}}),
    "bad-name": container(ports=[{"containerPort": 1, "name": "HTTP"}]),
    "env-name": container(env=[{"name": "1"}]),
    "exclusive-fields": container(env=[{"name": "A", "value": "a", "valueFrom": {"fieldRef": {"fieldPath": "a"}}}]),
    "image-reference": container(image="A/B"),
    "command-with-spaces": container(command=["a b"]),
    "unknown-probe-port": container(
        ports=[{"containerPort": 1, "name": "a"}], livenessProbe={"tcpSocket": {"port": "b"}}
    ),
    "probe-of-workers": container(commandTemplate=["{{ .ROLE }}"], livenessProbe={"httpGet": {"path": "/", "port": 1}}),
    "no-image": ("agent", "deployment_templates: [{container_template: {args: [a]}}]"),
}
#: Found only between two configurations.
PAIRS = {
    "no-agent-entry": ("templates: [{runtime: a}]", "deployment_templates: []"),
    "no-template": ("templates: []", "deployment_templates: [{match_runtimes: [a], container_template: {image: i}}]"),
}
#: Found only by a server, when a configuration disappears.
BY_A_SERVER = "deleted"


def severity_of(code):
    """Return the severity with which the example of a code raises it."""
    if code == BY_A_SERVER:
        before = catalog.build([catalog.Document("templates", "t", "templates: []")], None)
        found = catalog.build([catalog.Document("templates", "t", None)], before).problems
    elif code in PAIRS:
        templates, agent = PAIRS[code]
        found = linting.lint([catalog.Document("templates", "t", templates), catalog.Document("agent", "a", agent)])
    else:
        example = RAISED_BY[code]
        kind, text = example if isinstance(example, tuple) else ("templates", example)
        found = linting.lint([catalog.Document(kind, "file", text)])
    [severity] = {problem.severity for problem in found if problem.code == code}
    return severity


def documented():
    """Return the codes of the page with the severity that the page gives them."""
    section = PAGE.partition("\n## Codes\n")[2].partition("\n## ")[0]
    severity, rows = "", []
    for line in section.splitlines():
        if line.startswith("|---"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if cells[:1] == ["code"]:
            severity = "" if cells[1] == "severity" else "error"
        elif cells:
            rows += [(code, severity or cells[1], cells[-1]) for code in re.findall(r"`([a-z-]+)`", cells[0])]
    return rows


def test_every_code_has_an_example():
    assert Counter(CODES) == Counter([*RAISED_BY, *PAIRS, BY_A_SERVER])


def test_every_code_is_documented_once_and_no_other():
    assert Counter(code for code, _, _ in documented()) == Counter(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_raised_with_the_severity_that_its_documentation_has(code):
    [(severity, meaning)] = [(severity, meaning) for name, severity, meaning in documented() if name == code]

    assert severity_of(code) == severity
    assert len(meaning.split()) >= 3
