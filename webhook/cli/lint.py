"""``hydra-webhook lint``: everything that is wrong or suspicious in a configuration."""

import enum
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from webhook import catalog, cluster, errors, linting, rules
from webhook.cli import clusters, config_files, lint_reports, options, output, sarif


class Format(enum.StrEnum):
    """How ``lint`` prints findings."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    GITLAB = "gitlab"
    SARIF = "sarif"
    JUNIT = "junit"


class Threshold(enum.StrEnum):
    """The mildest severity that makes ``lint`` fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_SEVERITIES: tuple[catalog.Severity, ...] = ("error", "warning", "info")

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PATH",
        show_default="the built-in configuration",
        help="Configuration file, folder to look for some in, or - for standard input; recognised by content.",
    ),
]
Output = Annotated[
    Format,
    typer.Option(
        "--output",
        "-o",
        help="Print text for people, JSON, annotations for GitHub, a Code Quality report for GitLab, SARIF or JUnit's XML.",
    ),
]
FailOn = Annotated[
    Threshold,
    typer.Option(help="Exit with status 1 for findings of this severity or worse."),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="CODE,CODE",
        show_default="all",
        help="Report only these findings, and errors that make a file unreadable. Can be repeated.",
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="CODE,CODE",
        show_default="none",
        help="Do not report these findings. Can be repeated.",
    ),
]
SkipOthers = Annotated[
    bool,
    typer.Option(
        "--skip-others",
        help="Leave out files that are not configurations also if they are named, as in folders.",
    ),
]


def lint(
    paths: Paths = None,
    templates: options.Templates = None,
    agent: options.Agent = None,
    gpu_configs: options.GpuConfigs = None,
    output_format: Output = Format.TEXT,
    fail_on: FailOn = Threshold.WARNING,
    select: Select = None,
    ignore: Ignore = None,
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    namespace: clusters.ConfigNamespace = clusters.WEBHOOK_NAMESPACE,
    *,
    skip_others: SkipOthers = False,
    from_cluster: clusters.FromCluster = False,
) -> None:
    """Report what is wrong or suspicious in a configuration.

    Only the given files are checked, or without any the built-in configuration. Where a cluster is asked, its three ConfigMaps
    are checked as they are, each unless a file is given in its place. Each finding has its place, and the
    line of the file below it. In a pipe, findings begin with file:line:column, and what belongs to one is indented.
    "hydra-webhook rule CODE" explains a finding; a comment "# hydra-lint: ignore=CODE" in the file ignores it.

    Exit status: 0 no findings of --fail-on or worse, 1 such findings, 2 wrong usage, or the cluster could not be read.
    """
    selected = _codes(select, "--select")
    ignored = _codes(ignore, "--ignore")
    documents = options.given(templates, agent, gpu_configs)
    if paths:
        documents += config_files.read(paths, skip_others=skip_others)
    if clusters.asked(kubeconfig, context, from_cluster=from_cluster):
        documents += clusters.run(_stored(clusters.reader(kubeconfig, context, webhook_namespace=namespace), documents))
    if not documents and not paths:
        documents = catalog.embedded()
    problems = tuple(
        problem
        for problem in linting.lint(documents, config_files.together(documents))
        if problem.code not in ignored
        and (not selected or problem.code in selected or (problem.severity == "error" and _is_of_a_whole(problem)))
    )
    failing = _SEVERITIES[: _SEVERITIES.index(fail_on.value) + 1]
    _print(problems, documents, output_format, failing)
    output.report(lint_reports.summary(problems))
    if any(problem.severity in failing for problem in problems):
        raise typer.Exit(1)


def _codes(given: Iterable[str] | None, flag: str) -> frozenset[str]:
    """Return the codes in comma-separated lists.

    Raises:
        typer.BadParameter: one is not the code of a finding.
    """
    codes = frozenset(code for some in given or () for part in some.split(",") if (code := part.strip()))
    for code in sorted(codes.difference(linting.CODES)):
        name = errors.printable(code)
        if code in rules.CODES:
            message = f'"{name}" is the code of a {rules.find(code)[0].family}, not of a finding in a configuration'
        else:
            near = errors.nearest(code, linting.CODES)
            remedy = f'did you mean "{near}"?' if near else "hydra-webhook rule lists all codes"
            message = f'there is no finding with the code "{name}"; {remedy}'
        raise typer.BadParameter(message, param_hint=flag)
    return codes


def _is_of_a_whole(problem: catalog.Problem) -> bool:
    """Return whether a problem makes a configuration as a whole unreadable, so that nothing else in it has been checked."""
    return rules.finding(problem.code).group == "whole"


def _print(
    problems: Sequence[catalog.Problem],
    documents: Sequence[catalog.Document],
    output_format: Format,
    failing: Collection[catalog.Severity],
) -> None:
    sources = list(dict.fromkeys(document.source for document in documents))
    files = {document.source for document in documents if isinstance(document.content, bytes)}
    match output_format:
        case Format.TEXT:
            _print_text(problems)
        case Format.JSON:
            output.print_json(problems)
        case Format.GITHUB:
            for annotation in lint_reports.annotations(problems, files):
                typer.echo(annotation)
        case Format.GITLAB:
            output.print_json(lint_reports.code_quality(problems, files))
        case Format.SARIF:
            output.print_json(
                sarif.log(
                    problems,
                    lint_reports.fingerprints(problems),
                    lambda source: lint_reports.path_of(source) if source in files else "",
                )
            )
        case Format.JUNIT:
            typer.echo(lint_reports.junit(problems, sources, files, failing))


def _print_text(problems: Iterable[catalog.Problem]) -> None:
    console = output.console()
    for problem in problems:
        if console.is_terminal:
            lint_reports.show(console, problem)
        else:
            typer.echo(lint_reports.line(problem))


async def _stored(opened: clusters.Opened, given: Sequence[catalog.Document]) -> tuple[catalog.Document, ...]:
    """Return the configurations in a cluster, except for the kinds that files are given for.

    Raises:
        typer.Exit: with status 2, there is none, or one cannot be read.
    """
    found = []
    async with opened as reader:
        for kind, row in catalog.KINDS.items():
            if any(document.config_kind == kind for document in given):
                continue
            reference = cluster.config_map(reader.webhook_namespace, row.config_map)
            try:
                content = (await reader.get(reference)).get("data") or {}
            except cluster.ApiError as error:
                if error.code != "not-found":
                    raise
                if row.required:  # it may be in the global cluster
                    output.report(f"not checked: {reference.human} does not exist")
                continue
            found.append(catalog.Document(kind, reference.human, content))
        if not found and not given:
            raise clusters.NoState(
                f"there is no configuration in namespace {reader.webhook_namespace}: name it with -n"
            )
    return tuple(found)
