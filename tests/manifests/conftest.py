"""These tests need kubectl and helm, or two versions of kustomize, and are left out, loudly, where those are missing."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE) and not item.get_closest_marker("kustomize"):
            item.add_marker(pytest.mark.cluster)
