"""The files of ``test``: finding and reading them, running what they hold, and writing a first case."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from webhook import cases, catalog, errors, files, rendering
from webhook.settings import Settings

#: What test files are called: this, or anything before ``.hydra-test.yaml``.
NAME = "hydra-test.yaml"

#: An ending that is easily written instead.
_MISTAKEN = "hydra-test.yml"


@dataclass(frozen=True, slots=True)
class Tested:
    """A test file after its cases were run.

    Attributes:
        path: its path.
        file: what it says; None if it is malformed or cannot be read.
        files, prepared, state: the files that it refers to, and what its cases share; None if no case was run.
        problems: why no case could be run.
        outcomes: of the cases that were run.
    """

    path: str
    file: cases.CaseFile | None = None
    files: cases.Files | None = None
    prepared: cases.Prepared | None = None
    state: rendering.State | None = None
    problems: tuple[catalog.Problem, ...] = ()
    outcomes: tuple[cases.Outcome, ...] = ()

    @property
    def status(self) -> cases.Status:
        """Return the worst status of its cases."""
        if self.problems or any(one.status == "error" for one in self.outcomes):
            return "error"
        return "failed" if any(one.status == "failed" for one in self.outcomes) else "passed"


class Runner:
    """Runs test files; configurations that several of them name are compiled once.

    Args:
        collector: counts what the cases go through, if that is asked for.

    Attributes:
        seen: every path that was read, with the signature it had before, so that its changes can be waited for.
    """

    def __init__(self, collector: cases.coverage.Collector | None = None) -> None:
        self._collector = collector
        self.seen: dict[Path, files.Signature] = {}
        self._states: dict[tuple[tuple[catalog.Document, ...], Settings], rendering.State] = {}

    def discover(self, paths: Sequence[Path]) -> list[str]:
        """Return the test files among and below these paths, each once: below a folder those with the right name, sorted.

        Raises:
            typer.BadParameter: a path does not exist, or a folder cannot be read.
        """
        found: dict[str, None] = {}
        for path in paths:
            if path.is_dir():
                found.update(dict.fromkeys(self._below(path)))
            elif path.exists():
                found[os.path.normpath(path)] = None
            else:
                raise typer.BadParameter(f"{path} does not exist", param_hint="PATH")
        return list(found)

    def run(self, path: str, selected: Callable[[cases.Case], bool] = lambda _: True) -> Tested:
        """Run the selected cases of a test file."""
        try:
            content = self._read(path)
        except files.Unreadable as error:
            return Tested(path, problems=(_unreadable(path, error),))
        file, problems = cases.read(path, content)
        if file is None:
            return Tested(path, problems=problems)
        chosen = [case for case in file.cases if selected(case)]
        if not chosen:
            return Tested(path, file)
        found = self.referred(file)
        prepared = cases.prepare(file, found)
        if prepared.problems:
            return Tested(path, file, problems=prepared.problems)
        state = self._collector.observe(file, prepared) if self._collector is not None else self.state(prepared)
        outcomes = tuple(cases.run(case, state, found) for case in chosen)
        if self._collector is not None:
            for outcome in outcomes:
                if outcome.result is not None:
                    self._collector.note(outcome.result)
        return Tested(path, file, found, prepared, state, outcomes=outcomes)

    def state(self, prepared: cases.Prepared) -> rendering.State:
        """Return the state of a test file."""
        key = prepared.documents, prepared.settings
        if key not in self._states:
            self._states[key] = prepared.state()
        return self._states[key]

    def _below(self, folder: Path) -> Iterator[str]:
        """Yield the test files below a folder, but for hidden folders."""

        def refuse(error: OSError) -> None:
            raise typer.BadParameter(f"cannot read {error.filename}: {error.strerror}", param_hint="PATH") from error

        for root, folders, names in os.walk(folder, onerror=refuse):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            self._look(Path(root))  # a new test file changes it
            for name in sorted(names):
                if name == NAME or name.endswith(f".{NAME}"):
                    yield os.path.normpath(Path(root) / name)

    def referred(self, file: cases.CaseFile) -> cases.Files:
        """Return the files that a test file refers to."""
        contents: dict[str, bytes] = {}
        faults: dict[str, str] = {}
        needed = {reference.source for reference in file.references()}
        for source in dict.fromkeys([*needed, *(snapshot.source for snapshot in file.snapshots())]):
            self._look(Path(source))
            if source not in needed and not os.path.lexists(source):
                continue
            try:
                contents[source] = self._read(source)
            except files.Unreadable as error:
                faults[source] = str(error)
        snapshots = {snapshot.source: os.path.realpath(snapshot.source) for snapshot in file.snapshots()}
        inputs: dict[str, str] = {}
        for source, what in file.inputs():
            inputs.setdefault(os.path.realpath(source), what)
        return cases.Files(
            contents,
            faults,
            {source: inputs[target] for source, target in snapshots.items() if target in inputs},
            {source for source, target in snapshots.items() if not is_below(target, file.source)},
        )

    def _read(self, path: str) -> bytes:
        self._look(Path(path))
        return files.read_bytes(Path(path))

    def _look(self, path: Path) -> None:
        if path not in self.seen:
            self.seen.update(files.signatures([path]))


def nothing_found(paths: Sequence[Path]) -> str:
    """Return that there is no test file, and what to do about it."""
    names = " ".join(str(path) for path in paths)
    for path in paths:
        if path.is_dir() and (mistaken := next(path.rglob(f"*{_MISTAKEN}"), None)) is not None:
            return f"no tests found: rename {mistaken} to {mistaken.with_suffix('.yaml').name}"
    remedy = "hydra-webhook test --init -f WORKLOAD writes a first one"
    return f"no tests found: no {NAME} or *.{NAME} below {names}; {remedy}"


def is_below(target: str, test_file: str) -> bool:
    """Return whether a path without links is below the folder of a test file."""
    return Path(target).is_relative_to(os.path.realpath(Path(test_file).parent))


def first_case(path: Path, workloads: Sequence[Path], configurations: Mapping[str, Path | None]) -> str:
    """Write a test file with a case for each workload, which expects what becomes of it now; return its path.

    Args:
        path: the file, or its folder.
        workloads: files with one object each.
        configurations: the files to use instead of the built-in configurations, by the key of test files.

    Raises:
        typer.BadParameter: the file exists or cannot be written, or a workload cannot be read or would be left alone.
    """
    target = path / NAME if path.is_dir() else path
    if target.name != NAME and not target.name.endswith(f".{NAME}"):
        raise typer.BadParameter(f"{target} is not the name of a test file: end it with .{NAME}", param_hint="PATH")
    head = {key: _relative(file, target) for key, file in configurations.items() if file is not None}
    names = {file: file.stem for file in workloads}
    if len(set(names.values())) < len(names):
        names = {file: _relative(file, target) for file in workloads}
    found = [
        {"name": name, "workload": _relative(file, target), "expect": {"warnings": []}} for file, name in names.items()
    ]
    for case, expected in zip(found, _today(catalog.dump({**head, "cases": found}), target), strict=True):
        case["expect"] = expected
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(catalog.dump({**head, "cases": found}))
    except FileExistsError as error:
        raise typer.BadParameter(
            f"{target} exists; add the case to it, or name another file", param_hint="PATH"
        ) from error
    except OSError as error:
        raise typer.BadParameter(f"cannot write {target}: {error.strerror}", param_hint="PATH") from error
    return os.path.normpath(target)


def _today(text: str, target: Path) -> Iterator[dict[str, Any]]:
    """Yield what the cases of a test file would have to expect to pass."""
    runner = Runner()
    file, problems = cases.read(os.path.normpath(target), text)
    if file is None:
        raise typer.BadParameter(str(problems[0]), param_hint="-f")
    found = runner.referred(file)
    prepared = cases.prepare(file, found)
    state = prepared.state()
    for case in file.cases:
        outcome = cases.run(case, state, found)
        if outcome.result is not None and (reason := outcome.result.reason) in cases.left_alone.REASONS:
            remedy = cases.left_alone.remedy(reason, outcome.result.sent)
            raise typer.BadParameter(f"{case.name}: {cases.left_alone.cause(reason)}; {remedy}", param_hint="-f")
        wrong = (*prepared.problems, *outcome.problems)
        if wrong:
            raise typer.BadParameter(wrong[0].cause, param_hint="-f")
        if outcome.denial is not None:
            yield {"denied": {"code": outcome.denial.code, "message": outcome.denial.message}}
            continue
        containers = cases.containers(outcome)
        expected: dict[str, Any] = {
            shorthand: {key: container[key] for key in ("image", "command", "args") if key in container}
            for shorthand, container in containers.items()
        }
        yield {**expected, "warnings": list(outcome.warnings)}


def _relative(file: Path, target: Path) -> str:
    """Return the path of a file from the folder of a test file."""
    return os.path.relpath(file, target.parent)


def _unreadable(path: str, error: files.Unreadable) -> catalog.Problem:
    cause = str(error).removeprefix(f"{path}: ")
    return catalog.Problem("absent", "error", path, "", 0, 0, f"cannot be read: {errors.printable(cause)}")
