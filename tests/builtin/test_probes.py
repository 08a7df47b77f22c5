"""Probes, ports and the end of the built-in runtimes, by role, as the webhook stores them."""

import http.server
import json
import socket
import subprocess
import sys
import threading

import pytest

from tests.builtin import workloads

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
ROLES = ("lone", "leader", "worker")
SERVERS = ("vllm", "sglang", "image-gen")
HOUR = 3600


def ports(container):
    return [port["containerPort"] for port in container.get("ports", ())]


@pytest.mark.parametrize("role", ["lone", "leader"])
@pytest.mark.parametrize("runtime", SERVERS)
def test_the_engine_is_asked_for_its_health_over_http(runtime, role):
    container = workloads.container(workloads.spec(runtime, role))

    assert [container[probe]["httpGet"] for probe in PROBES] == [{"path": "/health", "port": 8000}] * 3


@pytest.mark.parametrize("runtime", workloads.RESOURCES)
def test_a_large_model_has_an_hour_to_load(runtime):
    probe = workloads.container(workloads.spec(runtime, "lone"))["startupProbe"]

    assert probe["periodSeconds"] * probe["failureThreshold"] == HOUR


@pytest.mark.parametrize("runtime", ["vllm", "image-gen", "mindie"])
def test_a_worker_that_listens_on_no_port_has_neither_port_nor_probe(runtime):
    container = workloads.container(workloads.spec(runtime, "worker"))

    assert not {"ports", *PROBES} & set(container)


def test_a_worker_of_sglang_answers_too():
    leader, worker = (workloads.container(workloads.spec("sglang", role)) for role in ("leader", "worker"))

    assert ports(worker) == [8000]
    assert all(worker[probe] == leader[probe] for probe in PROBES)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("runtime", workloads.BUILT_IN)
def test_no_probe_runs_a_shell(runtime, role):
    container = workloads.container(workloads.spec(runtime, role))

    commands = [container[probe].get("exec", {}).get("command", [""]) for probe in PROBES if probe in container]
    assert {command[0] for command in commands} <= {"", "python3"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("runtime", workloads.RESOURCES)
def test_everything_follows_the_port_of_the_model(runtime, role):
    spec = workloads.spec(runtime, role, model_port="9000")

    assert "8000" not in json.dumps(spec)
    if role != "worker":
        assert ports(workloads.container(spec)) == [9000]
    if role != "worker" and runtime in SERVERS:
        assert {workloads.container(spec)[probe]["httpGet"]["port"] for probe in PROBES} == {9000}


@pytest.mark.parametrize("role", ["lone", "leader"])
def test_vllm_finishes_its_requests_before_the_kubelet_kills_it(role):
    spec = workloads.spec("vllm", role)
    container = workloads.container(spec)

    timeouts = [
        int(word.split("=")[1]) for word in container["command"][2].split() if word.startswith("--shutdown-timeout=")
    ]
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert len(timeouts) == 1
    assert 0 < pause + timeouts[0] < spec["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("runtime", SERVERS)
@pytest.mark.parametrize("role", ["lone", "leader"])
def test_endpoints_notice_the_end_before_the_engine_does(runtime, role):
    spec = workloads.spec(runtime, role)

    pause = workloads.container(spec)["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert 10 <= pause < spec["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("runtime", SERVERS)
def test_variables_of_services_do_not_reach_the_engine(runtime, role):
    assert workloads.spec(runtime, role)["enableServiceLinks"] is False


def test_a_hook_and_a_probe_of_the_workload_take_the_place_of_those_of_the_runtime():
    pod = workloads.pod("vllm")
    pod["spec"]["containers"][0] |= {
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "1"]}}},
        "readinessProbe": {"tcpSocket": {"port": 8000}},
    }

    container = workloads.container(workloads.rendered(pod)["spec"])

    assert container["lifecycle"] == {"preStop": {"exec": {"command": ["sleep", "1"]}}}
    assert "httpGet" not in container["readinessProbe"]


# The hooks and probes that are programs


@pytest.fixture
def server():
    """A server on loopback that answers every path with its ``status``, and notes the paths."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.paths.append(self.path)
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        found.status, found.paths = 200, []
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def run_python(command, port, *, sleep="time.sleep"):
    """Run a command of MindIE's container against another port, with another way of sleeping; return the exit status."""
    interpreter, option, script = command
    assert interpreter == "python3"
    script = script.replace("1026", str(port)).replace("time.sleep", sleep)
    return subprocess.run([sys.executable, option, script], capture_output=True, check=False, timeout=60).returncode


@pytest.mark.parametrize(
    ("probe", "path"),
    [
        ("startupProbe", "/v2/health/ready"),
        ("readinessProbe", "/v2/health/ready"),
        ("livenessProbe", "/v2/health/live"),
    ],
)
def test_a_probe_of_mindie_passes_on_status_200_alone(server, probe, path):
    command = workloads.container(workloads.spec("mindie", "leader"))[probe]["exec"]["command"]
    port = server.server_address[1]

    passed = run_python(command, port)
    server.status = 503
    failed = run_python(command, port)

    assert (passed, failed) == (0, 1)
    assert server.paths == [path, path]


def test_a_probe_of_mindie_fails_while_nothing_listens():
    command = workloads.container(workloads.spec("mindie", "lone"))["startupProbe"]["exec"]["command"]

    assert run_python(command, _closed_port()) == 1


def test_mindie_is_asked_to_stop_and_given_time(server):
    command = workloads.container(workloads.spec("mindie", "lone"))["lifecycle"]["preStop"]["exec"]["command"]

    status = run_python(command, server.server_address[1], sleep="(lambda seconds: None)")

    assert status == 0
    assert server.paths == ["/stopService", *["/v2/health/live"] * 45]


def test_the_hook_of_mindie_ends_when_nothing_listens():
    command = workloads.container(workloads.spec("mindie", "lone"))["lifecycle"]["preStop"]["exec"]["command"]

    assert run_python(command, _closed_port(), sleep="(lambda seconds: None)") == 0


@pytest.mark.parametrize("runtime", ["vllm", "mindie"])
@pytest.mark.parametrize(("is_open", "pauses"), [(True, 50), (False, 0)], ids=["leader-serves", "leader-is-gone"])
def test_a_worker_stays_while_the_port_of_its_leader_is_open(server, tmp_path, runtime, is_open, pauses):
    port = server.server_address[1] if is_open else _closed_port()
    spec = workloads.spec(runtime, "worker", model_port=str(port))
    sleep = tmp_path / "sleep"
    sleep.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/pauses\n')
    sleep.chmod(0o755)

    done = subprocess.run(
        workloads.container(spec)["lifecycle"]["preStop"]["exec"]["command"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "LWS_LEADER_ADDRESS": "127.0.0.1"},
        check=False,
        timeout=60,
    )

    noted = (tmp_path / "pauses").read_text().split() if pauses else []
    assert done.returncode == 0
    assert noted == ["2"] * pauses
    assert 2 * pauses < spec["terminationGracePeriodSeconds"]


def _closed_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
