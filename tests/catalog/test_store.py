"""The store: one snapshot in use, and what each update changed."""

import dataclasses

import pytest

from webhook import catalog

GOOD = "templates: [{runtime: a}, {runtime: b}]"


def templates(text):
    return catalog.Document("templates", "t.yaml", text)


def test_a_store_begins_with_nothing_read():
    store = catalog.Store()
    assert store.current == catalog.empty()
    assert len(store.current.missing) == 2
    assert store.read_at == {}
    assert store.current.gpu_types[0].name == "nvidia-gpu"


def test_an_update_replaces_the_snapshot_and_returns_what_changed():
    store = catalog.Store()
    first = store.update(templates(GOOD), now=1.0)
    assert (first.config_kind, first.source, first.accepted) == ("templates", "t.yaml", True)
    assert (first.added, first.changed, first.removed) == (("a", "b"), (), ())
    before = store.current

    second = store.update(templates("templates: [{runtime: b, runtimeZH: x}, {runtime: c}]"), now=2.0)
    assert (second.added, second.changed, second.removed) == (("c",), ("b",), ("a",))
    assert store.current is not before
    assert set(before.runtime_templates) == {"a", "b"}
    assert store.read_at == {"templates": 2.0}


def test_an_update_that_cannot_be_read_keeps_the_time_of_the_last_one_that_could():
    store = catalog.Store()
    store.update(templates(GOOD), now=1.0)
    change = store.update(templates("["), now=2.0)
    assert not change.accepted
    assert (change.added, change.changed, change.removed) == ((), (), ())
    assert change.stale == ("a", "b")
    assert [problem.code for problem in change.problems] == ["yaml-syntax"]
    assert store.read_at == {"templates": 1.0}
    gone = store.update(templates(None), now=3.0)
    assert (gone.accepted, gone.stale) == (False, ("a", "b"))
    assert store.read_at == {"templates": 1.0}


def test_an_update_names_what_is_broken():
    store = catalog.Store()
    assert store.update(templates("templates: [{runtime: a, renderAll: 1}]"), now=1.0).broken == ("a",)
    text = "deployment_templates: [{match_runtimes: [a], image: []}]"
    change = store.update(catalog.Document("agent", "a.yaml", text), now=1.0)
    assert change.added == change.broken == ("deployment_templates[0]",)
    assert store.current.missing == ()


def test_an_update_of_the_gpu_table_names_the_gpu_types():
    store = catalog.Store()
    text = "gpu_configs: [{gpu_type: g, gpu_resource_template_config: {gpu_per_node: {key: example.com/g}}}]"
    change = store.update(catalog.Document("gpu-configs", "g.yaml", text), now=1.0)
    assert (change.added, change.stale, change.broken) == (("g",), (), ())


def test_snapshots_and_changes_cannot_be_changed():
    store = catalog.Store()
    change = store.update(templates(GOOD), now=1.0)
    for frozen, field in (
        (store.current, "runtime_templates"),
        (change, "source"),
        (store.current.runtime_templates["a"], "runtime"),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(frozen, field, None)
