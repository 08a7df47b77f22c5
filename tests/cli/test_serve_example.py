"""`make serve`: once it serves, it prints a command that works in any shell and folder; Ctrl-C ends it at once."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FREE_PORTS = {"HYDRA_WEBHOOK_PORT": "0", "HYDRA_WEBHOOK_HEALTH_PORT": "0"}
LONG_DRAIN = {"HYDRA_WEBHOOK_DRAIN_SECONDS": "3600"}


@contextlib.contextmanager
def served():
    """Run `make serve` with free ports; yield the process and the line to paste."""
    programs = Path(sys.executable).parent
    command = ["make", "serve", f"BIN={programs}", "READY="]  # the environment of the tests instead of another one
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environ = {**os.environ, **FREE_PORTS, **LONG_DRAIN}
    with subprocess.Popen(command, cwd=ROOT, env=environ, text=True, start_new_session=True, **pipes) as process:
        try:
            yield process, next(line for line in process.stdout if line.startswith("curl "))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.slow
def test_the_printed_line_shows_the_patch_and_ctrl_c_ends_the_server_without_a_drain(tmp_path):
    with served() as (process, line):
        done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
        os.killpg(process.pid, signal.SIGINT)
        log = process.stderr.read()  # an hour of draining would not fit into any test
        process.wait()

    assert (done.returncode, done.stderr) == (0, "")
    patch = json.loads(done.stdout)
    assert "/spec/containers/0/image" in {operation["path"] for operation in patch}
    events = [json.loads(text)["event"] for text in log.splitlines() if text.startswith("{")]
    assert events[-3:] == ["admission", "draining", "stopped"]


def test_an_example_needs_a_ca_file(run):
    review = ROOT / "tests" / "reviews" / "pod-kubectl-create.json"

    result = run("serve", "--example", review)

    assert result.status == 2
    assert "--example needs --ca-file: the command has to trust the server" in " ".join(result.err.split())
