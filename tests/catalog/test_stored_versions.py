"""Taking in the stored versions of a configuration again restores what was in use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import catalog
from webhook.catalog import last_good

GOOD = "templates: [{runtime: one, podTemplate: {}}, {runtime: two, podTemplate: {}}]"
TWO_BROKEN = "templates: [{runtime: one, runtimeZH: 一, podTemplate: {}}, {runtime: two, podTemplate: 1}]"
UNREADABLE = "templates: ["
HISTORIES = {
    "one good text": [GOOD],
    "an entry breaks": [GOOD, TWO_BROKEN],
    "an entry was never good": [TWO_BROKEN],
    "an entry breaks and is fixed": [GOOD, TWO_BROKEN, GOOD],
    "a file cannot be read": [GOOD, UNREADABLE],
    "an entry breaks and then the file": [GOOD, TWO_BROKEN, UNREADABLE],
    "nothing was ever readable": [UNREADABLE],
}


def taken(store: catalog.Store, content: last_good.Data) -> catalog.Change:
    return store.update(catalog.Document("templates", "ConfigMap ns/name", content), 0)


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_stored_versions_restore_what_was_in_use(history):
    before, remembered = catalog.Store(), last_good.Versions()
    for text in history:
        change = taken(before, {"config.yaml": text})
        if change.accepted:
            errors = any(problem.severity == "error" for problem in change.problems)
            remembered = remembered.after({"config.yaml": text}, errors=errors)
    data, left_out = last_good.pack({"templates": remembered})
    after = catalog.Store()
    for content in last_good.unpack(data).get("templates", last_good.Versions()).in_order:
        taken(after, content)

    assert left_out == ()
    assert in_use(after) == in_use(before)


def in_use(store: catalog.Store) -> dict:
    snapshot = store.current
    return {
        name: snapshot.runtime_templates[name].digest if name in snapshot.runtime_templates else "broken"
        for name in {*snapshot.runtime_templates, *snapshot.broken}
    }


contents = st.none() | st.dictionaries(
    st.from_regex(r"[-._a-zA-Z0-9]{1,20}", fullmatch=True), st.text(max_size=20), min_size=1
)
keeping = st.builds(last_good.Versions, contents, contents)


@given(st.dictionaries(st.sampled_from(["templates", "agent", "gpu-configs"]), keeping))
def test_what_is_packed_is_unpacked(everything):
    data, left_out = last_good.pack(everything)

    assert left_out == ()
    assert last_good.unpack(data) == {kind: one for kind, one in everything.items() if one.in_order}


def test_unknown_keys_are_skipped_and_returned_as_foreign():
    others = {"config.yaml": "x", "last-good": "x", "last-good.other.key": "x"}
    ours = {"last-good.agent.config.yaml": "x", "newest.gpu-configs.k": "x"}
    assert last_good.unpack(others) == {}
    assert last_good.foreign({**others, **ours}) == others


def test_what_is_too_large_is_named_and_the_rest_is_stored():
    large = {"config.yaml": "x" * 600_000}
    everything = {
        "templates": last_good.Versions(large, large),
        "agent": last_good.Versions(large),
        "gpu-configs": last_good.Versions({"k": "v"}),
    }

    data, left_out = last_good.pack(everything)

    assert data.keys() == {"last-good.templates.config.yaml", "last-good.gpu-configs.k"}
    assert left_out == ("last-good.agent", "newest.templates")
