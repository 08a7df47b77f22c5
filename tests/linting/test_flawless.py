"""Configurations as they should be, for engines of all sorts: lint has nothing to say about them but remarks."""

from pathlib import Path

import pytest

from webhook import catalog, linting

FILES = sorted((Path(__file__).parent / "flawless").glob("*/*.yaml"))
#: What a file without any finding shows that it is about.
KINDS = {"templates": 30, "agent": 7, "gpu-configs": 2}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_lint_has_only_remarks(path):
    found = linting.lint([catalog.Document(path.parent.name, path.name, path.read_bytes())])

    assert [str(one) for one in found if one.severity != "info"] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_everything_in_it_is_in_use(path):
    document = catalog.Document(path.parent.name, path.name, path.read_bytes())

    snapshot = catalog.build([document], None)

    assert not snapshot.problems or all(one.severity == "info" for one in snapshot.problems)
    assert snapshot.runtime_templates or snapshot.agent_entries or snapshot.gpu_types


def test_there_are_many_of_each_kind():
    assert len(FILES) >= 40
    for kind, number in KINDS.items():
        assert sum(path.parent.name == kind for path in FILES) >= number
