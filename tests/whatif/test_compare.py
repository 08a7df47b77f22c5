"""A workload under two configurations: unchanged, changed, newly denied, no longer denied."""

import pytest

from tests import fleet
from tests.whatif import stored
from webhook import whatif, workload

STATE = fleet.state()
GONE = fleet.without_runtimes()


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        pytest.param(STATE, STATE, "unchanged", id="the same"),
        pytest.param(STATE, fleet.state(more="workingDir: null"), "unchanged", id="another revision with the same result"),
        pytest.param(STATE, fleet.state("newer"), "changed", id="another command"),
        pytest.param(STATE, GONE, "newly-denied", id="deleted"),
        pytest.param(GONE, STATE, "no-longer-denied", id="added"),
        pytest.param(GONE, GONE, "still-denied", id="never there"),
    ],
)  # fmt: skip
def test_a_change_of_configuration_has_an_effect(before, after, effect):
    compared = whatif.under(fleet.file(stored.ASKED), stored.LWS, before, after, namespace="ns")

    assert compared.effect == effect
    assert [one and one.code for one in (compared.before, compared.after)] == [
        "unknown-runtime" if state is GONE else None for state in (before, after)
    ]
    assert bool(compared.changes) == (effect == "changed")


def test_what_changes_is_named_by_pod_template_with_both_revisions():
    compared = whatif.under(fleet.file(stored.ASKED), stored.LWS, STATE, fleet.state("newer"), namespace="ns")

    change = whatif.Change("/spec/containers/name=main/command", ("serve",), ("newer",), "items")
    assert compared.changes == {"leaderTemplate": (change,), "workerTemplate": (change,)}
    assert set(compared.revisions_before).isdisjoint(compared.revisions_after)


def test_a_pod_template_inside_a_deployment_is_compared_too():
    deployment = stored.controller("Deployment", "x")

    compared = whatif.under(deployment, ("apps", "v1", "Deployment"), STATE, fleet.state("newer"), namespace="ns")

    assert (compared.effect, list(compared.changes)) == ("changed", ["template"])


def test_the_message_of_a_denial_does_not_name_the_object():
    compared = whatif.under(
        stored.pod(STATE) | {"metadata": {"labels": stored.LABELS}}, workload.POD, GONE, GONE, namespace="ns"
    )

    assert compared.after is not None
    assert compared.after.message.startswith("label hydra.io/runtime: there is no runtime")
