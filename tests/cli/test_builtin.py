"""``builtin`` and ``version``: what the program brings along."""

import json
import platform

import pytest

import webhook
from webhook import catalog


@pytest.mark.parametrize("kind", ["templates", "agent", "gpu-configs"])
def test_a_built_in_configuration_is_read_back_as_the_same(run, tmp_path, kind):
    printed = run("builtin", kind)
    document = catalog.Document(kind, "printed.yaml", printed.out)
    again = catalog.build([*catalog.embedded(except_for={kind}), document], None)

    assert (printed.status, printed.err) == (0, "")
    assert again.problems == ()
    own = catalog.build(catalog.embedded(), None)
    assert catalog.history.digest("templates", again) == catalog.history.digest("templates", own)
    assert catalog.history.digest("agent", again) == catalog.history.digest("agent", own)
    assert again.gpu_types == own.gpu_types


def test_the_examples_are_objects_that_can_be_rendered(run):
    printed = run("builtin", "examples")
    rendered = run("render", "-f", "-", stdin=printed.out)

    assert [one["kind"] for one in catalog.load_all(printed.out)] == [
        "LeaderWorkerSet",
        "LeaderWorkerSet",
        "Service",
        "Pod",
    ]
    assert rendered.status == 0
    assert rendered.out.count("hydra.io/rendered") >= 2


def test_another_part_is_refused_with_those_that_there_are(run):
    result = run("builtin", "template")

    assert result.status == 2
    assert "templates" in result.err


def test_the_version_is_a_line_or_json(run):
    text, data = run("version"), run("version", "-o", "json")

    assert (text.status, text.out) == (0, f"{webhook.__version__}\n") == (0, run("--version").out)
    assert json.loads(data.out)["version"] == webhook.__version__
    assert json.loads(data.out)["python"] == platform.python_version()
