"""Five hundred LeaderWorkerSets through an edit of the configuration, a restart of the webhook, and a re-apply of all bare files."""

import copy
import json
import time
from pathlib import Path

import pytest

from tests.controlplane.fleets import GROUP, IMAGES, ROLLS, Fleet, configure
from tests.controlplane.installation import Installation
from tests.controlplane.lws_objects import revision
from tests.controlplane.objects import Object

CHANGED = 7


def memory(hydra: Installation) -> tuple[int, int]:
    """Return the memory of the only replica in MiB: now, and at most since it started."""
    (replica,) = hydra.replicas
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{replica.process.pid}/status").read_text().splitlines())
    now, most = (int(lines[key].split()[0]) // 1024 for key in ("VmRSS", "VmHWM"))
    return now, most


class Fleets:
    """Bare files in one namespace, without replicas: what counts is what is stored, and pods would only take time."""

    def __init__(self, hydra: Installation, namespace: str, count: int) -> None:
        self.hydra, self.namespace = hydra, namespace
        self.files: list[Object] = []
        for number in range(count):
            file = copy.deepcopy(Fleet(hydra, f"fleet-{number:03}", namespace).file)
            file["spec"]["replicas"] = 0
            self.files.append(file)

    def apply(self) -> tuple[str, float]:
        """Apply all files as they are; return the warnings, and the seconds that it took."""
        began = time.monotonic()
        files = json.dumps({"apiVersion": "v1", "kind": "List", "items": self.files})
        done = self.hydra.plane.kubectl("apply", "-f", "-", stdin=files)
        return done.stderr, time.monotonic() - began

    def stored(self) -> dict[str, tuple[int, str]]:
        """Return generation and template-revision-hash of each by name."""
        path = f"/apis/{GROUP}/namespaces/{self.namespace}/leaderworkersets"
        return {
            item["metadata"]["name"]: (item["metadata"]["generation"], revision(item))
            for item in self.hydra.plane.request("GET", path)["items"]
        }


@pytest.mark.parametrize(
    "count",
    [pytest.param(25, id="a few", marks=pytest.mark.thorough), pytest.param(500, id="all", marks=pytest.mark.long)],
)
def test_no_generation_changes_but_those_of_the_changed_files(hydra: Installation, queued: None, count: int):
    configure(hydra, IMAGES[0])
    hydra.run()
    with hydra.plane.fresh_namespace() as namespace:
        fleets = Fleets(hydra, namespace, count)
        _, creating = fleets.apply()
        before = fleets.stored()
        assert len(before) == count
        used = memory(hydra)
        configure(hydra, IMAGES[1])
        hydra.until_cached()
        hydra.stop_all()
        hydra.run()

        warnings, applying = fleets.apply()
        assert ROLLS not in warnings
        assert fleets.stored() == before

        for file in fleets.files[:CHANGED]:
            file["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]["args"] = ["--b"]
        warnings, changing = fleets.apply()
        after = fleets.stored()
        changed = {file["metadata"]["name"] for file in fleets.files[:CHANGED]}
        assert {name for name in before if after[name] != before[name]} == changed
        assert all(after[name][0] == before[name][0] + 1 for name in changed)
        print(  # noqa: T201 - the figures are what the long form is run for
            f"\n{count} LeaderWorkerSets: created in {creating:.1f} s, re-applied in {applying:.1f} s, with {CHANGED} changed in "
            f"{changing:.1f} s; memory of the webhook (now, most): {used} MiB after creation, {memory(hydra)} MiB after a restart "
            "and both re-applies"
        )
