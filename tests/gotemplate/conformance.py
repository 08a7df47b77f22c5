"""Hold the engine against a real Go: `python -m tests.gotemplate.conformance --cases N --seed S --go PATH`.

Builds the oracle, asks it and the engine the same random cases, and prints how far they agree and the smallest
template of each kind of difference. Exit status 1 if a verdict, an output or an error text differs.
With `--golden` it writes Go's answers into the golden files instead; to add a case, add a line with its template and
data and run that.
"""

# ruff: noqa: T201 - a command prints

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.gotemplate import generators
from webhook import gotemplate

ORACLE = Path(__file__).parent / "oracle"
GOLDEN = Path(__file__).parent / "golden"
BATCH = 5_000
_TOO_DEEP = "exceeded maximum template depth"
"""The one error that names a number of its own: Go's bound is 100,000 calls, ours is in `Limits`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a template came to: "ok", "parse" or "exec", with the output or the error's text."""

    verdict: str
    output: str
    error: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A case on which the two disagree."""

    kind: str
    case: dict[str, Any]
    go: Answer
    ours: Answer


def build_oracle(go: str, directory: Path) -> Path:
    """Compile the oracle with the Go command given; return the program."""
    program = directory / "oracle"
    subprocess.run([go, "build", "-o", str(program), "."], cwd=ORACLE, check=True)
    return program


def replies(program: Path, cases: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the oracle's replies to some cases."""
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([str(program)], input=lines, capture_output=True, text=True, check=True, encoding="utf-8")
    for line in done.stdout.split("\n"):
        if line:
            yield json.loads(line)


def ask_go(program: Path, cases: Iterable[dict[str, Any]]) -> Iterator[Answer]:
    """Yield Go's answers to some cases."""
    for reply in replies(program, cases):
        yield Answer(reply["verdict"], reply["output"], reply.get("error", ""))


def golden_cases(path: Path) -> list[dict[str, Any]]:
    """Return the cases of a golden file, with Go's replies."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write_golden(program: Path) -> None:
    """Ask Go again for every case of the golden files."""
    for path in sorted(GOLDEN.glob("*.jsonl")):
        cases = [{key: case[key] for key in ("name", "template", "data") if key in case} for case in golden_cases(path)]
        answered = [case | reply for case, reply in zip(cases, replies(program, cases), strict=True)]
        path.write_text("".join(json.dumps(case) + "\n" for case in answered), "utf-8")
        print(f"{path.name}: {len(answered)} cases")


def ask_engine(case: dict[str, Any]) -> Answer:
    """Return the engine's answer to a case. Errors are written as Go's encoding/json writes them."""
    try:
        compiled = gotemplate.Template(case["template"], case.get("name", "t"))
    except gotemplate.ParseError as error:
        return Answer("parse", "", _clean(str(error)))
    try:
        return Answer("ok", compiled.render(case["data"]), "")
    except gotemplate.ExecError as error:
        return Answer("exec", "", _clean(str(error)))


def _clean(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def difference(go: Answer, ours: Answer) -> str | None:
    """Return in what the two answers differ, or None."""
    if go.verdict != ours.verdict:
        return f"verdict {go.verdict}/{ours.verdict}"
    if go.output != ours.output:
        return "output"
    if go.error == ours.error or (_TOO_DEEP in go.error and _TOO_DEEP in ours.error):
        return None
    return f"error text ({go.verdict})"


def random_cases(kind: str, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield random cases of one kind."""
    source = random.Random(f"{kind} {seed}")
    for _ in range(count):
        yield {"template": generators.KINDS[kind](source), "data": generators.data(source, kind)}


def compare(program: Path, cases: Iterable[dict[str, Any]], verdicts: Counter[str]) -> Iterator[Difference]:
    """Yield the cases on which Go and the engine differ; count Go's verdicts."""
    batch = list(cases)
    for case, go in zip(batch, ask_go(program, batch), strict=True):
        verdicts[go.verdict] += 1
        ours = ask_engine(case)
        kind = difference(go, ours)
        if kind:
            yield Difference(kind, case, go, ours)


def shrink(program: Path, found: Difference, rounds: int = 40) -> Difference:
    """Return the same kind of difference with a smaller template."""
    for _ in range(rounds):
        text = found.case["template"]
        smaller = {text[:at] + text[at + size :] for size in (1, 2, 4, 8, 16, 32) for at in range(0, len(text), size)}
        cases = [{**found.case, "template": each} for each in sorted(smaller, key=len) if len(each) < len(text)]
        better = [each for each in compare(program, cases, Counter()) if each.kind == found.kind]
        if not better:
            return found
        found = min(better, key=lambda each: len(each.case["template"]))
    return found


def report(program: Path, kind: str, count: int, seed: int, shown: int) -> bool:
    """Compare and print; return whether all agreed."""
    verdicts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    smallest: dict[str, list[Difference]] = {}
    cases = random_cases(kind, count, seed)
    for start in range(0, count, BATCH):
        batch = [next(cases) for _ in range(min(BATCH, count - start))]
        for found in compare(program, batch, verdicts):
            kinds[found.kind] += 1
            smallest.setdefault(found.kind, []).append(found)
    agreed = count - sum(kinds.values())
    print(
        f"{kind}: {agreed} of {count} agree ({100 * agreed / count:.3f} %), Go's verdicts {dict(verdicts)}, {dict(kinds)}"
    )
    for differences in smallest.values():
        for each in sorted(differences, key=lambda each: len(each.case["template"]))[:shown]:
            small = shrink(program, each)
            print(f"- {small.kind}: {small.case['template']!r}\n    data {json.dumps(small.case['data'])}")
            print(f"    Go   {small.go.output!r} {small.go.error}\n    ours {small.ours.output!r} {small.ours.error}")
    return not kinds


def main() -> int:
    """Run the comparison that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="random templates of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--go", default=shutil.which("go") or "go", help="the Go command")
    parser.add_argument("--shown", type=int, default=4, help="differences to print of each kind")
    parser.add_argument("--golden", action="store_true", help="write the golden files instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        program = build_oracle(options.go, Path(directory))
        if options.golden:
            write_golden(program)
            return 0
        results = [report(program, kind, options.cases, options.seed, options.shown) for kind in generators.KINDS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
