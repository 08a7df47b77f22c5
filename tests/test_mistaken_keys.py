"""Which keys under hydra.io/ were probably meant for the webhook, though they say nothing (contract section 3)."""

import pytest

from webhook import errors, workload
from webhook.workload import mistaken_keys

REQUIRED = {"hydra.io/runtime": "engine", "hydra.io/model-id": "qwen"}


def noticed(labels=None, annotations=None, more_known=()):
    pod_template = workload.PodTemplate((), {}, REQUIRED | (labels or {}), annotations or {})
    return {notice.code: list(notice.cases) for notice in mistaken_keys.notices(pod_template, more_known)}


MISSPELT = {
    "hydra.io/modelid": "hydra.io/model-id",
    "hydra.io/model_id": "hydra.io/model-id",
    "hydra.io/modle-id": "hydra.io/model-id",
    "hydra.io/Model-ID": "hydra.io/model-id",
    "hydra.io/runtmie": "hydra.io/runtime",
    "hydra.io/gputype": "hydra.io/gpu-type",
    "hydra.io/gpu-types": "hydra.io/gpu-type",
    "hydra.io/tensor-paralel-size": "hydra.io/tensor-parallel-size",
    "hydra.io/tensor-parallel": "hydra.io/tensor-parallel-size",
    "hydra.io/tensorParallelSize": "hydra.io/tensor-parallel-size",
    "hydra.io/contianer": "hydra.io/container",
    "hydra.io/injekt": "hydra.io/inject",
}


@pytest.mark.parametrize(("key", "near"), MISSPELT.items())
def test_a_misspelt_key_is_noticed_as_label_and_as_annotation(key, near):
    assert noticed({key: "x"}) == noticed({}, {key: "x"}) == {"unknown-key": [(key, near)]}


@pytest.mark.parametrize(
    "key",
    [
        "hydra.io/team", "hydra.io/model", "hydra.io/model-version", "hydra.io/model-format", "hydra.io/model-dir",
        "hydra.io/dataset-id", "hydra.io/gpu-memory", "hydra.io/size", "hydra.io/", f"hydra.io/{'model-id' * 100}",
        "example.com/model-idx", "model-idx", "hydra.io.example.com/modelid",
    ],
)  # fmt: skip
def test_other_keys_are_silent(key):
    assert noticed({key: "x"}, {key: "x"}) == {}


def test_more_keys_may_be_known_and_are_suggested_too():
    assert noticed({"hydra.io/modelid": "x"}, more_known=("hydra.io/modelid",)) == {}
    assert noticed({"hydra.io/cost-centre": "x"}, more_known=("hydra.io/cost-center",)) == {
        "unknown-key": [("hydra.io/cost-centre", "hydra.io/cost-center")]
    }


def test_the_comparisons_are_bounded_however_many_keys_there_are(monkeypatch):
    compared = []
    nearest = errors.nearest
    monkeypatch.setattr(errors, "nearest", lambda name, *rest: compared.append(name) or nearest(name, *rest))

    many = {f"hydra.io/modelid{number}": "x" for number in range(5_000)}

    assert len(noticed(many, many)["unknown-key"]) == 10
    assert len(compared) == 20


WRONG_KIND = [
    ({"hydra.io/gpu-type": "h100"}, {}, {"annotation-as-label": ["hydra.io/gpu-type"]}),
    ({"hydra.io/gpu-type": "h100"}, {"hydra.io/gpu-type": "cpu"}, {"annotation-as-label": ["hydra.io/gpu-type"]}),
    ({"hydra.io/gpu-type": "h100"}, {"hydra.io/gpu-type": "h100"}, {}),
    ({}, {"hydra.io/inject": "false"}, {"label-as-annotation": ["hydra.io/inject"]}),
    ({}, {"hydra.io/model-id": "other"}, {"label-as-annotation": ["hydra.io/model-id"]}),
    ({}, {"hydra.io/model-id": "qwen"}, {}),
    ({"hydra.io/model-port": "80", "hydra.io/dataset": "d"}, {}, {"annotation-as-label": ["hydra.io/dataset", "hydra.io/model-port"]}),
]  # fmt: skip


@pytest.mark.parametrize(("labels", "annotations", "found"), WRONG_KIND)
def test_a_key_of_the_wrong_kind_is_noticed_unless_the_right_one_says_the_same(labels, annotations, found):
    assert noticed(labels, annotations) == found


INSTEAD = [
    ({}, {"hydra.io/model-id": "qwen"}, "it is an annotation here; make it a label"),
    ({"hydra.io/modelid": "qwen"}, {}, "there is label hydra.io/modelid; rename it"),
    ({}, {"hydra.io/modelid": "qwen"}, "there is annotation hydra.io/modelid; rename it and make it a label"),
    ({"hydra.io/gputype": "x"}, {"hydra.io/team": "x"}, ""),
]


@pytest.mark.parametrize(("labels", "annotations", "instead"), INSTEAD)
def test_a_missing_label_is_looked_for_under_similar_keys(labels, annotations, instead):
    assert mistaken_keys.instead_of("hydra.io/model-id", labels, annotations) == instead
