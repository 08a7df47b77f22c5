"""The life of a LeaderWorkerSet as a state machine: any client, any order, and nothing rolls but what its user wants to (section 9).

The model knows the bare form that the user means, which each verb changes as it changes the stored object, and which rendered fields
were edited by hand. From these it says, without the product's help, whether an update is an intent, and what is stored after it.
"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests import fleet
from webhook import errors, mutation, workload

STATES = (
    fleet.state(),
    fleet.state("newer"),
    fleet.state(image="r.example/vllm:v2"),
    fleet.state(more="workingDir: /srv"),
)
GONE = fleet.without_runtimes()

#: What a user's files may say, by field; no value equals a rendered one, from which it could not be told.
ASKED: dict[str, list[Any]] = {
    "args": [["--a"], ["--b"], ["--c", "1"], None],
    "image": ["auto", None, "own:1", "own:2"],
    "env": [[], ["B"], ["B", "C"]],
    "spec": [{}, {"nodeSelector": {"a": "b"}}, {"tolerations": [{"key": "own", "operator": "Exists"}]}],
    "size": [1, 2, 3],
    "leader": [None, "own", "metadata"],
    "replicas": [1, 4],
    "model_name": ["", "Name", "Other"],
    "runtime": ["vllm-cpu", "other"],
}
FILES = st.fixed_dictionaries({key: st.sampled_from(values) for key, values in ASKED.items()})
CHANGES = st.none() | st.sampled_from([(key, value) for key, values in ASKED.items() for value in values])

GROUP = ("spec", "leaderWorkerTemplate")
TEMPLATES = ("workerTemplate", "leaderTemplate")
#: Fields of the first container that rendering sets, with values that nothing renders; None removes the field.
EDITS = [
    ("image", "hot:1"),
    ("image", "hot:2"),
    ("command", ["hot"]),
    ("command", None),
    ("args", ["--hot"]),
    ("args", None),
    ("workingDir", "/hot"),
]


class Fleet(RuleBasedStateMachine):
    """A stored LeaderWorkerSet and what its user knows of it."""

    steps = 0

    @initialize(asked=FILES, state=st.sampled_from(STATES))
    def create(self, asked, state):
        self.state, self.asked = state, dict(asked)
        self.known = True  # whether the model knows the bare form; not after something bare was stored over a rendering
        self.edits: dict[tuple[str, str], Any] = {}
        self.bare = self.released = fleet.file(self.asked)
        self.applied: dict[str, Any] = {}  # by server-side apply
        self.number = 0
        self.stored = _copied(self._rendered(self.bare))

    # What clients do

    @rule(change=CHANGES)
    def client_side_apply(self, change):
        now = self._file(change)
        last = json.loads(fleet.get(self.stored, ("metadata", "annotations", fleet.LAST_APPLIED)) or "{}")
        apply = fleet.client_side_apply(last, now)
        noted = fleet.edit(("metadata", "annotations", fleet.LAST_APPLIED), json.dumps(now))
        self._send(lambda found: noted(apply(found)), "kubectl-client-side-apply")

    @precondition(lambda self: "leaderTemplate" not in fleet.get(self.bare, GROUP))
    @rule(change=CHANGES.filter(lambda change: change is None or change[0] != "leader"))
    def server_side_apply(self, change):
        self.asked["leader"] = (
            None  # one that is added later merges into the generated one, which is a documented limit
        )
        now = self._file(change)
        apply = fleet.server_side_apply(self.applied, now)
        entry = {"manager": "team", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": fleet.owned(now)}
        noted = fleet.edit(("metadata", "managedFields"), [entry])
        if self._send(lambda found: noted(apply(found)), "team"):
            self.applied = now

    @rule(change=CHANGES)
    def replace(self, change):
        self._send(fleet.replace(self._file(change)), "kubectl-replace")

    @rule(change=CHANGES)
    def helm_upgrade(self, change):
        now = self._file(change)
        if self._send(fleet.helm_upgrade(self.released, now), "helm"):
            self.released = now

    @rule(replicas=st.integers(0, 9))
    def scale(self, replicas):
        self._send(fleet.edit(("spec", "replicas"), replicas))

    @rule(size=st.sampled_from([1, 2, 3]))
    def resize(self, size):
        self._send(fleet.edit((*GROUP, "size"), size))

    @rule(key=st.sampled_from(["labels", "annotations"]), value=st.sampled_from(["a", "b", None]))
    def annotate(self, key, value):
        self._send(fleet.edit(("metadata", key, "team"), value))

    @rule(value=st.sampled_from(["a", "b", None]), key=st.sampled_from(["labels", "annotations"]))
    def annotate_the_worker_template(self, key, value):
        self._send(fleet.edit((*GROUP, "workerTemplate", "metadata", key, "team"), value))

    @rule(value=st.sampled_from(["None", "RecreateGroupOnPodRestart"]))
    def edit_the_group(self, value):
        self._send(fleet.edit((*GROUP, "restartPolicy"), value))

    @rule(name=st.sampled_from(TEMPLATES), value=st.sampled_from([{"x": "y"}, None]))
    def edit_what_is_not_rendered(self, name, value):
        if name in fleet.get(self.stored, GROUP):
            self._send(fleet.edit((*GROUP, name, "spec", "nodeSelector"), value))

    @rule(on_worker=st.booleans())
    def refresh(self, on_worker):
        self.number += 1
        place = (*GROUP, "workerTemplate") if on_worker else ()
        refreshed = fleet.edit((*place, "metadata", "annotations", workload.REFRESH), str(self.number))
        self._send(refreshed, refreshed=True)

    @rule(on_worker=st.booleans())
    def take_the_refresh_away(self, on_worker):
        place = (*GROUP, "workerTemplate") if on_worker else ()
        self._send(fleet.edit((*place, "metadata", "annotations", workload.REFRESH), None))

    @rule(
        name=st.sampled_from(TEMPLATES), edit=st.sampled_from(EDITS), more=st.sampled_from(["", "", "size", "refresh"])
    )
    def edit_by_hand(self, name, edit, more):
        containers = fleet.get(self.stored, (*GROUP, name, "spec", "containers"))
        if not containers:
            return
        field, value = edit
        container = containers[0]["name"]
        place = (*GROUP, name, "spec", "containers", container, field)
        patched = fleet.edit(place, value)
        if not self.known or workload.exclusion(self.stored):
            self._send(patched)
            return
        bare = self._whole(self.bare)
        original, now = fleet.get(bare, place), fleet.get(self.stored, place)
        if value == now:
            return
        if original == now or self._is_input(bare, place, value, original):
            self._send(patched)
            return
        edited = () if value == original else ((name, f"/spec/containers/name={container}/{field}"), value)
        self.number += 1
        others = {
            "": lambda found: found,
            "size": fleet.edit((*GROUP, "size"), 3 if fleet.get(bare, (*GROUP, "size")) == 2 else 2),
            "refresh": fleet.edit(("metadata", "annotations", workload.REFRESH), str(self.number)),
        }
        other = others[more]
        self._send(lambda found: other(patched(found)), meaning=other, edited=edited, refreshed=more == "refresh")

    def _is_input(self, bare, place, value, original):
        """Return whether a patch of a rendered field counts as one of the file all the same."""
        if value is None:
            return original is not None
        rendered, asked = fleet.get(self.stored, place[:-1]), fleet.get(bare, place[:-1])
        differing = [key for key in rendered if rendered[key] != asked.get(key)]
        added = set(rendered["args"]) - set(original or ()) if place[-1] == "args" else ()
        return differing == ["args"] == [place[-1]] and added.isdisjoint(value)

    @rule(opted_out=st.booleans())
    def opt_out_or_in(self, opted_out):
        self._send(fleet.edit(("metadata", "labels", "hydra.io/inject"), "false" if opted_out else None))

    # What administrators do

    @rule(state=st.sampled_from([*STATES, *STATES, GONE]))
    def edit_the_configuration(self, state):
        self.state = state

    @precondition(lambda self: self.known)
    @rule(change=CHANGES, replaced=st.booleans())
    def update_while_the_webhook_is_away(self, change, replaced):
        now = self._file(change)
        verb = fleet.replace(now) if replaced else fleet.client_side_apply({}, now)
        self._store_as_sent(verb(_copied(self.stored)))

    @precondition(lambda self: not self.known)
    @rule(asked=FILES)
    def delete_and_create(self, asked):
        if self.state is not GONE:
            self.create(asked, self.state)

    @rule()
    def undo(self):
        """The laws: the stored object is left alone when it is created again, and its bare form is its user's."""
        if not self.known or workload.exclusion(self.stored):
            return
        again = mutation.mutate(self.stored, workload.LEADER_WORKER_SET, GONE, namespace="ns")
        assert not again.changed
        bare = mutation.restore(self.stored, workload.LEADER_WORKER_SET)
        if not self.edits:
            assert _asked(self._whole(bare)) == _asked(self._whole(self.bare))

    # What has to come of it

    def _file(self, change):
        if change is not None:
            self.asked[change[0]] = change[1]
        return fleet.file(self.asked)

    def _rendered(self, bare):
        return mutation.mutate(bare, workload.LEADER_WORKER_SET, self.state, namespace="ns").value

    def _store_as_sent(self, sent):
        if fleet.get(sent, GROUP) != fleet.get(self.stored, GROUP):
            self.known = False
        self.stored = sent

    def _send(self, verb, manager="kubectl-edit", *, meaning=None, edited=(), refreshed=False):
        """Update the stored object; return whether that was admitted."""
        type(self).steps += 1
        sent = verb(_copied(self.stored))
        before = _copied([sent, self.stored])
        try:
            decided = mutation.update(sent, self.stored, self.state, namespace="ns", manager=manager)
        except errors.Denied as denial:
            assert [sent, self.stored] == before
            decided = denial
        else:
            assert [sent, self.stored] == before, "an input was modified"
            assert decided.value == sent or decided.changed
            again = mutation.update(decided.value, self.stored, self.state, namespace="ns", manager=manager)
            assert again.value == decided.value, "the second call within the request changed something"
        if self.known and not workload.exclusion(sent):
            return self._check(sent, decided, meaning or verb, edited, refreshed=refreshed)
        if isinstance(decided, errors.Denied):
            return False
        if workload.exclusion(sent):
            assert decided.value == sent
            self._store_as_sent(sent)
            self.bare = (meaning or verb)(self._whole(self.bare))
        elif decided.reason == "rendered":
            self._rendered_anew(decided.value, mutation.restore(decided.value, workload.LEADER_WORKER_SET))
        else:
            self.stored = _copied(decided.value)
        return True

    def _check(self, sent, decided, verb, edited, *, refreshed):
        whole = self._whole(self.bare)
        meant = verb(_copied(whole))
        self._unmake(meant, whole)
        returned = workload.exclusion(self.stored) != ""
        changed = returned or _asked(self._whole(meant)) != _asked(whole)
        if changed and edited:
            assert getattr(decided, "code", None) == "edit-with-input", decided
            return False
        if not changed and not refreshed:
            assert not isinstance(decided, errors.Denied), f"denied without an intent: {decided}"
            self._check_kept(sent, decided, edited)
            self.bare, self.stored = meant, _copied(decided.value)
            return True
        try:
            expected = self._rendered(meant)
        except errors.Denied as denial:
            expected = denial
        if isinstance(expected, errors.Denied):
            assert getattr(decided, "code", None) == expected.code, (decided, expected)
            return False
        assert not isinstance(decided, errors.Denied), f"an intent was denied: {decided}"
        assert _specs(decided.value) == _specs(expected), (
            f"rendered: {_specs(decided.value)}; meant: {_specs(expected)}"
        )
        rolled = fleet.get(decided.value, GROUP) != fleet.get(self.stored, GROUP)
        announced = any(notice.code == "groups-roll" for notice in decided.notices)
        assert announced or _specs(decided.value) == _specs(self.stored), "rolls without a warning"
        assert rolled or not announced, "announced, but nothing rolls"
        lost = {**self.edits, **({edited[0]: edited[1]} if edited else {})}
        self._check_named(decided, "hand-edit-given-up", lost)
        self._rendered_anew(decided.value, meant)
        return True

    def _rendered_anew(self, stored, bare):
        self.known, self.edits = True, {}
        self.bare, self.stored = _copied(dict(bare)), _copied(stored)

    def _check_kept(self, sent, decided, edited):
        expected = _specs(self.stored)
        if edited:
            (name, path), value = edited
            *_, container, field = path.split("/")
            found = next(one for one in expected[name]["containers"] if f"name={one['name']}" == container)
            found[field] = value
            self._check_named(decided, "hand-edit-kept", dict([edited]))
            self.edits[name, path] = value
        assert _specs(decided.value) == expected, "something rolls without an intent"
        for name in TEMPLATES:
            sent_labels = fleet.get(sent, (*GROUP, name, "metadata", "labels", "team"))
            if name in fleet.get(sent, GROUP):
                assert fleet.get(decided.value, (*GROUP, name, "metadata", "labels", "team")) == sent_labels
        assert not any(notice.code == "groups-roll" for notice in decided.notices)

    def _check_named(self, decided, code, edits):
        named = {
            (notice.pod_template, case) for notice in decided.notices if notice.code == code for case in notice.cases
        }
        for name, path in edits:
            assert any(one == name and f"{path}/".startswith(f"{case}/") for one, case in named), (
                code,
                name,
                path,
                named,
            )

    def _whole(self, bare):
        """Return a bare object with the leader template that its rendering has."""
        found = _copied(dict(bare))
        group = found["spec"]["leaderWorkerTemplate"]
        worker, leader = group["workerTemplate"], group.get("leaderTemplate")
        if leader is None and group["size"] > 1:
            group["leaderTemplate"] = _copied(worker)
        elif leader is not None and "containers" not in (leader.get("spec") or {}):
            leader["spec"] = {**_copied(worker["spec"]), **(leader.get("spec") or {})}
        return found

    def _unmake(self, meant, whole):
        """Take back what :meth:`_whole` gave a leader template, if nothing has changed it."""
        place = (*GROUP, "leaderTemplate")
        leader, own = fleet.get(meant, place), fleet.get(self.bare, place)
        if (
            leader is None
            or fleet.get(whole, place) is None
            or leader.get("spec") != fleet.get(whole, (*place, "spec"))
        ):
            return
        if own is None:
            del meant["spec"]["leaderWorkerTemplate"]["leaderTemplate"]
        elif "spec" in own:
            leader["spec"] = _copied(own["spec"])
        else:
            del leader["spec"]


def _copied(value):
    """Return a copy as a JSON document, in which no two places share a value."""
    return json.loads(json.dumps(value))


def _specs(value):
    group = fleet.get(value, GROUP)
    return {name: _copied(group[name]["spec"]) for name in TEMPLATES if name in group} | {"size": group["size"]}


def _asked(whole):
    """Return what an object asks for: two that are equal are one intent."""
    group, metadata = fleet.get(whole, GROUP), whole["metadata"]
    specs = {}
    for name in TEMPLATES:
        spec = (group.get(name) or {}).get("spec") or {}
        if name in group and "containers" not in spec:
            spec = {**group["workerTemplate"]["spec"], **spec}
        specs[name] = {key: inner for key, inner in spec.items() if inner}
        if "containers" in spec:
            containers = [{**one, "image": _image(one)} for one in spec["containers"]]
            specs[name]["containers"] = [{key: inner for key, inner in one.items() if inner} for one in containers]
    name = (metadata.get("annotations") or {}).get("hydra.io/model-name")
    return group["size"], metadata["labels"]["hydra.io/runtime"], name, specs


def _image(container):
    return None if container.get("image") == "auto" else container.get("image")


EXAMPLES = [
    pytest.param(15, id="some hundred steps", marks=pytest.mark.slow),
    pytest.param(60, id="a thousand steps", marks=pytest.mark.thorough),
    pytest.param(4000, id="a hundred thousand steps", marks=pytest.mark.long),
]


@pytest.mark.parametrize("examples", EXAMPLES)
def test_nothing_rolls_without_intent_and_every_intent_once(examples):
    healthy = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    # Only the long form goes new ways each time: it still finds faults, and takes minutes to make their histories short.
    checked = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=healthy,
        derandomize=examples < 1000,
        database=None,
    )

    run_state_machine_as_test(Fleet, settings=checked)
