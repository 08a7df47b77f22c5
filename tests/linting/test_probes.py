"""Ports that probes ask, and probes that workers get."""

import json

import pytest

from tests.linting.configurations import entry, lint

HTTP = {"httpGet": {"path": "/health", "port": "http"}}
PORTS = [{"name": "http", "containerPort": 8000}]
BY_ROLE = ["sh", "-c", '{{ if .IS_LEADER }}vllm serve "$@"{{ else }}ray start --block{{ end }}', "name"]
ALIKE = ["sh", "-c", 'exec sglang serve --rank={{ if .IS_LEADER }}0{{ else }}1{{ end }} "$@"', "name"]
HEADLESS = ["sh", "-c", 'exec vllm serve{{ if eq .ROLE "worker" }} --headless{{ end }} "$@"', "name"]


def of_ports(*, container=None, pod=None, **more):
    text = entry(pod={**(pod or {}), "containerTemplate": container or {}}, **more)
    return [
        (one.severity, one.path.partition("podTemplate.")[2]) for one in lint(text) if one.code == "unknown-probe-port"
    ]


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"ports": PORTS, "readinessProbe": HTTP}, []),
        ({"ports": PORTS, "readinessProbe": {"httpGet": {"path": "/", "port": 8000}}}, []),
        (
            {"ports": PORTS, "readinessProbe": {"tcpSocket": {"port": "htp"}}},
            [("warning", "containerTemplate.readinessProbe.tcpSocket.port")],
        ),
        ({"readinessProbe": HTTP}, [("info", "containerTemplate.readinessProbe.httpGet.port")]),
        (
            {"worker": {"ports": PORTS}, "readinessProbe": HTTP},
            [("info", "containerTemplate.readinessProbe.httpGet.port")],
        ),
        ({"worker": {"ports": PORTS, "readinessProbe": HTTP}}, []),
        ({"ports": PORTS, "worker": {"readinessProbe": HTTP}}, []),
        ({"ports": PORTS, "worker": {"ports": None, "readinessProbe": None}, "readinessProbe": HTTP}, []),
        (
            {"ports": PORTS, "worker": {"ports": None}, "livenessProbe": HTTP},
            [("info", "containerTemplate.livenessProbe.httpGet.port")],
        ),
        (
            {"ports": PORTS, "readinessProbe": HTTP, "leader": {"readinessProbe": {"httpGet": {"port": "other"}}}},
            [("warning", "containerTemplate.leader.readinessProbe.httpGet.port")],
        ),
    ],
)
def test_a_probe_of_a_named_port(container, expected):
    assert of_ports(container=container) == expected


def test_a_probe_of_a_sidecar_or_init_container():
    sidecar = {"name": "a", "image": "i", "ports": PORTS, "livenessProbe": HTTP}
    bad = {**sidecar, "ports": []}
    pod = {"containers": [sidecar, bad], "leader": {"initContainers": [bad]}}

    assert of_ports(pod=pod) == [
        ("warning", "containers[1].livenessProbe.httpGet.port"),
        ("warning", "leader.initContainers[0].livenessProbe.httpGet.port"),
    ]


def test_an_agent_entry_may_rely_on_the_ports_of_a_template():
    agent = {"container_template": {"image": "i", "ports": [{"name": "a", "containerPort": 1}], "readinessProbe": HTTP}}

    assert lint(agent=json.dumps({"deployment_templates": [agent]})) == ()


def test_a_port_that_a_go_template_prints_is_left_to_requests():
    assert (
        of_ports(container={"readinessProbe": {"httpGet": {"path": "/", "port": "{{ .ROLE }}"}}}, renderAll=True) == []
    )


@pytest.mark.parametrize(
    ("command", "fields", "found"),
    [
        (BY_ROLE, {"readinessProbe": HTTP}, ["readinessProbe"]),
        (HEADLESS, {"readinessProbe": HTTP, "livenessProbe": HTTP}, ["readinessProbe", "livenessProbe"]),
        (ALIKE, {"readinessProbe": HTTP}, []),
        (BY_ROLE, {"readinessProbe": HTTP, "worker": {"readinessProbe": None}}, []),
        (BY_ROLE, {"readinessProbe": {"exec": {"command": ["true"]}}}, []),
        (BY_ROLE, {"worker": {"readinessProbe": HTTP}}, []),
        (["serve"], {"readinessProbe": HTTP, "worker": {"commandTemplate": ["ray", "start"]}}, ["readinessProbe"]),
        (["{{ .NO }}"], {"readinessProbe": HTTP}, []),
        ([], {"readinessProbe": HTTP}, []),
    ],
)
def test_an_http_probe_that_workers_get(command, fields, found):
    container = {"commandTemplate": command, "ports": PORTS, **fields}
    problems = [one for one in lint(entry(pod={"containerTemplate": container})) if one.code == "probe-of-workers"]

    assert [one.path.rpartition(".")[2] for one in problems] == found
    assert {one.severity for one in problems} <= {"info"}
    assert all("worker: {" in one.remedy for one in problems)
