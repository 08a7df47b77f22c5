"""The life of a LeaderWorkerSet as a state machine: any client, any order, and nothing rolls but what its user wants to (section 9).

The model knows the bare form that the user means, which each verb changes as it changes the stored object, and which rendered fields
were edited by hand. From these it says, without the product's help, whether an update is an intent, and what is stored after it.
"""

import json
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests import fleet
from webhook import errors, mutation, rendering, workload

STATES = (
    fleet.state(),
    fleet.state("newer"),
    fleet.state(image="r.example/vllm:v2"),
    fleet.state(more="workingDir: /srv"),
    fleet.state(args="--nothing-of-the-workload"),
    fleet.state("newer", args="--nothing-of-the-workload"),
    fleet.state(args=fleet.ARGS_OF_LEADERS),
)
GONE = fleet.without_runtimes()

#: Clients that leave no mark of what their file says, neither in managed fields nor in an annotation.
WITHOUT_MARKS = ("helm", "kubectl-replace")

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
    """A stored LeaderWorkerSet and what its user knows of it.

    Another webhook may change the object between our two calls. Where it adds more than defaults, the life is a quieter one, without what
    stores something that is not rendered: the model could not tell its additions from the user's (tests/test_update_neighbours.py).
    """

    steps = 0

    @initialize(asked=FILES, state=st.sampled_from(STATES), neighbour=st.sampled_from(list(fleet.NEIGHBOURS)))
    def create(self, asked, state, neighbour):
        self.state, self.asked, self.neighbour = state, dict(asked), neighbour
        self.adds = neighbour not in ("nobody", "defaults")
        if self.adds and self.asked["leader"] == "metadata":  # to which others cannot add, which is a documented limit
            self.asked["leader"] = None
        self.named = set(
            TEMPLATES
        )  # whose records name what the file says; in the others is what neighbours have added
        self.stale = False  # whether a record may name inputs that were changed while the object was opted out
        self.known = True  # whether the model knows the bare form; not after something bare was stored over a rendering
        self.edits: dict[tuple[str, str], Any] = {}
        self.bare = self.released = fleet.file(self._of_one_spelling(self.asked))
        self.applied: dict[str, dict[str, Any]] = {"team": {}, "operators": {}}  # by manager of server-side apply
        self.number = 0
        self.stored = self._changed(self._rendered(self.bare))

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
        self._server_side_apply("team", self._file(change))

    @rule(value=st.sampled_from(["1", "2"]), replicas=st.integers(0, 9))
    def apply_as_another_manager(self, value, replicas):
        """A second manager has fields of its own."""
        spec = {"spec": {"nodeSelector": {"operators": value}}}
        self._server_side_apply(
            "operators", {"spec": {"replicas": replicas, "leaderWorkerTemplate": {"workerTemplate": spec}}}
        )

    def _server_side_apply(self, manager, now):
        apply = fleet.server_side_apply(self.applied[manager], now)
        owners = [
            {"manager": name, "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": fleet.owned(fields)}
            for name, fields in {**self.applied, manager: now}.items()
        ]
        noted = fleet.edit(("metadata", "managedFields"), owners)
        if self._send(lambda found: noted(apply(found)), manager):
            self.applied[manager] = now

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
        bare = self._changed(self._whole(self.bare))
        original, now = fleet.get(bare, place), fleet.get(self.stored, place)
        if value == now:
            return
        if (
            field == "command" and original == now
        ):  # then only the image would be rendered, which nobody could tell from an edit
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

    @rule(names=st.sets(st.sampled_from(TEMPLATES), min_size=1))
    def delete_the_record(self, names):
        def without(found):
            for name in names:
                if fleet.get(found, (*GROUP, name, "metadata", "annotations", fleet.RECORD)):
                    found = fleet.edit((*GROUP, name, "metadata", "annotations", fleet.RECORD), None)(found)
            return found

        self._send(without, meaning=lambda found: found)

    @precondition(lambda self: not self.adds)
    @rule(runtime=st.sampled_from(["vllm-cpu", None]))
    def take_the_label_away_or_give_it_back(self, runtime):
        if self.known:
            self._send(fleet.edit(("metadata", "labels", "hydra.io/runtime"), runtime))

    @precondition(lambda self: not self.adds)
    @rule(opted_out=st.booleans())
    def opt_out_or_in(self, opted_out):
        self._send(fleet.edit(("metadata", "labels", "hydra.io/inject"), "false" if opted_out else None))

    # What administrators do

    @rule(state=st.sampled_from([*STATES, *STATES, GONE]))
    def edit_the_configuration(self, state):
        self.state = state

    @precondition(lambda self: not self.adds)
    @precondition(lambda self: self.known and not self.edits)
    @rule()
    def install_a_new_release(self):
        self.stored = fleet.of_an_older_release(self.stored)
        self.named = set() if self.adds else set(TEMPLATES)

    @precondition(lambda self: not self.adds)
    @precondition(lambda self: self.known and not workload.exclusion(self.stored))
    @rule(change=CHANGES, replaced=st.booleans())
    def update_while_the_webhook_is_away(self, change, replaced):
        now = self._file(change)
        verb = fleet.replace(now) if replaced else fleet.client_side_apply({}, now)
        self._store_as_sent(self._changed(verb(self.stored)))

    @precondition(lambda self: not self.known)
    @rule(asked=FILES)
    def delete_and_create(self, asked):
        if self.state is not GONE:
            self.create(asked, self.state, self.neighbour)

    @rule()
    def undo(self):
        """The laws: the stored object is left alone when it is created again, and its bare form is its user's."""
        if not self.known or workload.exclusion(self.stored):
            return
        again = mutation.mutate(self.stored, workload.LEADER_WORKER_SET, GONE, namespace="ns")
        assert not again.changed
        bare = mutation.restore(self.stored, workload.LEADER_WORKER_SET)
        if not self.edits:
            assert _said(self._whole(bare)) == _said(self._changed(self._whole(self.bare)))

    # What has to come of it

    def _file(self, change):
        if change is not None and (change != ("leader", "metadata") or not self.adds):
            self.asked[change[0]] = change[1]
        return fleet.file(self._of_one_spelling(self.asked))

    def _of_one_spelling(self, asked):
        """Return a file; where others add, it has one spelling of placeholders, since digests of inputs differ in these."""
        return {**asked, "image": asked["image"] or "auto"} if self.adds else asked

    def _rendered(self, bare):
        return mutation.mutate(bare, workload.LEADER_WORKER_SET, self.state, namespace="ns").value

    def _changed(self, value):
        return fleet.changed(value, self.neighbour)

    def _store_as_sent(self, sent):
        if fleet.get(sent, GROUP) != fleet.get(self.stored, GROUP):
            self.known = False
        self.stored = sent

    def _send(self, verb, manager="kubectl-edit", *, meaning=None, edited=(), refreshed=False):
        """Update the stored object; return whether that was admitted.

        Args:
            verb: what the client makes of the object that it finds.
            manager: of the fields.
            meaning: what that does to the bare form, if not the same.
            edited: what it edits by hand.
            refreshed: whether it asks for a fresh rendering.
        """
        type(self).steps += 1
        sent = verb(fleet.copied(self.stored))
        try:
            decided = self._decided(sent, manager)
        except errors.Denied as denial:
            decided = denial
        both = self.known and not workload.exclusion(sent) and not workload.exclusion(self.stored)
        if both and manager in WITHOUT_MARKS and self._has_other_values_only(sent):
            return self._check_taken_for_edits(decided)
        if self.known and not workload.exclusion(sent):
            return self._check(sent, decided, meaning or verb, edited, refreshed=refreshed)
        if self.known and not workload.exclusion(self.stored) and workload.exclusion(sent) == "not-labelled":
            return self._check_restored(decided, meaning or verb)
        if isinstance(decided, errors.Denied):
            return False
        if workload.exclusion(sent):
            assert decided.value == self._changed(sent)
            carries_record = fleet.RECORD in str(self.stored)
            self._store_as_sent(decided.value)
            whole = self._whole(self.bare) if carries_record else self.bare
            meant = (meaning or verb)(fleet.copied(whole))
            if carries_record:
                self._unmake(meant, whole)
            self.bare = meant
        elif decided.reason == "rendered":
            meant = mutation.restore(decided.value, workload.LEADER_WORKER_SET)
            before, after = fleet.get(self.stored, GROUP), fleet.get(decided.value, GROUP)
            self.stale = any(before.get(name) == after.get(name) for name in TEMPLATES if name in after)
            self._rendered_anew(decided.value, meant, named=set())
        else:
            self.stored = decided.value
        return True

    def _has_other_values_only(self, sent):
        """Return whether all rendered fields of a container come with other values, so that nothing says that it came bare."""
        for name in TEMPLATES:
            before, now = fleet.get(self.stored, (*GROUP, name)), fleet.get(sent, (*GROUP, name))
            if before is None or now is None:
                continue
            record = json.loads(before["metadata"]["annotations"][fleet.RECORD])
            originals = record.get("replaced", {})
            for container in fleet.get(now, ("spec", "containers")) or ():
                beginning = f"/spec/containers/name={container['name']}/"
                paths = [path for path in (*record.get("added", ()), *originals) if path.startswith(beginning)]
                fields = {path.removeprefix(beginning).split("/")[0] for path in paths}
                if fields <= {"args"}:  # which alone say that the container came bare
                    continue
                old = next(one for one in before["spec"]["containers"] if one["name"] == container["name"])
                if all(
                    container.get(field) not in (None, old.get(field), originals.get(beginning + field))
                    for field in fields
                ):
                    return True
        return False

    def _check_taken_for_edits(self, decided):
        """By the contract, the values are edits by hand, which are kept; what the file says can only be told when it comes again."""
        if isinstance(decided, errors.Denied):
            assert decided.code == "edit-with-input", decided
            return False
        assert any(notice.code == "hand-edit-kept" for notice in decided.notices)
        self._store_as_sent(decided.value)
        self.edits = {}
        return True

    def _decided(self, sent, manager):
        """Return what the first call decides with what is stored after another webhook and our second call."""
        first = self._called(sent, manager)
        between = self._changed(first.value)
        if not self.adds and self.neighbour == "nobody":
            assert self._called(between, manager).value == between, "the second call changed something"
            return msgspec.structs.replace(first, value=between)
        second = self._called(between, manager)
        value = self._changed(second.value)
        assert value == second.value, "the second call took away what another webhook had added"
        assert self._called(value, manager).value == value, "a third call changed something"
        notices = first.notices + second.notices if self.adds else first.notices
        return msgspec.structs.replace(first, value=value, notices=notices)

    def _called(self, sent, manager):
        before = msgspec.json.encode([sent, self.stored])
        try:
            decided = mutation.update(sent, self.stored, self.state, namespace="ns", manager=manager)
        finally:
            assert msgspec.json.encode([sent, self.stored]) == before, "an input was modified"
        assert decided.value == sent or decided.changed
        return decided

    def _check_restored(self, decided, verb):
        """The label was taken away."""
        meant = verb(fleet.copied(self.bare))
        specs = [fleet.get(meant, (*GROUP, name, "spec")) or {} for name in TEMPLATES]
        if any(list(rendering.placeholders(spec)) for spec in specs):
            assert getattr(decided, "code", None) == "label-removed", decided
            return False
        assert any(notice.code == "bare-form-restored" for notice in decided.notices)
        assert fleet.RECORD not in str(decided.value)
        self.stored = self.bare = decided.value
        self.edits = {}
        return True

    def _check(self, sent, decided, verb, edited, *, refreshed):
        group, complete = fleet.get(sent, GROUP), fleet.get(self._changed(sent), GROUP)
        bare = {name for name in TEMPLATES if group.get(name) != complete.get(name)}  # without what others add
        doubtful = self.adds and bool(bare - self.named)
        returned = workload.exclusion(self.stored) != ""
        whole = (
            fleet.copied(self.bare) if returned else self._whole(self.bare)
        )  # what is not rendered has what its user gave it
        meant = verb(fleet.copied(whole))
        if not returned:
            self._unmake(meant, whole)
        self._leave_out_later_metadata(sent, meant)
        lost = "leaderTemplate" in fleet.get(self.bare, GROUP) and "leaderTemplate" not in fleet.get(meant, GROUP)
        changed = returned or lost or _asked(self._whole(meant)) != _asked(whole)
        if changed and edited:
            assert getattr(decided, "code", None) == "edit-with-input", decided
            return False
        if not changed and not refreshed and doubtful:
            return self._check_doubtful(decided, meant, bare)
        if not changed and not refreshed:
            assert not isinstance(decided, errors.Denied), f"denied without an intent: {decided}"
            self._check_kept(sent, decided, edited)
            self.bare, self.stored = meant, decided.value
            return True
        try:
            expected = self._changed(self._rendered(meant))
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
        assert announced or not rolled or self.stale, "rolls without a warning"  # a documented limit
        self.stale = self.stale and not rolled
        assert rolled or not announced or self.adds, "announced, but nothing rolls"
        lost = {**self.edits, **({edited[0]: edited[1]} if edited else {})}
        self._check_named(decided, "hand-edit-given-up", lost)
        if "leaderTemplate" not in fleet.get(meant, GROUP) and "workerTemplate" in bare:
            bare.add("leaderTemplate")
        named = set(TEMPLATES) if not self.adds else bare | (set() if changed else self.named)
        self._rendered_anew(decided.value, meant, named=named)
        return True

    def _check_doubtful(self, decided, meant, bare):
        """The file comes without what another webhook has added, and the record does not say that it ever came so (a documented limit)."""
        if isinstance(decided, errors.Denied):
            return False
        if _specs(decided.value) == _specs(self.stored):
            self.bare, self.stored = meant, decided.value
            return True
        assert self.edits, "something rolls without an intent"
        self._check_named(decided, "hand-edit-given-up", self.edits)
        self._rendered_anew(decided.value, meant, named=bare)
        return True

    def _rendered_anew(self, stored, bare, *, named):
        """Note what is stored. A pod template of which only the record would differ keeps its bytes, and so the inputs before."""
        bare, old = fleet.copied(bare), fleet.get(self.bare, GROUP)
        before, after, own = (fleet.get(one, GROUP) for one in (self.stored, stored, bare))
        for name in TEMPLATES:
            if self.known and fleet.RECORD in str(before.get(name)) and before.get(name) == after.get(name):
                own.pop(name, None)
                own.update({name: fleet.copied(old[name])} if name in old else {})
        self.known, self.edits, self.named = True, {}, named
        self.bare, self.stored = bare, stored

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
        assert self.adds or not any(notice.code == "groups-roll" for notice in decided.notices)
        self._check_named(decided, "hand-edit-kept", self.edits if decided.reason == "kept" else ())

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
        found = fleet.copied(bare)
        group = found["spec"]["leaderWorkerTemplate"]
        worker, leader = group["workerTemplate"], group.get("leaderTemplate")
        if leader is None and group["size"] > 1:
            group["leaderTemplate"] = fleet.copied(worker)
        elif leader is not None and "containers" not in (leader.get("spec") or {}):
            leader["spec"] = {**fleet.copied(worker["spec"]), **(leader.get("spec") or {})}
        return found

    def _leave_out_later_metadata(self, sent, meant):
        """Leave out a leader template of one pod's group that was made, and later got metadata of its user's own (a documented limit)."""
        place = (*GROUP, "leaderTemplate")
        leader, arrives = fleet.get(meant, place), fleet.get(sent, place)
        annotations = fleet.get(self.stored, (*place, "metadata", "annotations")) or {}
        was_made = '"created":true' in annotations.get(fleet.RECORD, "")
        is_alone = fleet.get(meant, (*GROUP, "size")) == 1
        if (
            is_alone
            and was_made
            and leader is not None
            and "spec" not in leader
            and "containers" in arrives.get("spec", {})
        ):
            del meant["spec"]["leaderWorkerTemplate"]["leaderTemplate"]

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
            leader["spec"] = fleet.copied(own["spec"])
        else:
            del leader["spec"]


def _specs(value):
    """Return the size and the pod specs, in one order."""
    group = fleet.get(value, GROUP)
    found = {name: _in_one_order(group[name]["spec"]) for name in TEMPLATES if name in group}
    return found | {"size": group["size"]}


def _said(whole):
    """Return the size and the pod specs of a bare object, in one order."""
    size, *_, specs = _asked(whole)
    return {name: _in_one_order(spec) for name, spec in specs.items()} | {"size": size}


def _in_one_order(spec):
    """Return a pod spec with what another webhook has added last in each list; the order of tolerations means nothing.

    Server-side apply puts a variable that is new to the file after that of another webhook, which was there before.
    """
    spec = fleet.copied(spec)
    spec["tolerations"] = sorted(spec.get("tolerations") or (), key=str)
    for container in spec.get("containers", ()):
        if "env" in container:
            container["env"].sort(key=lambda variable: variable["name"] == "HTTP_PROXY")
    spec.get("containers", []).sort(key=lambda container: container["name"] == "sidecar")
    return spec


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
