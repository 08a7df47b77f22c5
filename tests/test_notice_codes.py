"""Every warning is raised by a case and documented, and there are no others (contract section 11)."""

import copy
import json
import re
from pathlib import Path

import pytest

from tests import golden_cases
from webhook import catalog, errors, mutation, notices, rendering, workload
from webhook.settings import Settings

ROOT = Path(__file__).parents[1]
SET = json.loads((ROOT / "tests" / "reviews" / "lws-without-leader-template.json").read_text())["request"]["object"]
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "bare", "labels": {"hydra.io/runtime": "engine", "hydra.io/model-id": "qwen"}},
    "spec": {"containers": [{"name": "main", "image": "auto"}]},
}
TEMPLATES = "templates: [{runtime: engine, podTemplate: {volumes: [{name: models, emptyDir: {}}]}}]"
AGENT = "deployment_templates: [{match_runtimes: [engine], container_template: {image: e:1}}]"


def noticed(value, snapshot):
    """Return the notices about an object; none if it is denied."""
    group, _, version = value["apiVersion"].rpartition("/")
    state = rendering.State(snapshot, Settings())
    try:
        return mutation.mutate(value, (group, version, value["kind"]), state, namespace="default").notices
    except errors.Denied:
        return ()


def snapshots(*configurations):
    """Return the snapshot after these configurations, templates and agent each, have arrived one after the other."""
    store = catalog.Store()
    for now, configuration in enumerate(configurations):
        for kind, text in configuration.items():
            store.update(catalog.Document(kind, f"{kind}.yaml", text), now=now)
    return store.current


def volume_claim():
    claiming = copy.deepcopy(SET)
    claiming["metadata"]["labels"]["hydra.io/runtime"] = "engine"
    claims = [{"metadata": {"name": "models"}, "spec": {}}]
    claiming["spec"]["leaderWorkerTemplate"]["volumeClaimTemplates"] = claims
    return noticed(claiming, snapshots({"templates": TEMPLATES, "agent": AGENT}))


def after(**broken):
    return noticed(POD, snapshots({"templates": TEMPLATES, "agent": AGENT}, broken))


def edited():
    snapshot = snapshots({"templates": TEMPLATES, "agent": AGENT})
    rendered = mutation.mutate(POD, workload.POD, rendering.State(snapshot, Settings()), namespace="default").value
    pod = copy.deepcopy(rendered)
    pod["spec"]["containers"][0]["image"] = "mine"
    return noticed(pod, snapshot)


def updating(old, value, after=AGENT):
    """Return the notices about an update of a LeaderWorkerSet; the objects are made from the bare one by these functions."""
    bare = copy.deepcopy(SET)
    bare["metadata"]["labels"]["hydra.io/runtime"] = "engine"
    before, now = ({"templates": TEMPLATES, "agent": agent} for agent in (AGENT, after))
    state = rendering.State(snapshots(before), Settings())
    rendered = mutation.mutate(bare, workload.LEADER_WORKER_SET, state, namespace="default").value
    changed = [copy.deepcopy(one) for one in (rendered, rendered)]
    stored, sent = (change(one, bare) or one for change, one in zip((old, value), changed, strict=True))
    return mutation.update(sent, stored, rendering.State(snapshots(now), Settings()), namespace="default").notices


def as_it_is(_value, _bare):
    return None


def own_image(value, _bare):
    value["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]["image"] = "mine"


def restarted(value, _bare):
    value["spec"]["leaderWorkerTemplate"]["restartPolicy"] = "None"


def refreshed(value, _bare):
    value["metadata"].setdefault("annotations", {})["hydra.io/refresh"] = "1"


def edited_and_refreshed(value, bare):
    own_image(value, bare)
    refreshed(value, bare)


def opted_out(value, _bare):
    value["metadata"]["labels"]["hydra.io/inject"] = "false"


def never_rendered(_value, bare):
    return bare


def restarted_otherwise(_value, bare):
    value = copy.deepcopy(bare)
    value["spec"]["leaderWorkerTemplate"]["restartPolicy"] = "None"
    return value


def runnable():
    """Return the notices about an update that takes the label of a runnable object away."""
    bare = copy.deepcopy(SET)
    bare["metadata"]["labels"]["hydra.io/runtime"] = "engine"
    bare["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]["image"] = "mine"
    state = rendering.State(snapshots({"templates": TEMPLATES, "agent": AGENT}), Settings())
    stored = mutation.mutate(bare, workload.LEADER_WORKER_SET, state, namespace="default").value
    value = copy.deepcopy(stored)
    del value["metadata"]["labels"]["hydra.io/runtime"]
    return mutation.update(value, stored, state, namespace="default").notices


NEWER = AGENT.replace("e:1", "e:2")

#: What no golden case can show.
RAISED = {
    "bare-form-restored": runnable(),
    "groups-roll": updating(as_it_is, refreshed, NEWER),
    "hand-edit-given-up": updating(as_it_is, edited_and_refreshed),
    "hand-edit-kept": updating(as_it_is, own_image),
    "never-rendered": updating(never_rendered, restarted_otherwise),
    "older-revision": updating(as_it_is, restarted, NEWER),
    "opted-out-rendered": updating(as_it_is, opted_out),
    "claim-replaces-volume": volume_claim(),
    "edited-rendering": edited(),
    "last-good-entry": after(agent=AGENT.replace("image: e:1", "image: [e]")),
    "last-good-template": after(templates=TEMPLATES.replace("models", "[]")),
}


def of_golden_cases():
    for case in golden_cases.CASES:
        if case.keys.get("warnings"):
            texts = {kind: text for kind, text in case.configuration if kind in golden_cases.CONFIGURATION}
            yield from noticed(case.object, snapshots(texts))


GOLDEN = tuple(of_golden_cases())


@pytest.mark.parametrize("code", RAISED)
def test_a_notice_is_raised(code):
    assert {notice.code for notice in RAISED[code]} == {code}


def test_every_notice_is_raised_by_a_golden_case_or_above():
    golden = {notice.code for notice in GOLDEN}

    assert golden.isdisjoint(RAISED)
    assert golden | RAISED.keys() == set(notices.NOTICE_CODES)


def test_a_notice_has_as_many_names_as_its_wording_has_places():
    for notice in (*GOLDEN, *(one for found in RAISED.values() for one in found)):
        wording = notices.WORDINGS[notice.code]
        for case in notice.cases:
            names = [case] if isinstance(case, str) else case
            assert len(names) == (wording.case + wording.detail).count("{}")
            assert all(isinstance(name, str) for name in names)


def test_every_notice_is_documented_once_in_its_own_words_and_no_other_is():
    page = (ROOT / "docs" / "troubleshooting.md").read_text().partition("\n## Warnings\n")[2]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", page, re.MULTILINE))

    assert len(rows) == page.count("\n| `")
    assert rows == {code: wording.text for code, wording in notices.WORDINGS.items()}


def test_a_group_hears_once_what_concerns_leader_and_worker():
    assert notices.lines(RAISED["claim-replaces-volume"]) == [
        'leader and worker: own volume claims replace the runtime\'s volumes: "models"'
    ]
