"""What will probably not run earns a notice (contract section 7)."""

import pytest

from webhook.notices import Notice
from webhook.rendering import doubts

MAIN = {"name": "main", "image": "e:1"}
HTTP = {"ports": [{"containerPort": 8000}]}


def noticed(container=MAIN, model_path="/models", **spec):
    others = spec.pop("containers", [])
    return list(doubts.notices({"containers": [container, *others], **spec}, container, model_path))


def side(name="side", **fields):
    return {"name": name, "image": "s:1", **fields}


IMAGES = [
    pytest.param({}, [], id="the inference container alone"),
    pytest.param({"containers": [side()]}, [], id="an image"),
    pytest.param({"containers": [side(image="auto")]}, ["side"], id="auto"),
    pytest.param({"containers": [side(image=" ")], "initContainers": [{"name": "fetch"}]}, ["fetch", "side"], id="empty and absent, init containers first"),
    pytest.param({"containers": [side("istio-proxy", image="auto")]}, [], id="Istio fills in its own"),
    pytest.param({"initContainers": [side("istio-proxy", image="auto")]}, [], id="also as a native sidecar"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "names"), IMAGES)
def test_a_container_that_keeps_a_placeholder_image_is_named(spec, names):
    assert noticed(**spec) == ([Notice("placeholder-image", names)] if names else [])


UDP = {"ports": [{"containerPort": 8000, "protocol": "UDP"}]}
TCP = {"ports": [{"containerPort": 8000, "protocol": "TCP"}]}
PORTS = [
    pytest.param({"containers": [side(**HTTP)]}, [("8000", "main", "side")], id="two containers"),
    pytest.param({"containers": [side(**TCP)]}, [("8000", "main", "side")], id="TCP is meant"),
    pytest.param({"containers": [side(**UDP)]}, [], id="another protocol"),
    pytest.param({"containers": [side(**UDP), side("third", **UDP)]}, [("8000/UDP", "side", "third")], id="UDP"),
    pytest.param({"containers": [side(ports=[{"containerPort": 9000}])]}, [], id="another port"),
    pytest.param({"containers": [side(**HTTP), side("third", **HTTP)]}, [("8000", "main", "side")], id="three: the first two"),
    pytest.param({"initContainers": [side(restartPolicy="Always", **HTTP)]}, [("8000", "side", "main")], id="a native sidecar"),
    pytest.param({"initContainers": [side(**HTTP)]}, [], id="an init container has ended"),
    pytest.param({"containers": [side(ports=[{"containerPort": None}, {}]), side("third", ports=[{}])]}, [], id="ports without a number"),
    pytest.param({"containers": [side(ports=[{"containerPort": 1}, {"containerPort": 1}])]}, [], id="twice in one container is the API server's business"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "cases"), PORTS)
def test_a_port_that_two_containers_declare_is_named_with_both(spec, cases):
    assert noticed({**MAIN, **HTTP}, **spec) == ([Notice("one-port-twice", cases)] if cases else [])


NOT_MOUNTED = [Notice("model-not-mounted", ("/models",))]
HELD = [
    "/models",
    "/models/",
    "/models/qwen",
    "--model=/models/qwen",
    "serve '/models' --port 1",
    "a:/models:b",
    "[/models]",
    "ls /models;",
    '{"model":"/models/x"}',
    "X=1\n/models\n",
    "@/models",
    "/models2 /models/x",
]
NOT_HELD = ["models", "/models2", "/models-old", "/models.bak", "/data/models", "$(ROOT)/models", "${HOME}/models", "s3://bucket/models", "", "./models"]  # fmt: skip


@pytest.mark.parametrize("place", ["command", "args", "env"])
def test_where_the_model_path_is_held_something_must_be_mounted(place):
    def holding(text):
        return {**MAIN, place: [{"name": "A", "value": text}] if place == "env" else ["x", text]}

    assert [text for text in HELD if noticed(holding(text)) != NOT_MOUNTED] == []
    assert [text for text in NOT_HELD if noticed(holding(text))] == []


@pytest.mark.parametrize(
    ("mounts", "covered"),
    [
        (["/models"], True),
        (["/models/"], True),
        (["/"], True),
        (["/model", "/models/qwen", "/modelss", "models"], False),
        ([], False),
    ],
)
@pytest.mark.parametrize("model_path", ["/models", "/models/"])
def test_a_mount_at_or_above_the_model_path_is_enough(mounts, covered, model_path):
    container = {**MAIN, "args": ["/models/x"], "volumeMounts": [{"name": "v", "mountPath": path} for path in mounts]}

    assert noticed(container, model_path) == ([] if covered else [Notice("model-not-mounted", (model_path,))])


def test_a_mount_above_a_deep_model_path_is_enough():
    container = {**MAIN, "args": ["/a/b/c"], "volumeMounts": [{"name": "v", "mountPath": "/a"}]}

    assert noticed(container, "/a/b") == []


def test_a_model_path_with_a_separator_in_it_is_found_at_the_beginning_of_a_text():
    assert noticed({**MAIN, "args": ["/a b/c"]}, "/a b") == [Notice("model-not-mounted", ("/a b",))]
    assert noticed({**MAIN, "args": ["/a b2"]}, "/a b") == []


def test_the_root_needs_no_mount_and_odd_values_no_notice():
    assert noticed({**MAIN, "args": ["/", "/x"]}, "/") == []
    assert noticed({**MAIN, "env": [{"name": "A", "value": None}, {"name": "B", "valueFrom": {}}]}) == []
