"""The law of origins: every field of a rendering has one, and applying them rebuilds the rendered pod template."""

import json
from pathlib import Path

import pytest
from hypothesis import event, given, settings

from tests import golden_cases, objects
from tests.explaining import test_golden
from webhook import catalog, errors, mutation, patch, rendering, workload
from webhook.rendering import origins, paths
from webhook.settings import Settings

HERE = Path(__file__).parents[1]
STATE = rendering.State(
    catalog.build(
        [
            catalog.Document("templates", "templates.yaml", (HERE / "configuration" / "templates.yaml").read_text()),
            catalog.Document("agent", "agent.yaml", (HERE / "configuration" / "agent.yaml").read_text()),
        ],
        None,
    ),
    Settings(),
)

#: The layers, the upper ones last: each only adds to those before it, or replaces what they say.
ORDER = ["template", "template role overlay", "agent", "agent role overlay", "webhook"]


def rebuilt(fields, own=None):
    """Return the pod template that fields give together, on top of what the workload has.

    Positions are those in the result. The workload's own items keep their order, so items are put in from the first to the last.
    """
    root = json.loads(json.dumps(own)) if own is not None else {}
    made = set()
    removed = [field for field in fields if field.value is paths.ABSENT]
    for field in sorted(fields, key=lambda field: field.place):
        if field in removed:
            continue
        holder, name, items = root, "", list(field.items)
        *way, last = field.place
        for at, key in enumerate(way):
            empty = [] if isinstance(field.place[at + 1], int) else {}
            if isinstance(holder, list):
                identity, place = items.pop(0), field.place[: at + 1]
                if place not in made and all(rendering.fields.identity(item, name) != identity for item in holder):
                    made.add(place)
                    holder.insert(key, empty)
            elif holder.get(key) is None:
                holder[key] = empty
            holder, name = holder[key], key
        if isinstance(holder, list):
            holder.insert(last, field.value)
        else:
            holder[last] = field.value
    for field in removed:
        holder = root
        for key in field.place[:-1]:
            holder = holder[key]
        holder.pop(field.place[-1], None)  # without the workload, it was never there
    return root


def attempts(value, kind, state, namespace="ns"):
    found = []
    try:
        mutation.mutate(value, kind, state, namespace=namespace, attempts=found)
    except errors.Denied as refusal:
        return refusal.code, found
    return "rendered", found


def check(attempt):
    """Check the law for one rendered pod template."""
    resolution, rendered = attempt.decided.resolution, attempt.rendered
    found = origins.origins(resolution, rendered)
    result = rendering.unrecorded(rendered.value)
    expected = {key: result[key] for key in ("metadata", "spec")}
    everything = rebuilt(found)
    assert patch.same(everything, expected), "the fields are not the rendering"
    base = attempt.pod_template.value if attempt.pod_template.original is None else attempt.pod_template.original
    if not attempt.pod_template.created:
        own = {key: base[key] for key in ("metadata", "spec") if key in base}
        layers = [field for field in found if field.setter != "workload"]
        mixed = [field for field in found if field.setter == "workload" and field.elements]
        assert patch.same(rebuilt([*layers, *mixed], own), expected), (
            "the layers on the bare form are not the rendering"
        )
    for field in found:
        check_field(field, base, attempt)
    for name in ("command", "args"):
        place = ("spec", "containers", origins.position(resolution), name)
        for field in found:
            if field.place == place and field.elements:
                assert [one.value for one in field.elements] == field.value


def check_field(field, base, attempt):
    """Check that what is said to be the workload's is what it wrote, and that a layer says what is said of it."""
    if field.setter == "workload" and not field.elements and not attempt.pod_template.created:
        value = base
        for key in field.place:
            if isinstance(key, int):
                break
            value = value[key]
        else:
            assert patch.same(value, field.value)
    if field.layer is not None:
        assert field.setter.startswith(field.layer.origin) or field.value is paths.ABSENT


EXAMPLES = [
    pytest.param(40, id="a few", marks=pytest.mark.slow),
    pytest.param(500, id="hundreds", marks=pytest.mark.thorough),
    pytest.param(5000, id="thousands", marks=pytest.mark.long),
]


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("strategy", [objects.pods(), objects.leader_worker_sets()], ids=["pod", "LeaderWorkerSet"])
def test_the_law_holds_for_any_object(strategy, examples):
    @settings(max_examples=examples)
    @given(strategy)
    def hold(value):
        kind = workload.LEADER_WORKER_SET if value["kind"] == "LeaderWorkerSet" else workload.POD
        outcome, found = attempts(value, kind, STATE)

        event(outcome)
        for attempt in found:
            if attempt.rendered is not None:
                check(attempt)

    hold()


RENDERED = [case for case in golden_cases.CASES if case.keys.keys() & {"result", "changes"}]


@pytest.mark.parametrize("case", RENDERED, ids=lambda case: case.name)
def test_the_law_holds_for_every_golden_case(case):
    found = test_golden.configured(case)
    request = case.request["kind"]
    kind = (request["group"], request["version"], request["kind"])

    outcome, tried = attempts(case.object, kind, found.state, case.request["namespace"])

    assert outcome == "rendered"
    assert all(attempt.rendered is not None for attempt in tried)
    for attempt in tried:
        check(attempt)
