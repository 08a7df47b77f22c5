"""``hydra-webhook check``: is the webhook of a cluster installed as it should be, and does it work, from end to end?"""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from webhook import errors
from webhook.cli import check_facts, clusters, options, output
from webhook.cli.check_findings import Finding, Status

_STYLES: dict[Status, str] = {"ok": "green", "wrong": "red bold", "unknown": "yellow"}
_WIDTH = max(map(len, _STYLES)) + 2

Runtime = Annotated[
    str,
    typer.Option("--runtime", metavar="NAME", show_default="the first that can be", help="Runtime of the pod to try."),
]
Namespace = Annotated[
    str,
    typer.Option(
        "--namespace",
        "-n",
        metavar="NAME",
        callback=options.object_name,
        show_default="that of the context, else default",
        help="Namespace of the pod to try.",
    ),
]


def check(
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    namespace: Namespace = "",
    webhook_namespace: clusters.WebhookNamespace = clusters.WEBHOOK_NAMESPACE,
    runtime: Runtime = "",
    output_format: options.ReportOutput = output.ReportFormat.TEXT,
) -> None:
    """Check the webhook of a cluster from end to end.

    Looks at the webhook configurations and what API servers trust, the Service, the certificate where it can be reached from here,
    the configuration that is published and that each replica uses, and the policies; and creates a pod in a dry run, which must come
    back rendered. Says what is wrong and what to do about it. Changes nothing.

    Exit status: 0 everything is as it should be, 1 something is wrong, 2 something could not be checked, or wrong usage.
    """
    opened = clusters.reader(kubeconfig, context, namespace, webhook_namespace=webhook_namespace)
    found = clusters.run(_asked(opened, runtime))
    numbers = Counter(one.status for one in found)
    if output_format is output.ReportFormat.JSON:
        output.print_json({"checks": found, "summary": {status: numbers[status] for status in _STYLES}})
    else:
        for one in found:
            _show(output.console(), one)
        counted = ", ".join(f"{numbers[status]} {status}" for status in _STYLES if numbers[status])
        output.report(f"{output.counted(len(found), 'check')}: {counted}")
    if numbers["wrong"]:
        raise typer.Exit(1)
    if numbers["unknown"]:
        raise typer.Exit(2)


async def _asked(opened: clusters.Opened, runtime: str) -> Sequence[Finding]:
    async with opened as reader:
        with output.Progress("checks") as progress:
            return await check_facts.findings(reader, runtime, progress.step)


def _show(console: Console, finding: Finding) -> None:
    line = Text(finding.status.ljust(_WIDTH), style=_STYLES[finding.status])
    subject = f"{finding.subject}: " if finding.subject else ""
    line.append(errors.printable(f"{subject}{finding.detail}"), style="not bold default")
    console.print(line)
    if finding.remedy:
        console.print(Text(f"{' ' * _WIDTH}help: {errors.printable(finding.remedy)}", style="dim"))
