"""``restore``: rendered objects back to their bare form. ``test_render`` restores every example."""

import json


def bare(annotations=None):
    metadata = {"name": "a", **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}


def test_an_object_without_a_record_is_printed_unchanged(run):
    result = run("restore", "-f", "-", "-o", "json", stdin=json.dumps(bare()))

    assert result.status == 0
    assert result.err.count("\n") == 1
    assert "Pod default/a: it is left as it is: it has no record (annotation hydra.io/rendered)" in result.err
    assert json.loads(result.out) == bare()


def test_a_record_that_cannot_be_read_is_an_error(run):
    result = run("restore", "-f", "-", stdin=json.dumps(bare({"hydra.io/rendered": "{}"})))

    assert (result.status, result.out) == (1, "")
    assert "hydra.io/rendered" in result.err


def test_a_forged_record_makes_no_other_object_of_a_pod(run):
    record = {
        "version": 1, "runtime": "r", "model": "m", "container": "c", "revision": "", "inputs": "", "rendered": "",
        "replaced": {"/kind": "ClusterRoleBinding", "/apiVersion": "rbac.authorization.k8s.io/v1", "/subjects": []},
    }  # fmt: skip

    result = run("restore", "-f", "-", stdin=json.dumps(bare({"hydra.io/rendered": json.dumps(record)})))

    assert (result.status, result.out) == (1, "")
    assert 'names path "/kind"; rendering changes nothing outside /spec' in result.err


def test_what_cannot_be_restored_is_not_advised_to_be_restored(run):
    result = run("restore", "-f", "-", stdin=json.dumps(bare({"hydra.io/rendered": "{"})))

    assert result.err.endswith("; apply the original file [invalid-record]\n")
    assert "restore -f" not in result.err
