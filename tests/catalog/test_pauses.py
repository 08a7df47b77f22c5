"""Large configurations are read with pauses, and what is read does not depend on them."""

import weakref

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import cycles
from webhook import catalog
from webhook.catalog.schema import agent_entries, gpu_types, runtime_templates
from webhook.catalog.yaml import compose

ENTRIES = {
    "templates": (
        "  - {runtime: a, podTemplate: {containerTemplate: {argsTemplate: ['serve {{ .MODEL_PATH }}']}}}",
        "  - {runtime: b, renderAll: true, podTemplate: {volumes: [{name: '{{ .X }}', emptyDir: {}}]}}",
        '  - {runtime: c, podTemplate: {containerTemplate: {argsTemplate: [\'{{ define "x" }}y{{ end }}{{ template "x" . }}\']}}}',
        "  - {runtime: a, runtimeZH: again}",
        "  - {runtime: d, podTemplate: {containerTemplate: {argsTemplate: ['{{ if }}']}}}",
        "  - {runtime: e, podTemplate: 1, unknown: 2}",
        "  - 17",
        "  - {name: f, key: .inf}",
    ),
    "agent": (
        "  - {match_runtimes: [a], container_template: {image: x/y:1}}",
        "  - {match_runtimes: [b], container_template: {image: []}}",
        "  - {match_gpu_types: [g], pod_template: {nodeSelector: {a: 1}}}",
        "  - [not, a, map]",
    ),
    "gpu-configs": (
        "  - {gpu_type: g, gpu_resource_template_config: {gpu_per_node: {key: example.com/g}}}",
        "  - {gpu_type: h, gpu_resource_template_config: {gpu_per_node: {key: nothing}}}",
        "  - gpu_type",
    ),
}
KEYS = {"templates": "templates", "agent": "deployment_templates", "gpu-configs": "gpu_configs"}
ENDS = ("", "\n", "\nother: 1", "\n  - {", "\n---\nsecond: document", "\n  - *nothing", "\r\n  - \x00")


@st.composite
def documents(draw: st.DrawFn) -> catalog.Document:
    """Return a configuration, right or wrong, bare or as the data of a ConfigMap."""
    kind = draw(st.sampled_from(sorted(ENTRIES)))
    entries = draw(st.lists(st.sampled_from(ENTRIES[kind]), max_size=8))
    text = f"{KEYS[kind]}:\n" + "\n".join(entries) + draw(st.sampled_from(ENDS))
    key = catalog.KINDS[kind].data_key or "agent.yaml"
    return catalog.Document(kind, "source", draw(st.sampled_from([text, text.encode(), {key: text}, None])))


def said(snapshot: catalog.Snapshot) -> list:
    """Return everything that a snapshot says; compiled templates are never equal, so digests and names take their place."""
    return [
        {kind: row.in_use(snapshot) for kind, row in catalog.KINDS.items()},
        [[str(one) for one in entry.templates] for entry in snapshot.runtime_templates.values()],
        snapshot.agent_entries,
        snapshot.problems,
        snapshot.missing,
        snapshot.readings,
    ]


@settings(max_examples=60)
@given(st.lists(documents(), min_size=1, max_size=4))
def test_what_is_read_does_not_depend_on_pauses(found):
    pauses: list[int] = []
    plain, paused = catalog.Store(), catalog.Store()
    for number, document in enumerate(found):
        assert plain.update(document, 1.0) == paused.update(document, 1.0, lambda number=number: pauses.append(number))
        assert said(plain.current) == said(paused.current)
    assert pauses


def many(kind: str, count: int) -> catalog.Document:
    text = f"{KEYS[kind]}:\n" + "\n".join(ENTRIES[kind][number % len(ENTRIES[kind])] for number in range(count))
    return catalog.Document(kind, "source", text)


@pytest.mark.parametrize(
    ("kind", "module", "reader"),
    [
        ("templates", runtime_templates, "entry"),
        ("agent", agent_entries, "entry"),
        ("gpu-configs", gpu_types, "_row"),
    ],
)
def test_no_two_entries_are_read_without_a_pause_between_them(monkeypatch, kind, module, reader):
    events: list[str] = []
    read = getattr(module, reader)
    monkeypatch.setattr(module, reader, lambda *given: events.append("entry") or read(*given))
    catalog.build((many(kind, 50),), None, lambda: events.append("pause"))
    assert events.count("entry") == 50
    assert "entry entry" not in " ".join(events)


def test_at_most_a_hundred_events_of_yaml_are_composed_without_a_pause(monkeypatch):
    class Counting(yaml.CSafeLoader):
        def get_event(self):
            nonlocal since, most
            since += 1
            most = max(most, since)
            return super().get_event()

    def pause() -> None:
        nonlocal since
        since = 0

    since = most = 0
    monkeypatch.setattr(yaml, "CSafeLoader", Counting)
    compose.parse(many("templates", 500).content, pause=pause)
    assert most == 100


def test_a_long_text_is_searched_and_split_with_pauses():
    text = "a: |\n" + "  some text\r\n" * 40_000 + "b: c\n"
    pauses: list[None] = []
    assert compose.lines(text, lambda: pauses.append(None)) == compose.LINE_BREAK.split(text)
    assert len(pauses) == len(text) // (64 * 1024)
    pauses.clear()
    compose.parse(text, pause=lambda: pauses.append(None))
    assert len(pauses) >= len(text) // (64 * 1024)


@given(st.text(st.sampled_from("a\r\n\x85\u2028\u2029\x0b\x1c"), max_size=40), st.integers(1, 5))
def test_lines_are_those_of_yaml_wherever_the_text_is_cut(text, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compose, "_SEARCHED_AT_A_TIME", size)
        assert compose.lines(text) == compose.LINE_BREAK.split(text)


class Thing:
    """Something that knows when it is freed."""


def test_entries_are_freed_one_by_one():
    things = [Thing() for _ in range(5)]
    alive = [weakref.ref(one) for one in things]
    left: list[int] = []
    catalog.pauses.release(things, lambda: left.append(sum(one() is not None for one in alive)))
    assert left == [4, 3, 2, 1, 0]


def test_what_an_update_replaces_is_what_is_not_in_use_any_more():
    store = catalog.Store()
    store.update(catalog.Document("templates", "t", "templates: [{runtime: a}, {runtime: b}]"), 1.0)
    before = store.current
    store.update(catalog.Document("templates", "t", "templates: [{runtime: a}, {runtime: b, runtimeZH: x}]"), 1.0)
    assert store.current.runtime_templates["a"] is before.runtime_templates["a"]
    assert catalog.replaced(before, store.current) == [before.runtime_templates["b"]]
    before = store.current
    store.update(catalog.Document("agent", "a", "deployment_templates: [{match_runtimes: [a]}]"), 1.0)
    assert catalog.replaced(before, store.current) == []


def test_a_configuration_leaves_no_cycles():
    documents = [*catalog.embedded(), many("templates", 20)]
    assert cycles.left_by(lambda: catalog.build(documents, None)) == 0
