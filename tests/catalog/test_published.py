"""What a server publishes rebuilds what it uses: every entry's last good version, and every problem."""

import base64
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook import catalog
from webhook.catalog import history, last_good, published
from webhook.catalog.published import Content, Published
from webhook.settings import Settings

SETTINGS = Settings(cluster="work-1", model_port=9000, known_keys=("hydra.io/mine",))


class Server:
    """What a server does with documents: it takes them in, and remembers what it needs to publish."""

    def __init__(self) -> None:
        self.store = catalog.Store()
        self.histories: dict[catalog.ConfigKind, history.History] = {}

    def take(self, kind: catalog.ConfigKind, content: str | bytes | dict | None) -> None:
        document = catalog.Document(kind, f"ConfigMap ns/{kind}", content)
        self.store.update(document, 0)
        earlier = self.histories.get(kind, history.History())
        self.histories[kind] = earlier.after(document, self.store.current)

    @property
    def published(self) -> Published:
        documents = {kind: one.documents for kind, one in self.histories.items()}
        return Published("1.2.3", SETTINGS, documents, self.digests(self.store.current))

    def digests(self, snapshot: catalog.Snapshot) -> dict[catalog.ConfigKind, str]:
        return {kind: history.digest(kind, snapshot) for kind in catalog.KINDS}


def read(content: Content, cache: last_good.Data | None = None) -> tuple[Published, catalog.Snapshot]:
    found = published.unpack(content, cache or {})
    return found, history.rebuilt(one for several in found.documents.values() for one in several)


def text_of(kind: catalog.ConfigKind, entries: list[str]) -> str:
    """Return a configuration with an entry for each name; in upper case it cannot be used, and ``?`` has no name."""
    rows = {
        "templates": lambda name, good: f"{{runtime: {name}, podTemplate: {good}}}",
        "agent": lambda name, good: f"{{match_runtimes: [{name}], container_template: {good}}}",
        "gpu-configs": lambda name, good: (
            f"{{gpu_type: {name}, gpu_resource_template_config: {{gpu_per_node: {{key: {good}}}}}}}"
        ),
    }
    good = {
        "templates": lambda version: f"{{containerTemplate: {{commandTemplate: [v{version}]}}}}",
        "agent": lambda version: f"{{image: example/v:{version}}}",
        "gpu-configs": lambda version: f"nvidia.com/v{version}",
    }
    lines = []
    for entry in entries:
        name, version = entry[0].lower(), entry[1:]
        usable = entry[0].islower()
        name = "1" if entry[0] == "?" else name
        lines.append(rows[kind](name, good[kind](version) if usable else "7"))
    top = {"templates": "templates", "agent": "deployment_templates", "gpu-configs": "gpu_configs"}[kind]
    return f"{top}: [{', '.join(lines)}]"


entries = st.lists(st.builds(lambda name, version: f"{name}{version}", st.sampled_from("abcABC?"), st.integers(1, 3)))
kinds = st.sampled_from(["templates", "agent", "gpu-configs"])
texts = kinds.flatmap(
    lambda kind: st.tuples(
        st.just(kind),
        st.one_of(
            entries.map(lambda rows: text_of(kind, rows)),
            entries.map(lambda rows: {"config.yaml": text_of(kind, rows), "gpu-configs.yaml": text_of(kind, rows)}),
            entries.map(lambda rows: text_of(kind, rows).encode()),
            st.sampled_from([None, "templates: [", b"\xff", {}, {"config.yaml": "["}]),
        ),
    )
)


@pytest.mark.slow
@given(st.lists(texts, min_size=1, max_size=8))
@settings(max_examples=50, derandomize=True, deadline=None)
def test_a_reader_rebuilds_what_the_server_uses_whatever_was_read_before(documents):
    check_that_a_reader_rebuilds(documents)


@pytest.mark.thorough
@given(st.lists(texts, min_size=1, max_size=12))
@settings(max_examples=1000, derandomize=True, deadline=None)
def test_a_reader_rebuilds_what_the_server_uses_after_many_documents(documents):
    check_that_a_reader_rebuilds(documents)


def check_that_a_reader_rebuilds(documents):
    server = Server()
    for kind, content in documents:
        server.take(kind, content)

    content, left_out = published.pack(server.published)
    found, snapshot = read(content)

    assert left_out == ()
    assert (found.version, found.settings) == ("1.2.3", SETTINGS)
    assert server.digests(snapshot) == server.digests(server.store.current) == found.digests
    assert snapshot.problems == server.store.current.problems
    assert snapshot.missing == server.store.current.missing


def test_only_documents_that_something_in_use_comes_from_are_remembered():
    server = Server()
    for rows in (["a1", "b1"], ["A", "b2"], ["A", "b3"], ["A", "B"]):
        server.take("templates", text_of("templates", rows))
    assert [str(one.content).count("v") for one in server.histories["templates"].documents] == [2, 1, 0]
    server.take("templates", text_of("templates", ["a1"]))
    assert len(server.histories["templates"].documents) == 1


def test_the_same_state_is_the_same_content():
    one, other = Server(), Server()
    for server in (one, other):
        server.take("templates", text_of("templates", ["a1"]))
    assert published.pack(one.published) == published.pack(other.published)


def noise(size: int) -> str:
    """Return a comment of this size that hardly gets smaller by compression."""
    return "# " + base64.b64encode(random.Random(size).randbytes(size * 3 // 4)).decode()


def test_what_does_not_fit_is_looked_for_in_the_cache_else_named():
    server = Server()
    server.take("templates", {"config.yaml": text_of("templates", ["a1"]) + "\n" + noise(900_000)})
    server.take("agent", {"config.yaml": text_of("agent", ["a1"]) + "\n" + noise(900_000)})

    content, left_out = published.pack(server.published)

    assert left_out == ("ConfigMap ns/agent",)
    assert published.needs_cache(content.data)
    (agent,) = server.histories["agent"].documents
    cache, _ = last_good.pack({"agent": last_good.Versions(agent.content)})
    assert server.digests(read(content, cache)[1]) == server.digests(server.store.current)
    with pytest.raises(published.BadState, match=r"^ConfigMap ns/agent is too large to be published$"):
        read(content)


def test_a_small_state_needs_no_cache_and_stays_within_the_limit_of_a_config_map():
    server = Server()
    server.take("templates", {"config.yaml": text_of("templates", ["a1"])})
    content, _ = published.pack(server.published)
    assert not published.needs_cache(content.data)
    assert len(content.data[published.STATE]) < 2000


def changed(**state: object) -> Content:
    server = Server()
    server.take("templates", text_of("templates", ["a1"]))
    content, _ = published.pack(server.published)
    whole = msgspec.json.decode(content.data[published.STATE]) | state
    return Content({published.STATE: msgspec.json.encode(whole).decode()}, content.binary_data)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (Content({}, {}), "it has no data key state.json"),
        (Content({"state.json": "["}, {}), "state.json: "),
        (changed(settings={"model_port": "x"}), "state.json: settings: Expected `int`"),
        (Content(changed().data, {}), "templates.0.json.gz"),
        (Content(changed().data, {"templates.0.json.gz": "!"}), "templates.0.json.gz"),
        (Content(changed().data, {"templates.0.json.gz": "eA=="}), "templates.0.json.gz"),
    ],
)
def test_anything_but_a_state_is_refused(content, message):
    with pytest.raises(published.BadState) as caught:
        read(content)
    assert message in str(caught.value)


def test_a_reader_ignores_what_a_later_version_adds():
    content = changed(settings={"cluster": "x", "a_new_setting": 1}, more={}, configurations={})
    assert read(content)[0].settings == Settings(cluster="x")


def test_a_gpu_table_that_never_existed_is_not_said_to_have_been_deleted():
    server = Server()
    for _ in range(2):
        server.take("gpu-configs", None)
    assert [problem.code for problem in server.store.current.problems] == ["absent"]
