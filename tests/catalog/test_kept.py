"""What is kept of the configuration outside the process gives, taken in again, what was in use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import catalog
from webhook.catalog import kept

GOOD = "templates: [{runtime: one, podTemplate: {}}, {runtime: two, podTemplate: {}}]"
TWO_BROKEN = "templates: [{runtime: one, runtimeZH: 一, podTemplate: {}}, {runtime: two, podTemplate: 1}]"
UNREADABLE = "templates: ["
HISTORIES = {
    "one good text": [GOOD],
    "an entry breaks": [GOOD, TWO_BROKEN],
    "an entry was never good": [TWO_BROKEN],
    "an entry breaks and is mended": [GOOD, TWO_BROKEN, GOOD],
    "a text cannot be read": [GOOD, UNREADABLE],
    "an entry breaks and then the text": [GOOD, TWO_BROKEN, UNREADABLE],
    "nothing was ever readable": [UNREADABLE],
}


def taken(store: catalog.Store, texts: kept.Texts) -> catalog.Change:
    return store.update(catalog.Document("templates", "ConfigMap ns/name", texts), 0)


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_what_is_kept_gives_what_was_in_use(history):
    before, remembered = catalog.Store(), kept.Kept()
    for text in history:
        change = taken(before, {"config.yaml": text})
        if change.accepted:
            errors = any(problem.severity == "error" for problem in change.problems)
            remembered = remembered.after({"config.yaml": text}, errors=errors)
    data, left_out = kept.pack({"templates": remembered})
    after = catalog.Store()
    for texts in kept.unpack(data).get("templates", kept.Kept()).in_order:
        taken(after, texts)

    assert left_out == ()
    assert in_use(after) == in_use(before)


def in_use(store: catalog.Store) -> dict:
    snapshot = store.current
    return {
        name: snapshot.runtime_templates[name].digest if name in snapshot.runtime_templates else "broken"
        for name in {*snapshot.runtime_templates, *snapshot.broken}
    }


texts = st.none() | st.dictionaries(
    st.from_regex(r"[-._a-zA-Z0-9]{1,20}", fullmatch=True), st.text(max_size=20), min_size=1
)
keeping = st.builds(kept.Kept, texts, texts)


@given(st.dictionaries(st.sampled_from(["templates", "agent", "gpu-configs"]), keeping))
def test_what_is_packed_is_unpacked(everything):
    data, left_out = kept.pack(everything)

    assert left_out == ()
    assert kept.unpack(data) == {kind: one for kind, one in everything.items() if one.in_order}


def test_other_keys_are_passed_over_and_told_apart():
    others = {"config.yaml": "x", "flawless": "x", "flawless.other.key": "x"}
    ours = {"flawless.agent.config.yaml": "x", "flawed.gpu-configs.k": "x"}
    assert kept.unpack(others) == {}
    assert kept.foreign({**others, **ours}) == others


def test_what_does_not_fit_is_named_and_the_rest_is_kept():
    large = {"config.yaml": "x" * 600_000}
    everything = {"templates": kept.Kept(large, large), "agent": kept.Kept(large), "gpu-configs": kept.Kept({"k": "v"})}

    data, left_out = kept.pack(everything)

    assert data.keys() == {"flawless.templates.config.yaml", "flawless.gpu-configs.k"}
    assert left_out == ("flawless.agent", "flawed.templates")
