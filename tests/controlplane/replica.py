"""One replica of the webhook, as a process on loopback."""

import contextlib
import http.client
import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.controlplane.logs import Log
from tests.controlplane.objects import Object
from tests.controlplane.processes import HANGING_SECONDS, NO_ANSWER, Processes

ROOT = Path(__file__).parents[2]
_ANY_PORT = {"HYDRA_WEBHOOK_HOST": "127.0.0.1", "HYDRA_WEBHOOK_PORT": "0", "HYDRA_WEBHOOK_HEALTH_PORT": "0"}


class Replica:
    """One process of the webhook, which chooses its own ports.

    Args:
        processes: start it and end it.
        name: of the process and its log; an earlier process of that name must have ended.
        environ: the container's variables, and those that the test adds.
    """

    def __init__(self, processes: Processes, name: str, environ: Mapping[str, str]) -> None:
        self.name = name
        self._processes = processes
        processes.log(name).unlink(missing_ok=True)
        self._log = Log(processes.log(name))
        self._ports: dict[str, int] = {}
        command = [sys.executable, "-W", "error", "-m", "webhook", "serve"]
        self.process = processes.spawn(name, command, {"PYTHONPATH": str(ROOT), **_ANY_PORT, **environ})

    @property
    def lines(self) -> list[Object]:
        """Everything it has logged."""
        return [json.loads(line) for line in self._log.lines if line.startswith("{")]

    @property
    def output(self) -> str:
        """Everything it has written to its log, JSON or not."""
        return self._log.text

    def events(self, name: str) -> list[Object]:
        return [line for line in self.lines if line["event"] == name]

    @property
    def port(self) -> int:
        """TCP port of /mutate; 0 while it is not served."""
        return self._announced("port", "serving")

    @property
    def health_port(self) -> int:
        """TCP port of /readyz and /metrics; 0 before that is served."""
        return self._announced("health_port", "waiting for a certificate", "serving")

    def _announced(self, name: str, *events: str) -> int:
        """Return a port from the first of these events. It is remembered, since parsing a long log takes a while."""
        if not self._ports.get(name):
            self._ports[name] = next((line[name] for event in events for line in self.events(event)), 0)
        return self._ports[name]

    def health(self, path: str) -> tuple[int, str]:
        """Return HTTP status and body of /livez, /readyz or /metrics; status 0 if there is no complete answer."""
        return get(self.health_port, path)

    @property
    def ready(self) -> bool:
        return self.health("/readyz")[0] == 200

    def metric(self, name: str, **labels: str) -> float:
        """Return the value of a metric, added up over all series that have these labels; 0 if there is none.

        Raises:
            ConnectionError: The replica did not answer.
        """
        status, exposed = self.health("/metrics")
        if status != 200:
            raise ConnectionError(f"{self.name}: no answer to /metrics")
        total = 0.0
        for line in exposed.splitlines():
            series, _, value = line.rpartition(" ")
            wanted = all(f'{label}="{text}"' in series for label, text in labels.items())
            if series.partition("{")[0] == name and wanted:
                total += float(value)
        return total

    def until_listening(self) -> Self:
        """Wait until it answers on its health port.

        Raises:
            StartError: It ended, or does not listen in time.
        """
        self._processes.until(self.name, lambda: self.health_port)
        return self

    def until_ready(self) -> Self:
        """Wait until it is ready.

        Raises:
            StartError: It ended, or does not become ready in time.
        """
        self._processes.until(self.name, lambda: self.ready)
        return self

    def stop(self) -> int:
        """End it without waiting for the drain; return its exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):  # the second signal ends the drain
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)
        status = self.process.wait(HANGING_SECONDS)
        # The webhook logs JSON: any other line came from Python itself, such as a warning at the end.
        assert all(line.startswith("{") for line in self.output.splitlines()), self.output
        return status


def get(port: int, path: str) -> tuple[int, str]:
    """Return HTTP status and body of a page on loopback; status 0 if there is no complete answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANGING_SECONDS)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except NO_ANSWER:
            return 0, ""
