"""Laws of comparing: whatever part of a rendered object is expected, it is there; and no changed value goes unnoticed."""

import json

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import objects
from tests.examples import tried
from tests.test_laws import mutate
from webhook import catalog, errors, patch
from webhook.cases import matching, snapshots
from webhook.catalog.yaml.compose import parse
from webhook.rendering import fields

WORKLOADS = objects.pods() | objects.leader_worker_sets()


def node_of(value):
    (node,) = parse(json.dumps(value))
    return node


def found_in(value, expected):
    return list(matching.failures(node_of(expected), value, ""))


def rendered(value):
    """Return a rendered workload whose lists have no two items of one key: of those, only one can be expected."""
    (read,) = catalog.load_all(json.dumps(value))  # in a file, 0.0 is 0
    try:
        after = mutate(read).value
    except errors.Denied:
        assume(False)
    after = json.loads(json.dumps(after))
    assume(all(map(is_distinct, lists(after))))
    return after


def lists(value, key=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from lists(inner, name)
    elif isinstance(value, list):
        yield key, value
        for inner in value:
            yield from lists(inner)


def is_distinct(found):
    key, items = found
    if key not in fields.MERGE_KEYS:
        return True
    keys = [fields.place(item, key) for item in items]
    return all(keys) and len(set(keys)) == len(keys)


@st.composite
def parts(draw, value, key=""):
    """A part of a value: some keys of its maps, some items of its keyed lists."""
    if isinstance(value, dict):
        kept = [name for name in value if name in fields.MERGE_KEYS.get(key, ()) or draw(st.booleans())]
        return {name: draw(parts(value[name], name)) for name in kept}
    if isinstance(value, list) and fields.is_itemized(key):
        some = [draw(parts(item, key)) if key in fields.MERGE_KEYS else item for item in value if draw(st.booleans())]
        return draw(st.permutations(some)) if some else value
    return value


@tried(8, 100)
def test_every_part_of_a_rendered_object_is_found_in_it(examples):
    @settings(max_examples=examples)
    @given(WORKLOADS, st.data())
    def hold(workload, data):
        after = rendered(workload)

        assert found_in(after, after) == []
        assert found_in(after, data.draw(parts(after))) == []

    hold()


def leaves(value, path=()):
    """Yield the path of every value that is neither a map nor a list nor what tells an item from others."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from leaves(one, (*path, key))
    if not isinstance(value, dict | list):
        yield path


def with_another(value, path):
    """Return a copy of a value with another leaf at a path."""
    if not path:
        return "another" if value != "another" else "one"
    if isinstance(value, dict):
        return {**value, path[0]: with_another(value[path[0]], path[1:])}
    return [with_another(item, path[1:]) if at == path[0] else item for at, item in enumerate(value)]


@tried(8, 100)
def test_no_changed_value_goes_unnoticed(examples):
    @settings(max_examples=examples)
    @given(WORKLOADS, st.data())
    def hold(workload, data):
        after = rendered(workload)
        other = with_another(after, data.draw(st.sampled_from(list(leaves(after)))))
        assume(all(map(is_distinct, lists(other))))

        assert found_in(after, other) != []

    hold()


@tried(8, 100)
def test_a_snapshot_is_read_as_it_was_written(examples):
    @settings(max_examples=examples)
    @given(WORKLOADS)
    def hold(workload):
        bare = snapshots.without_records(rendered(workload))

        assert patch.same(snapshots.read(snapshots.text(bare).encode()), bare)
        assert not any("hydra.io/rendered" in json.dumps(template) for template in [bare["metadata"], bare["spec"]])

    hold()
