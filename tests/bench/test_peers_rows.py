"""What `python -m bench.peers` makes of its measurements."""

import pytest

from bench import results
from bench.peers import __main__ as peers
from bench.peers import programs

RATE = 100.0


@pytest.fixture
def found():
    """Return the series of two rounds in which each row is one request per second slower than the one before it."""
    rows = {}
    for number, name in enumerate(peers.ROWS):
        row = rows[name] = peers.Row(None, 0, [])
        row.per_second = [RATE - number, 2 * (RATE - number)]
        row.cpu_microseconds, row.client_share = [10.0 + number] * 2, [0.1] * 2
        row.resident_mib = [50.0, 60.0 + number]
    return peers.series(rows, {name: [0.5, 0.4] for name in programs.PROGRAMS})


def test_every_row_belongs_to_a_program_and_is_held_against_ours_with_the_same_requests():
    assert {peers.program_of(row) for row in peers.ROWS} == set(programs.PROGRAMS)
    assert peers.ours_for("kopf") == peers.ours_for("constant") == "ours"
    assert peers.ours_for("Go webhook, 80 MiB, pods of one controller") == "ours, pods of one controller"


def test_ratios_are_by_pair_and_between_rows_with_the_same_requests(found):
    ratios = {(one.name, one.against) for one in found if one.against and one.measure == "requests/s"}

    assert {(name, against) for name, against in ratios if against != "constant"} == {
        (f"ours{requests}", f"{peer}{requests}")
        for peer in ("Go webhook", "Go webhook, 80 MiB", "kopf")
        for requests in ("", ", pods of one controller")
    }
    go = next(one for one in found if (one.name, one.against, one.measure) == ("ours", "Go webhook", "requests/s"))
    assert go.values == [98 / 96, 98 / 96]


def test_the_results_can_be_saved(found, tmp_path):
    run = results.Results("peers", {"rounds": 2}, found, results.machine(), results.today())

    results.save(tmp_path / "peers.json", run)

    assert results.load(tmp_path / "peers.json") == run
    assert results.find(run, "ours", "resident MiB after the load").values == [62.0]
    assert results.find(run, "kopf", "start to first answer s").values == [0.5, 0.4]
