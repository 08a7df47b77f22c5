"""``restore``: rendered objects back to their bare form. ``test_render`` restores every example."""

import json


def bare(annotations=None):
    metadata = {"name": "a", **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}


def test_an_object_without_a_record_is_printed_unchanged(run):
    result = run("restore", "-f", "-", "-o", "json", stdin=json.dumps(bare()))

    assert (result.status, result.err) == (0, "")
    assert json.loads(result.out) == bare()


def test_a_record_that_cannot_be_read_is_an_error(run):
    result = run("restore", "-f", "-", stdin=json.dumps(bare({"hydra.io/rendered": "{}"})))

    assert (result.status, result.out) == (1, "")
    assert "hydra.io/rendered" in result.err
