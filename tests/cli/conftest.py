"""Runs the command line in this process."""

import sys
from dataclasses import dataclass

import pytest

from webhook import cli


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
