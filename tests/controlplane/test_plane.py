"""What other tests may rely on in the control plane itself."""

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


def test_kubectl_and_helm_work(plane):
    assert "Server Version: v1." in plane.kubectl("version").stdout
    assert plane.helm("list", "--all-namespaces", "--short").stdout == ""


def test_a_deployment_and_a_job_get_pods(plane, namespace):
    plane.create(deployment("web", namespace), job("once", namespace))
    pods = plane.wait(lambda: len(found := plane.list("pods", namespace)) == 2 and found, "one pod each")
    assert {each["metadata"]["ownerReferences"][0]["kind"] for each in pods} == {"ReplicaSet", "Job"}


def test_the_error_of_a_failed_command_has_its_output(plane):
    with pytest.raises(CommandError, match=r"kubectl get pod missing.*: exit status 1\n.*pods \"missing\" not found"):
        plane.get("pod", "missing")


def test_users_and_service_accounts_may_do_only_what_they_are_granted(plane, namespace):
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


def test_the_error_of_a_process_that_does_not_start_has_the_end_of_its_log(plane):
    plane.spawn("broken", ["/bin/sh", "-c", "echo this is why; exit 3"])
    with pytest.raises(StartError, match=r"broken ended with 3. The end of its log:\nthis is why"):
        plane.until("broken", lambda: False)


@pytest.mark.thorough
def test_the_api_server_comes_back_with_its_data_and_stopping_leaves_nothing():
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


@pytest.mark.thorough
def test_if_a_chosen_port_is_taken_another_one_is_chosen(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other_server:
        taken, free_port = other_server.getsockname()[1], processes.free_port
        # Each attempt takes two ports for etcd (the second is for peers) and one for the API server.
        choices = [taken, free_port(), free_port(), free_port(), taken]
        monkeypatch.setattr(processes, "free_port", lambda: choices.pop(0) if choices else free_port())
        with ControlPlane(controllers=False) as plane:
            assert choices == []
            assert "default" in plane.kubectl("get", "namespaces").stdout


@pytest.mark.thorough
def test_killed_tests_leave_neither_processes_nor_a_folder():
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, cwd=processes.ROOT) as tests:
        folder, keeper = tests.stdout.readline().split()
        assert len(members(int(keeper))) == 3
        tests.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + processes.HANGING_SECONDS
    while (members(int(keeper)) or Path(folder.decode()).exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not members(int(keeper))
    assert not Path(folder.decode()).exists()
