"""The control plane itself: what other tests may rely on."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.controlplane import processes
from tests.controlplane.keeper import members
from tests.controlplane.objects import deployment, job
from tests.controlplane.plane import CommandError, ControlPlane
from tests.controlplane.processes import StartError

PROGRAM = """
import time
from tests.controlplane.plane import ControlPlane
plane = ControlPlane(controllers=False)
plane.start()
print(plane.folder, plane.keeper, flush=True)
time.sleep(600)
"""


def test_kubectl_and_helm_are_served(plane):
    assert "Server Version: v1." in plane.kubectl("version").stdout
    assert plane.helm("list", "--all-namespaces", "--short").stdout == ""


def test_a_deployment_and_a_job_get_pods(plane, namespace):
    plane.create(deployment("web", namespace), job("once", namespace))
    pods = plane.wait(lambda: len(found := plane.list("pods", namespace)) == 2 and found, "a pod of each")
    assert {each["metadata"]["ownerReferences"][0]["kind"] for each in pods} == {"ReplicaSet", "Job"}


def test_a_failed_command_says_what_was_said(plane):
    with pytest.raises(CommandError, match=r"kubectl get pod missing.*: exit status 1\n.*pods \"missing\" not found"):
        plane.get("pod", "missing")


def test_users_and_service_accounts_may_do_what_they_are_granted(plane, namespace):
    account = plane.kubeconfig_for_service_account(namespace, "default")
    user = plane.user_kubeconfig("ann", ["developers"])
    bind = ("create", "rolebinding", "readers", "--clusterrole=view", "--group=developers", "--namespace", namespace)
    plane.kubectl(*bind)
    asked = ("auth", "can-i", "get", "pods", "--namespace", namespace)
    answers = [plane.kubectl(*asked, kubeconfig=who, check=False).stdout.strip() for who in (None, account, user)]
    assert answers == ["yes", "no", "yes"]


def test_pod_security_is_enforced(plane, namespace):
    plane.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    with pytest.raises(CommandError, match='violates PodSecurity "restricted:latest"'):
        plane.kubectl("run", "pod", "--image=example.com/image:1", "--namespace", namespace)


def test_what_does_not_come_up_shows_the_end_of_its_log(plane):
    plane.spawn("broken", ["/bin/sh", "-c", "echo this is why; exit 3"])
    with pytest.raises(StartError, match=r"broken ended with 3. The end of its log:\nthis is why"):
        plane.until("broken", lambda: False)


def test_the_api_server_comes_back_as_it_was_and_nothing_is_left_in_the_end():
    with ControlPlane(controllers=False) as plane:
        plane.kubectl("create", "configmap", "kept")
        server = plane.server
        plane.stop_api_server()
        with pytest.raises(CommandError, match="refused"):
            plane.kubectl("version")
        plane.start_api_server()
        assert plane.server == server
        assert plane.get("configmap", "kept")
        assert len(members(plane.keeper)) == 3  # with etcd and the API server
    assert not members(plane.keeper)
    assert not plane.folder.exists()


def test_a_port_that_is_taken_before_it_is_used_is_given_up_for_another(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken, free_port = somebody.getsockname()[1], processes.free_port
        # etcd takes two ports each time, the second for a peer; the API server one
        choices = [taken, free_port(), free_port(), free_port(), taken]
        monkeypatch.setattr(processes, "free_port", lambda: choices.pop(0) if choices else free_port())
        with ControlPlane(controllers=False) as plane:
            assert choices == []
            assert "default" in plane.kubectl("get", "namespaces").stdout


def test_tests_that_are_killed_leave_no_process_and_no_folder():
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, cwd=processes.ROOT) as tests:
        folder, keeper = tests.stdout.readline().split()
        assert len(members(int(keeper))) == 3
        tests.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while (members(int(keeper)) or Path(folder.decode()).exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not members(int(keeper))
    assert not Path(folder.decode()).exists()
