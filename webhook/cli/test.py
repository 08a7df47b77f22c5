"""``hydra-webhook test``: do workloads get what the test cases beside the templates expect?"""

import asyncio
import enum
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from webhook import cases, files
from webhook.cli import case_files, case_formats, case_measures, case_reports, case_snapshots, output
from webhook.cli.case_files import Tested
from webhook.cli.case_measures import CoverageFormat


class Format(enum.StrEnum):
    """How ``test`` prints what came of the cases."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    GITHUB = "github"


Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PATH", show_default=".", help="Test file, or folder to look for test files in."),
]
Output = Annotated[
    Format,
    typer.Option(
        "--output",
        "-o",
        help="Print text for people, JSON, JUnit's XML, or annotations for GitHub.",
    ),
]
FailOnly = Annotated[bool, typer.Option("--fail-only", help="Print only what did not pass.")]
Name = Annotated[
    str,
    typer.Option(
        "-k",
        metavar="NAME",
        show_default="all",
        help="Run only the cases that have this text in their name, in upper or lower case.",
    ),
]
Update = Annotated[
    bool,
    typer.Option("--update", help="Write the snapshots that differ, and no others."),
]
Watch = Annotated[bool, typer.Option("--watch", help="Run again whenever a file changes, until Ctrl-C.")]
Init = Annotated[
    bool,
    typer.Option(
        "--init",
        help="Write a test file for -f that expects what happens today, and run it.",
    ),
]
Workloads = Annotated[
    list[Path] | None,
    typer.Option("--filename", "-f", metavar="FILE", help="With --init: a workload."),
]

CoverageForm = Annotated[
    CoverageFormat | None,
    typer.Option(
        "--coverage",
        show_default="none",
        help="Also print what the cases went through: as text after the results, or instead of them as LCOV or HTML.",
    ),
]
CoverageFile = Annotated[
    Path | None,
    typer.Option(
        "--coverage-file",
        metavar="FILE",
        dir_okay=False,
        help="Write the coverage to this file.",
    ),
]
FailUnder = Annotated[
    float | None,
    typer.Option(
        "--fail-under",
        metavar="PERCENT",
        min=0,
        max=100,
        help="Fail if coverage is less, or with --mutate the score.",
    ),
]
Mutate = Annotated[
    bool,
    typer.Option("--mutate", help="Print small changes of the templates that no case notices."),
]
MutateSeconds = Annotated[
    float,
    typer.Option(
        "--mutate-seconds",
        metavar="SECONDS",
        min=0,
        help="How long --mutate may take; the rest is not tried.",
    ),
]


def _for_init(flag: str, what: str) -> typer.models.OptionInfo:
    option = typer.Option(
        flag,
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help=f"With --init: {what}.",
    )
    assert isinstance(option, typer.models.OptionInfo)
    return option


Templates = Annotated[Path | None, _for_init("--templates", "runtime templates")]
Agent = Annotated[Path | None, _for_init("--agent", "the agent configuration")]
GpuConfigs = Annotated[Path | None, _for_init("--gpu-configs", "the GPU table")]

#: Options that only a first case needs.
_INIT_OPTIONS = {"filename": "-f", "templates": "--templates", "agent": "--agent", "gpu_configs": "--gpu-configs"}

_STATUS: Mapping[cases.Status, int] = {"passed": 0, "failed": 1, "error": 2}


def test(
    context: typer.Context,
    paths: Paths = None,
    output_format: Output = Format.TEXT,
    name: Name = "",
    filename: Workloads = None,
    templates: Templates = None,
    agent: Agent = None,
    gpu_configs: GpuConfigs = None,
    coverage: CoverageForm = None,
    coverage_file: CoverageFile = None,
    fail_under: FailUnder = None,
    mutate_seconds: MutateSeconds = 300,
    *,
    mutate: Mutate = False,
    fail_only: FailOnly = False,
    update: Update = False,
    watch: Watch = False,
    init: Init = False,
) -> None:
    """Run the test cases beside templates.

    Runs every hydra-test.yaml and *.hydra-test.yaml below each PATH: each case creates a workload as a request would,
    without a cluster, and compares what becomes of it with what is expected. A test file names its own templates.

    Exit status: 0 every case passed, 1 a case failed or less than --fail-under, 2 a file cannot be used, no tests, or
    wrong usage.
    """
    given = paths or [Path()]
    if init:
        configurations = {"templates": templates, "agent": agent, "gpuConfigs": gpu_configs}
        given = [_first_case(given, filename or (), configurations)]
    else:
        for parameter, flag in _INIT_OPTIONS.items():
            source = context.get_parameter_source(parameter)
            if source is not None and source.name == "COMMANDLINE":
                raise typer.BadParameter("is only for --init; a test file names its own files", param_hint=flag)

    if coverage_file is not None and coverage is None:
        raise typer.BadParameter("needs --coverage text, lcov or html", param_hint="--coverage-file")
    measures = case_measures.Measures(coverage, coverage_file, mutate, mutate_seconds, fail_under)

    def run() -> tuple[int, Mapping[Path, files.Signature]]:
        return _run(given, name, measures, output_format, update=update, fail_only=fail_only)

    status, seen = run()
    if watch:
        status = _again(run, status, seen)
    raise typer.Exit(status)


def _run(
    paths: Sequence[Path],
    name: str,
    measures: case_measures.Measures,
    output_format: Format,
    *,
    update: bool,
    fail_only: bool,
) -> tuple[int, Mapping[Path, files.Signature]]:
    """Run the selected cases below some paths; return the exit status and every file that was read."""
    collector = measures.collector()
    runner = case_files.Runner(collector)
    tested = _tested(runner, paths, name)
    refused: list[str] = []
    if update:
        written, refused = case_snapshots.update(tested)
        for line in (*(f"wrote {path}" for path in written), *refused):
            output.report(line)
        if written:
            collector = measures.collector()
            runner = case_files.Runner(collector)
            tested = _tested(runner, paths, name)
    tested = [one for one in tested if one.problems or one.outcomes]  # of the others, no case is selected
    _report_configurations(tested)
    for_people = output_format is Format.TEXT
    if for_people and tested:  # before mutants are tried, which takes long
        with measures.results():
            case_reports.print_text(tested, output.console(), only_failures=fail_only)
    measured = measures.measured(tested, collector)
    if not for_people:
        with measures.results():
            _print_for_programs(tested, measured, output_format, fail_only=fail_only)
    if not tested:
        output.report(f'no tests found: no case has "{name}" in its name' if name else case_files.nothing_found(paths))
    status = max((_STATUS[one.status] for one in tested), default=2)
    enough = measures.report(measured, as_text=for_people)
    return max(status, 2 * bool(refused), enough), runner.seen


def _first_case(paths: Sequence[Path], workloads: Sequence[Path], configurations: Mapping[str, Path | None]) -> Path:
    if not workloads:
        raise typer.BadParameter("name the workload of the first case", param_hint="-f")
    if len(paths) > 1:
        raise typer.BadParameter("name one file or folder to write the first case to", param_hint="PATH")
    written = case_files.first_case(paths[0], workloads, configurations)
    output.report(f"wrote {written}")
    return Path(written)


def _tested(runner: case_files.Runner, paths: Sequence[Path], name: str) -> list[Tested]:
    """Return the test files after the cases with this text in their names were run."""
    wanted = name.casefold()
    return [runner.run(path, lambda case: wanted in case.name.casefold()) for path in runner.discover(paths)]


def _print_for_programs(
    tested: Sequence[Tested], measured: case_measures.Measured, output_format: Format, *, fail_only: bool
) -> None:
    match output_format:
        case Format.JSON:
            output.print_json(case_formats.as_json(tested, measured, only_failures=fail_only))
        case Format.JUNIT:
            typer.echo(case_formats.junit(tested, measured, only_failures=fail_only))
        case Format.GITHUB:
            for line in case_formats.annotations(tested, measured):
                typer.echo(line)
    if tested:
        output.report(case_reports.summary(tested))


def _report_configurations(tested: Sequence[Tested]) -> None:
    """Report each error of a configuration once: the cases show only what it does to them."""
    found = (problem for one in tested if one.state is not None for problem in one.state.snapshot.problems)
    for line in dict.fromkeys(str(problem) for problem in found if problem.severity == "error"):
        output.report(line)


def _again(
    run: Callable[[], tuple[int, Mapping[Path, files.Signature]]], status: int, seen: Mapping[Path, files.Signature]
) -> int:
    """Run again whenever a file changes, and return the last status once Ctrl-C is pressed."""
    try:
        while True:
            output.report("waiting for a change; Ctrl-C ends")
            asyncio.run(_changed(seen))
            try:
                status, seen = run()
            except typer.BadParameter as error:  # such as a folder that is being replaced
                output.report(error.format_message())
                status, seen = 2, files.signatures(seen)
    except KeyboardInterrupt:
        return status


async def _changed(seen: Mapping[Path, files.Signature]) -> None:
    """Wait until one of these files has changed."""
    change = asyncio.Event()

    async def note(_: frozenset[Path]) -> None:
        change.set()

    watching = asyncio.create_task(files.watch(seen, note))
    await change.wait()
    watching.cancel()
