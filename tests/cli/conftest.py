"""Runs the command line in this process."""

import contextlib
import sys
from dataclasses import dataclass

import pytest

from webhook import cli
from webhook.cli import clusters


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """A function that runs ``hydra-webhook`` with these arguments and this standard input."""

    def run(*arguments: object, stdin: str = "") -> Result:
        if stdin:
            file = tmp_path / "stdin"
            file.write_text(stdin, encoding="utf-8")
            monkeypatch.setattr(sys, "stdin", file.open(encoding="utf-8"))
        monkeypatch.setattr(sys, "argv", ["hydra-webhook", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        if stdin:
            sys.stdin.close()
        return Result(int(ended.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def open_clusters(monkeypatch):
    """Let commands find these clusters by the names of their contexts."""

    def open_clusters(*found):
        @contextlib.asynccontextmanager
        async def reader(_kubeconfig, context="", _namespace="", **_options):
            yield next(one for one in found if context in ("", one.context))

        monkeypatch.setattr(clusters, "reader", reader)

    return open_clusters
