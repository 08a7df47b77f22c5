"""What the workload replaces as a whole earns a notice (contract section 7)."""

import pytest

from webhook import notices
from webhook.rendering import given_way

MODELS = {"name": "models", "emptyDir": {}}
PATH = {"name": "models", "hostPath": {"path": "/models"}}
CLAIM = {"name": "models", "persistentVolumeClaim": {"claimName": "c"}}


def replaced(*kinds):
    return notices.about("volume-replaced", "models", *kinds)


VOLUMES = [
    pytest.param([], [PATH], (), [], id="a volume of the template alone"),
    pytest.param([CLAIM], [], (), [], id="a volume of the workload alone"),
    pytest.param([{**CLAIM, "name": "own"}], [PATH], (), [], id="two names"),
    pytest.param([{**PATH, "hostPath": {"path": "/own"}}], [PATH], (), [], id="one kind with other contents"),
    pytest.param([{"name": "models"}], [MODELS], (), [], id="a volume without a kind is an emptyDir"),
    pytest.param([CLAIM], [PATH], (), [replaced("persistentVolumeClaim", "hostPath")], id="two kinds"),
    pytest.param([{"name": "models"}], [PATH], (), [replaced("emptyDir", "hostPath")], id="no kind against another"),
    pytest.param([{"name": "models", "emptyDir": None, **CLAIM}], [PATH], (), [replaced("persistentVolumeClaim", "hostPath")], id="a kind that is null does not count"),
    pytest.param([], [PATH], ["models"], [notices.about("claim-replaces-volume", "models")], id="a volume claim template of the name"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "template", "claims", "found"), VOLUMES)
def test_a_volume_that_takes_the_place_of_another_kind_earns_a_notice(own, template, claims, found):
    assert given_way.volumes({"volumes": own}, {"volumes": template}, frozenset(claims)) == found


@pytest.mark.parametrize("volumes", [{}, {"volumes": None}], ids=["absent", "null"])
def test_absent_volumes_earn_no_notice(volumes):
    assert given_way.volumes(volumes, volumes, frozenset()) == []


TERMS = [{"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}]


def node_affinity(terms):
    return {
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    }


def probe(*command):
    return {"readinessProbe": {"exec": {"command": list(command)}}}


LISTS = [
    pytest.param(node_affinity(TERMS), node_affinity([*TERMS, *TERMS]), ["affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"], id="an atomic list, deep"),
    pytest.param(node_affinity(TERMS), node_affinity(TERMS.copy()), [], id="an equal one"),
    pytest.param(node_affinity(TERMS), node_affinity([]), ["affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"], id="an empty one wins too"),
    pytest.param({"dnsConfig": {"options": [{"name": "a"}]}}, {"dnsConfig": {"options": [{"name": "a", "value": ""}]}}, [], id="a difference that is filled in"),
    pytest.param(probe("a"), probe("b"), ["readinessProbe.exec.command"], id="the command of a probe"),
    pytest.param(probe("a"), {"readinessProbe": {"httpGet": {"port": 1}}}, [], id="a probe with another handler"),
    pytest.param({"env": [{"name": "A", "value": "x"}]}, {"env": [{"name": "A"}]}, [], id="a keyed list"),
    pytest.param({"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]}, [], id="a union"),
    pytest.param({"args": ["a"]}, {"args": ["b"]}, ["args"], id="args that are not templates"),
    pytest.param({"args": ["a"]}, {"args": None}, [], id="null"),
    pytest.param({"readinessGates": [{"conditionType": "a"}]}, {}, [], id="a list that is left out"),
    pytest.param({"nodeSelector": {"a": "x"}, "hostname": "x"}, {"nodeSelector": {"a": "y"}, "hostname": "y"}, [], id="maps and scalars"),
]  # fmt: skip


@pytest.mark.parametrize(("configured", "own", "found"), LISTS)
def test_an_atomic_list_of_the_configuration_that_gives_way_is_named(configured, own, found):
    assert list(given_way.lists(own, configured, "spec")) == [f"spec.{path}" for path in found]
