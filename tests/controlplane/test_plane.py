"""The control plane itself: what tests may rely on."""

from tests.controlplane.objects import deployment, job


def test_kubectl_is_served(plane):
    assert "Server Version: v1." in plane.kubectl("version").stdout


def test_a_deployment_and_a_job_get_pods(plane, namespace):
    plane.create(deployment("web", namespace), job("once", namespace))
    pods = plane.wait(lambda: len(found := plane.list("pods", namespace)) == 2 and found, "a pod of each")
    assert {each["metadata"]["ownerReferences"][0]["kind"] for each in pods} == {"ReplicaSet", "Job"}
