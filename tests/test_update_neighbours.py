"""Updates while another webhook changes LeaderWorkerSets too: the API server calls ours again within the same request."""

import copy

import pytest

from tests.updates import NEWER, STATE, bare, codes, created, group, main
from webhook import mutation

SIDECAR = {"name": "sidecar", "image": "registry.example/sidecar:1"}
VARIABLE = {"name": "HTTP_PROXY", "value": "http://proxy"}
TOLERATION = {"key": "team", "operator": "Exists"}


def with_sidecar(template):
    _add(template["spec"]["containers"], SIDECAR)


def with_sidecar_first(template):
    if SIDECAR not in template["spec"]["containers"]:
        template["spec"]["containers"].insert(0, copy.deepcopy(SIDECAR))


def with_variable(template):
    for container in template["spec"]["containers"]:
        _add(container.setdefault("env", []), VARIABLE)


def with_toleration(template):
    _add(template["spec"].setdefault("tolerations", []), TOLERATION)


def with_volume(template):
    _add(template["spec"].setdefault("volumes", []), {"name": "certificates", "secret": {"secretName": "ca"}})


def with_label(template):
    template.setdefault("metadata", {}).setdefault("labels", {})["team"] = "a"


def _add(items, item):
    if item not in items:
        items.append(copy.deepcopy(item))


NEIGHBOURS = {
    change.__name__: change
    for change in (with_sidecar, with_sidecar_first, with_variable, with_toleration, with_volume, with_label)
}


class Cluster:
    """An API server with our webhook, another one after it, and ours again."""

    def __init__(self, neighbour):
        self.neighbour, self.state, self.stored = neighbour, STATE, None

    def create(self, value):
        self.stored = self._changed(created(value, self.state))

    def update(self, value, **options):
        """Send an object; return the notices of the first call and those of the second."""
        first = self._decide(value, **options)
        between = self._changed(copy.deepcopy(first.value))
        second = self._decide(between, **options)
        assert self._changed(copy.deepcopy(second.value)) == second.value, "the neighbour would change it again"
        assert self._decide(second.value, **options).value == second.value, "a third call would change something"
        self.stored = copy.deepcopy(second.value)
        return codes(first), codes(second)

    def _decide(self, value, **options):
        return mutation.update(value, self.stored, self.state, namespace="ns", **options)

    def _changed(self, value):
        for name in group(value).keys() & {"leaderTemplate", "workerTemplate"}:
            self.neighbour(group(value)[name])
        return value


def applied(stored, file):
    """Return what client-side apply of a file sends: its list of containers, and everything else as stored."""
    value = copy.deepcopy(stored)
    group(value)["size"] = group(file)["size"]
    for name in group(file).keys() & {"leaderTemplate", "workerTemplate"}:
        spec = group(file)[name].get("spec", {})
        group(value)[name]["spec"] |= copy.deepcopy(spec)
    return value


VERBS = {"apply": applied, "replace": lambda _, file: copy.deepcopy(file)}
FILES = {
    "one template": bare,
    "a leader of its own": lambda args=("--a",): _with_leader(
        bare(args), {"spec": {"containers": [{"name": "head", "image": "auto"}]}}
    ),
    "a leader of labels alone": lambda args=("--a",): _with_leader(bare(args), {"metadata": {"labels": {"a": "b"}}}),
}


def _with_leader(value, leader):
    group(value)["leaderTemplate"] = leader
    return value


@pytest.fixture(params=NEIGHBOURS.values(), ids=NEIGHBOURS)
def cluster(request):
    return Cluster(request.param)


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_the_file_applied_again_rolls_nothing_and_announces_nothing(cluster, verb, file):
    cluster.create(file())
    stored = copy.deepcopy(cluster.stored)
    cluster.state = NEWER

    notices = cluster.update(verb(cluster.stored, file()))

    assert group(cluster.stored) == group(stored)
    assert "groups-roll" not in notices[0]


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_an_input_rolls_once_and_is_rendered_once(cluster, verb, file):
    cluster.create(file())
    expected = Cluster(cluster.neighbour)
    expected.create(file(["--b"]))

    first, _ = cluster.update(verb(cluster.stored, file(["--b"])))

    assert "groups-roll" in first
    assert _specs(cluster.stored) == _specs(expected.stored)
    stored = copy.deepcopy(cluster.stored)
    cluster.state = NEWER
    notices = cluster.update(verb(cluster.stored, file(["--b"])))
    assert group(cluster.stored) == group(stored)
    assert "groups-roll" not in notices[0]


def _specs(value):
    return {
        name: {
            key: sorted(inner, key=str) if key in ("containers", "volumes", "tolerations") else inner
            for key, inner in group(value)[name]["spec"].items()
        }
        for name in group(value).keys() & {"leaderTemplate", "workerTemplate"}
    }


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_a_refresh_rolls_once(cluster, file):
    cluster.create(file())
    cluster.state = NEWER

    first, _ = cluster.update(_refreshed(cluster.stored, "1"))

    assert "groups-roll" in first
    assert _main(cluster.stored)["command"] == ["serve-newer", "worker"]
    stored = copy.deepcopy(cluster.stored)
    first, _ = cluster.update(_refreshed(cluster.stored, "2"))
    assert first == []
    cluster.update(applied(cluster.stored, file()))
    assert group(cluster.stored) == group(stored)


def _refreshed(stored, value):
    return {**stored, "metadata": {**stored["metadata"], "annotations": {"hydra.io/refresh": value}}}


def _main(value):
    return next(one for one in group(value)["workerTemplate"]["spec"]["containers"] if one["name"] == "main")


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_an_edit_by_hand_is_kept_and_survives_the_file_applied_again(cluster, file):
    cluster.create(file())
    value = copy.deepcopy(cluster.stored)
    _main(value)["image"] = "hot/fix:1"

    first, second = cluster.update(value)
    assert first == second == ["hand-edit-kept"]
    assert _main(cluster.stored)["image"] == "hot/fix:1"

    stored = copy.deepcopy(cluster.stored)
    first, _ = cluster.update(applied(cluster.stored, file()))
    assert first == ["hand-edit-kept"]
    assert group(cluster.stored) == group(stored)


def test_an_edit_by_hand_is_taken_back_or_given_up(cluster):
    cluster.create(bare())
    rendered = copy.deepcopy(cluster.stored)
    for taking_back in (True, False):
        value = copy.deepcopy(rendered)
        _main(value)["image"] = "hot/fix:1"
        cluster.update(value)
        if taking_back:
            cluster.update(copy.deepcopy(rendered))
            assert group(cluster.stored) == group(rendered)
            continue
        value = copy.deepcopy(cluster.stored)
        group(value)["leaderTemplate"]["spec"]["nodeSelector"] = {"a": "b"}
        first, _ = cluster.update(value)
        assert "hand-edit-given-up" in first
        assert _specs(cluster.stored)["workerTemplate"] == _specs(rendered)["workerTemplate"]


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_an_edit_of_the_leader_is_kept_too(cluster, file):
    cluster.create(file())
    value = copy.deepcopy(cluster.stored)
    containers = group(value)["leaderTemplate"]["spec"]["containers"]
    next(one for one in containers if one["name"] != "sidecar")["image"] = "hot/fix:1"

    first, second = cluster.update(value)

    assert first == second == ["hand-edit-kept"]
    assert "hot/fix:1" in str(group(cluster.stored)["leaderTemplate"])


def test_a_group_of_one_becomes_two_and_one_again(cluster):
    cluster.create(bare())
    two = copy.deepcopy(cluster.stored)
    value = copy.deepcopy(two)
    group(value)["size"] = 1
    cluster.update(value)
    assert "leaderTemplate" not in group(cluster.stored)
    assert _main(cluster.stored)["command"] == ["serve", "lone"]

    value = copy.deepcopy(cluster.stored)
    group(value)["size"] = 2
    cluster.update(value)
    assert _specs(cluster.stored) == _specs(two)


def test_what_a_neighbour_newly_adds_is_an_input():
    cluster = Cluster(lambda template: template)
    cluster.create(bare())
    cluster.neighbour = with_sidecar

    cluster.update(applied(cluster.stored, bare()))

    assert [one["name"] for one in group(cluster.stored)["workerTemplate"]["spec"]["containers"]] == ["main", "sidecar"]
    assert main(cluster.stored)["command"] == ["serve", "worker"]
