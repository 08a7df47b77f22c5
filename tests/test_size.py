"""Objects hold a bounded number of values, counted as they will be stored, so that what can be created can also be updated."""

import copy

import pytest

from tests.proportion import bodies, deciding
from webhook import errors, jsonshape, mutation, workload


def value(values, kind="Pod", **more):
    """Return a bare object that holds so many values."""
    build = bodies.pod if kind == "Pod" else bodies.group
    found = copy.deepcopy(
        build({"containers": [{"name": "main", "image": "i", "env": []}]}, bodies.metadata("plain"), **more)
    )
    spec = found["spec"] if kind == "Pod" else found["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]
    names = [{"name": f"V{number}"} for number in range((values - jsonshape.count(found)) // 2 - 2)]
    spec["containers"][0]["env"] = names
    spec["containers"][0]["args"] = ["--a"] * (values - jsonshape.count(found) - 1)
    assert jsonshape.count(found) == values
    return found


def created(found):
    kind = workload.POD if found["kind"] == "Pod" else workload.LEADER_WORKER_SET
    return mutation.mutate(found, kind, deciding.state(), namespace="ns", name="x")


def test_a_pod_with_as_many_values_as_are_decided_about_is_rendered():
    assert created(value(jsonshape.MOST_VALUES)).reason == "rendered"


def test_a_pod_with_one_value_more_is_denied_with_the_bound_and_a_remedy():
    with pytest.raises(errors.TooLarge) as caught:
        created(value(jsonshape.MOST_VALUES + 1))

    assert str(caught.value) == (
        f"Pod ns/x: the object holds {jsonshape.MOST_VALUES + 1} values, more than {jsonshape.MOST_VALUES}; move data out of it, for "
        "example into a ConfigMap that it mounts [object-too-large]"
    )


@pytest.mark.parametrize("place", ["status", "managedFields"])
def test_what_nobody_writes_does_not_count(place):
    found = value(jsonshape.MOST_VALUES)
    holder = found if place == "status" else found["metadata"]
    holder[place] = {str(number): {} for number in range(1000)} if place == "status" else [{}] * 1000

    assert created(found).reason == "rendered"


def test_a_leader_template_that_is_created_counts_like_its_worker_template():
    with pytest.raises(
        errors.TooLarge, match=r"the object, with the leaderTemplate that is created from workerTemplate, holds"
    ):
        created(value(jsonshape.MOST_VALUES // 2 + 100, "LeaderWorkerSet"))

    alone = value(jsonshape.MOST_VALUES // 2 + 100, "LeaderWorkerSet")
    alone["spec"]["leaderWorkerTemplate"]["size"] = 1
    assert created(alone).reason == "rendered"


def test_a_group_that_its_runtime_makes_too_large_to_be_updated_is_not_created():
    found = value(jsonshape.MOST_VALUES, "LeaderWorkerSet")
    found["spec"]["leaderWorkerTemplate"]["size"] = 1

    with pytest.raises(errors.TooLarge, match=r"LeaderWorkerSet ns/x: the object, with what its runtime adds, holds"):
        created(found)


def test_a_stored_object_that_is_too_large_is_named_as_such():
    stored = value(jsonshape.MOST_VALUES + 1, "LeaderWorkerSet")

    with pytest.raises(errors.TooLarge, match=r"LeaderWorkerSet ns/x: oldObject holds"):
        mutation.update(value(100, "LeaderWorkerSet"), stored, deciding.state(), namespace="ns", name="x")
