"""``python -m bench.soak``: half an hour of everything at once, to see whether an admission fails and whether a server grows.

Two replicas behind a Service and a real API server. Meanwhile certificates of short lifetimes are renewed and the CA is rotated, the
configuration is edited, and one replica is replaced again and again as in a roll-out. The other one lives from the beginning to the end;
its memory, descriptors and threads are what is measured.
"""

import argparse
import itertools
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import mixture, results, trends
from bench.results import Results, Series
from certs import policy
from tests.controlplane import binaries
from tests.controlplane.installation import SECRET, Installation, config_map
from tests.controlplane.load import Load, Traffic
from tests.controlplane.plane import ControlPlane
from tests.controlplane.replica import Replica
from tests.controlplane.service import Service
from webhook import catalog

#: Seconds between two of each.
SAMPLE, LOOK, RELOAD, RESTART = 5, 10, 20, 60

#: So that a leaf is renewed every 40 seconds, and the CA is rotated every few minutes.
LIFETIMES = {
    "HYDRA_WEBHOOK_LEAF_LIFETIME_HOURS": str(60 / 3600),
    "HYDRA_WEBHOOK_CA_LIFETIME_HOURS": str(180 / 3600),
}

#: Admissions per second: on connections of their own, on kept ones, and of pods created through the API server in a dry run.
RATES = {"on new connections": 20, "on kept connections": 100, "through the API server": 10}

#: The share of the time during which caches fill up, which says nothing about growth.
WARM_UP = 0.25

POINTS = 60  # of a curve that is saved; each has the samples of its stretch of time

CREATED = "pods through the API server"


@dataclass
class Growing:
    """What a process takes, sampled over time.

    Attributes:
        times: minutes since the start.
        samples: by what is measured and its unit, a value for each of the times.
    """

    replica: Replica
    began: float = field(default_factory=time.monotonic)
    times: list[float] = field(default_factory=list)
    samples: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def sample(self) -> None:
        process = Path(f"/proc/{self.replica.process.pid}")
        pages = int((process / "statm").read_text().split()[1])
        remembered = self.replica.metric("hydra_webhook_remembered_verdicts_bytes")
        self.times.append((time.monotonic() - self.began) / 60)
        for what, value in {
            ("resident memory", "MiB"): pages * os.sysconf("SC_PAGESIZE") / 2**20,
            ("remembered verdicts", "MiB"): remembered / 2**20,
            ("open descriptors", "count"): sum(1 for _ in (process / "fd").iterdir()),
            ("threads", "count"): sum(1 for _ in (process / "task").iterdir()),
        }.items():
            self.samples.setdefault(what, []).append(value)

    def series(self) -> list[Series]:
        """Return the curves, and how much each grows for an hour after the warm-up."""
        found = []
        warm = sum(minute < WARM_UP * self.times[-1] for minute in self.times)
        step = max(1, len(self.times) // POINTS)
        for (name, unit), values in self.samples.items():
            for begin in range(0, len(values) - step + 1, step):
                several = [round(value, 2) for value in values[begin : begin + step]]
                minute = round(statistics.fmean(self.times[begin : begin + step]), 2)
                found.append(Series(name, f"{unit} over time", "neither", several, x=minute))
            growth = trends.growth(self.times[warm:], values[warm:])
            found += (
                Series(name, f"{unit} after the warm-up", "neither", values[warm : warm + 1]),
                Series(name, f"{unit} at the end", "neither", values[-1:]),
                Series(name, f"{unit} more each hour", "neither", [growth.slope * 60]),
                Series(name, f"{unit} more each hour, margin", "neither", [growth.margin * 60]),
            )
        return found


class Soak:
    """Two replicas, everything that changes around them, and how often it did.

    Attributes:
        kept: the replica that lives from the beginning to the end.
        counts: how often each thing has happened.
    """

    def __init__(self, hydra: Installation) -> None:
        self._hydra = hydra
        documents = {document.config_kind: str(document.content) for document in catalog.embedded()}
        self._agents = itertools.cycle(
            (documents["agent"], documents["agent"].replace("repository: ", "repository: another/"))
        )
        hydra.configure(templates=documents["templates"], agent=next(self._agents))
        self.kept, self._other = hydra.run(2, **LIFETIMES)
        self.counts = dict.fromkeys(("edits of the configuration", "replicas replaced"), 0)
        self._authorities: set[str] = set()

    def reload(self) -> None:
        self._hydra.plane.put(config_map("hydra-agent", next(self._agents)))
        self.counts["edits of the configuration"] += 1

    def restart(self) -> None:
        self._other = self._hydra.replace(self._other, **LIFETIMES)
        self.counts["replicas replaced"] += 1

    def look(self) -> None:
        """Note the CA that signs."""
        self._authorities.add(self._hydra.plane.request("GET", SECRET)["data"][policy.SIGNER[0]])

    def end(self) -> None:
        """Count what was seen, and what the replica counted that lived throughout."""
        self.counts["rotations of the CA"] = len(self._authorities) - 1
        leaves = self.kept.metric("hydra_webhook_certificate_events_total", reason="leaf")
        self.counts["serving certificates of one replica"] = int(leaves)


def run(hydra: Installation, seconds: float) -> tuple[list[Series], str]:
    """Return everything that was measured, and what failed; empty if nothing did."""
    soak, mixed = Soak(hydra), mixture.Mixture()
    questions = mixed.questions()
    growing = Growing(soak.kept)
    with Traffic(hydra) as traffic:
        created = traffic.through_the_api_server(RATES["through the API server"])
        loads = [
            traffic.on_new_connections(RATES["on new connections"], questions=questions),
            traffic.on_kept_connections(RATES["on kept connections"], senders=8, questions=questions),
            created,
        ]
        due = dict.fromkeys((SAMPLE, LOOK, RELOAD, RESTART), growing.began)
        work = {SAMPLE: growing.sample, LOOK: soak.look, RELOAD: soak.reload, RESTART: soak.restart}
        while time.monotonic() < growing.began + seconds:
            for every, do in work.items():
                if time.monotonic() >= due[every]:
                    due[every] = time.monotonic() + every
                    do()
            if sys.stdout.isatty():
                progress(growing, loads)
            time.sleep(0.2)
        for load in loads:
            load.go_on(20)
        growing.sample()
        soak.end()
    counted = {kind: (mixed.sent[kind], mixed.failed[kind]) for kind in mixture.SHARES}
    counted[CREATED] = created.done, sum(created.wrong.values())
    series = [Series(name, "count", "neither", [count]) for name, count in soak.counts.items()]
    for kind, (sent, failed) in counted.items():
        series.append(Series(kind, "requests count", "neither", [sent]))
        series.append(Series(kind, "requests failed", "lower", [failed]))
    # A connection that broke has no answer to judge, so it is only in the loads' own counts.
    broken = sum(sum(load.wrong.values()) for load in loads) - sum(failed for _, failed in counted.values())
    series.append(Series("connections that broke", "requests failed", "lower", [broken]))
    return series + growing.series(), "\n".join(load.failed for load in loads if load.failed)


def progress(growing: Growing, loads: list[Load]) -> None:
    done, failed = sum(load.done for load in loads), sum(sum(load.wrong.values()) for load in loads)
    minute = growing.times[-1] if growing.times else 0.0
    resident = growing.samples["resident memory", "MiB"][-1]
    print(f"\rminute {minute:5.1f}: {done:,} requests, {failed} failed, {resident:.1f} MiB ", end="", flush=True)


def table(series: list[Series]) -> Table:
    shown = Table(title="everything but the curves", title_justify="left")
    for column in ("what", "measure", "value"):
        shown.add_column(column, justify="right" if column == "value" else "left")
    for one in series:
        if one.x is None:
            shown.add_row(one.name, one.measure, f"{one.values[0]:,.5g}")
    return shown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1800)
    results.add_options(parser)
    arguments = parser.parse_args()
    if missing := ", ".join(binaries.missing()):
        raise SystemExit(f"missing: {missing}. This command builds it (15 minutes, once):  make controlplane")
    with ControlPlane() as plane, Service() as service, Installation(plane, service) as hydra:
        hydra.install()
        series, failed = run(hydra, arguments.seconds)
        version = plane.request("GET", "/version")["gitVersion"].removeprefix("v")
    print()
    Console(width=120).print(table(series))
    if failed:
        print(failed)
    method = {
        "seconds": arguments.seconds,
        **{f"requests/s {how}": rate for how, rate in RATES.items()},
        "seconds between edits": RELOAD,
        "seconds between replacements": RESTART,
    }
    machine = results.machine(Kubernetes=version)
    worse = results.finish(arguments, Results("soak", method, series, machine, results.today()))
    return 1 if failed or worse else 0


if __name__ == "__main__":
    sys.exit(main())
