"""Workloads are counted right, however they come, change and go, and however many different records there are."""

import itertools
import json
import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.inventory.workloads import AGENT, TEMPLATES, pod, snapshot
from webhook import telemetry
from webhook.inventory import STATES, Inventory, judgement
from webhook.inventory.bases import Basis, group_of, of_leader_worker_set, of_pod
from webhook.inventory.counts import Series, _bounded

SNAPSHOTS = [
    snapshot(),
    snapshot(TEMPLATES.replace("serve", "serve-newer")),
    snapshot(agent=AGENT.replace("engine:1", "engine:2")),
    snapshot("templates: []", "deployment_templates: []"),
]
DIGESTS = {
    "template": [one.runtime_templates["vllm-cpu"].digest for one in SNAPSHOTS[:2]] + ["none", ""],
    "agent_entry": [SNAPSHOTS[0].agent_entries[0].digest, SNAPSHOTS[2].agent_entries[0].digest, ""],
}


def record(chance: random.Random) -> str:
    """Return the text of a record; now and then of one that cannot be used."""
    if chance.random() < 0.1:
        return chance.choice(["", "{", "null", '{"version": 7}'])
    return json.dumps(
        {
            "version": 1,
            "runtime": chance.choice(["vllm-cpu", "vllm-cpu", "plain"]),
            "model": "m",
            "container": "main",
            "inputs": "i",
            "rendered": "r",
            "revision": chance.choice(["r1", "r2"]),
            "gpu_type": chance.choice(["cpu", "nvidia-gpu"]),
            **{key: chance.choice(values) for key, values in DIGESTS.items()},
        }
    )


def some_pod(chance: random.Random) -> dict:
    item = pod(chance.choice("abcd"), chance.choice(["ns", "other"]), chance.choice(["vllm-cpu", "plain"]))
    if chance.random() < 0.8:
        item["metadata"]["annotations"] = {"hydra.io/rendered": record(chance)}
    if chance.random() < 0.5:
        item["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/name"] = chance.choice(["fleet", "rest"])
    if chance.random() < 0.1:
        item["metadata"]["labels"]["hydra.io/inject"] = "false"
    return item


def some_group(chance: random.Random) -> dict:
    item = pod(chance.choice(["fleet", "rest"]), chance.choice(["ns", "other"]))
    names = chance.sample(["leaderTemplate", "workerTemplate"], chance.randrange(3))
    parts = {name: {"metadata": {"annotations": {"hydra.io/rendered": record(chance)}}} for name in names}
    return {**item, "kind": "LeaderWorkerSet", "spec": {"leaderWorkerTemplate": parts}}


CHANCE = random.Random(7)
OBJECTS = [make(CHANCE) for make in (some_pod, some_pod, some_group) for _ in range(60)]


def key(item):
    return item["metadata"]["namespace"], item["metadata"]["name"]


def from_scratch(objects, configuration):
    """Count without any memory: the worst pod template of each workload."""
    members = {}
    for (kind, (namespace, name)), item in objects.items():
        found, of = (of_pod(item), group_of(item)) if kind == "Pod" else (of_leader_worker_set(item), name)
        if found:
            members.setdefault((namespace, of or f"pod {name}"), set()).update(found)
    worst = []
    for found in members.values():
        series = [Series(basis.runtime, basis.revision, judgement.judge(basis, configuration)) for basis in found]
        worst.append(max(series, key=lambda one: (STATES.index(one.state), one)))
    return dict(Counter(worst))


STEPS = st.tuples(
    st.sampled_from(["put", "put", "put", "delete"]), st.sampled_from(OBJECTS), st.sampled_from(SNAPSHOTS)
)


@settings(max_examples=100)
@given(st.lists(STEPS, max_size=25))
def test_after_any_history_the_count_is_that_of_what_is_there(history):
    inventory, objects = Inventory(), {}
    for verb, item, configuration in history:
        is_pod = item["kind"] == "Pod"
        if verb == "put":
            (inventory.put_pod if is_pod else inventory.put_leader_worker_set)(item)
            objects[item["kind"], key(item)] = item
        else:
            (inventory.delete_pod if is_pod else inventory.delete_leader_worker_set)(key(item))
            objects.pop((item["kind"], key(item)), None)
        assert inventory.counts(configuration) == from_scratch(objects, configuration)
    for kind, gone in tuple(objects):
        (inventory.delete_pod if kind == "Pod" else inventory.delete_leader_worker_set)(gone)
    assert inventory.counts(SNAPSHOTS[0]) == {}
    assert not any((inventory._objects, inventory._groups, inventory._workloads, inventory._pool._values)), (
        "nothing is kept"
    )


def forged(number: int) -> dict:
    """Return a pod with a record that nobody else has."""
    item = pod(f"p{number}")
    fields = {"version": 1, "runtime": "vllm-cpu", "model": "m", "container": "main", "inputs": "i", "rendered": "r"}
    text = json.dumps({**fields, "revision": f"r{number}", "template": "t" if number % 2 else ""})
    item["metadata"]["annotations"] = {"hydra.io/rendered": text}
    return item


def test_there_are_never_more_than_200_series_and_no_workload_is_lost():
    inventory = Inventory()
    for number in range(1000):
        inventory.put_pod(forged(number))
    for number in range(1000, 1010):  # the largest series are kept
        inventory.put_pod({**forged(3), "metadata": {**forged(3)["metadata"], "name": f"p{number}"}})
    counts = inventory.counts(SNAPSHOTS[0])
    assert len(counts) <= 200
    assert sum(counts.values()) == 1010
    assert counts["vllm-cpu", "r3", "older"] == 11
    assert {series.state for series in counts if series.revision == "other"} == {"older", "unknown"}


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from(STATES)), st.integers(1, 9)
    ),
    st.integers(6, 12),
)
def test_adding_up_the_smallest_series_keeps_the_sum_of_each_state(found, most):
    series = {Series(*labels): count for labels, count in found.items()}
    bounded = _bounded(series, most)
    assert len(bounded) <= most
    for state in STATES:
        assert sum(n for one, n in bounded.items() if one.state == state) == sum(
            n for one, n in series.items() if one.state == state
        )
    assert bounded == _bounded(dict(reversed(series.items())), most)


def test_an_edit_of_the_configuration_judges_each_basis_once(monkeypatch):
    judged = []
    monkeypatch.setattr(judgement, "judge", lambda basis, _snapshot: judged.append(basis) or "current")
    inventory = Inventory()
    for number, kind in itertools.product(range(500), range(2)):
        inventory.put_pod({**forged(kind), "metadata": {**forged(kind)["metadata"], "name": f"p{number}-{kind}"}})
    inventory.counts(SNAPSHOTS[1])
    assert len(judged) == 2


def test_equal_bases_are_held_once():
    inventory = Inventory()
    for number in range(100):
        inventory.put_pod({**forged(1), "metadata": {**forged(1)["metadata"], "name": f"p{number}"}})
    held = {id(found) for _, found in inventory._objects.values()}
    assert len(held) == 1
    assert isinstance(next(iter(next(iter(inventory._objects.values()))[1])), Basis)


@settings(max_examples=30)
@given(st.text(max_size=70), st.text(max_size=300))
def test_whatever_a_record_says_the_metrics_stay_readable(runtime, revision):
    item = pod(runtime=runtime)
    fields = {"version": 1, "runtime": runtime, "model": "m", "container": "c", "inputs": "i", "rendered": "r"}
    text = json.dumps({**fields, "revision": revision, "template": "t"})
    item["metadata"]["annotations"] = {"hydra.io/rendered": text}
    inventory, metrics = Inventory(), telemetry.Metrics("test")
    inventory.put_pod(item)
    metrics.workloads_counted(lambda: inventory.counts(SNAPSHOTS[0]).items())
    lines = metrics.expose("")[0].decode().split("\n")
    assert len([line for line in lines if line.startswith("hydra_webhook_workloads{")]) == 1


def test_the_bases_of_a_group_are_put_together_once_however_many_pods_it_has(monkeypatch):
    united = []
    whole = Inventory._count_changed_groups

    def counted(self):
        united.extend(self._changed)
        whole(self)

    monkeypatch.setattr(Inventory, "_count_changed_groups", counted)
    inventory = Inventory()
    for number in range(500):
        item = forged(number)
        item["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/name"] = "fleet"
        inventory.put_pod(item)
    assert sum(inventory.counts(SNAPSHOTS[0]).values()) == 1
    assert united == [("default", "fleet")]


def test_groups_that_are_gone_are_forgotten_even_if_nobody_asks_for_the_counts():
    inventory = Inventory()
    for number in range(3000):
        item = forged(1)
        item["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/name"] = f"fleet-{number}"
        inventory.put_pod(item)
        inventory.delete_pod(key(item))
    assert len(inventory._groups) <= 1001
    assert inventory.counts(SNAPSHOTS[0]) == {}
