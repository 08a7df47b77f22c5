"""A short form of the soak: everything at once for a while, and nothing fails."""

import pytest

from bench import mixture, soak


@pytest.mark.thorough
def test_nothing_fails_while_everything_changes_at_once(hydra):
    series, failed = soak.run(hydra, 30)

    values = {(one.name, one.measure): one.values[0] for one in series if one.x is None}
    assert failed == ""
    assert {values[kind, "requests failed"] for kind in [*mixture.SHARES, soak.CREATED, "connections that broke"]} == {
        0
    }
    assert min(values[kind, "requests count"] for kind in [*mixture.SHARES, soak.CREATED]) > 0
    assert values["replicas replaced", "count"] >= 1
    assert values["edits of the configuration", "count"] >= 2
    assert len([one for one in series if (one.name, one.measure) == ("threads", "count over time")]) >= 3
