"""Options that several commands share. Those of ``serve`` can also be set in the environment, as ``HYDRA_WEBHOOK_…``."""

import math
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from webhook import catalog, errors, files, workload
from webhook.cli import output
from webhook.settings import Settings

#: The settings of a server that is given no options.
DEFAULTS = Settings()


_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")  # an RFC 1123 subdomain; a namespace has no dots


def finite(value: float) -> float:
    """Check a number: ``float`` reads ``inf`` and ``nan`` too, and NaN passes any check of a range."""
    if not math.isfinite(value):
        raise typer.BadParameter(f"must be a number, not {value}")
    return value


def object_name(value: str) -> str:
    """Check the name of a Kubernetes object or namespace; it may be empty where the option has no default."""
    if value and not _NAME.fullmatch(value):
        raise typer.BadParameter(
            f'"{errors.printable(value)}" is not a name in Kubernetes: use lowercase letters, digits, - and .'
        )
    return value


def absolute_path(value: str) -> str:
    """Check a path inside a container."""
    if not value.startswith("/") or not value.isprintable():
        raise typer.BadParameter(f'"{errors.printable(value)}" is not an absolute path: begin it with /')
    return value


def one_word(value: str) -> str:
    """Check a value that becomes part of a command line or an address."""
    if not value.isprintable() or " " in value:
        raise typer.BadParameter(f'"{errors.printable(value)}" has a space or a control character in it')
    return value


def keys(value: str) -> tuple[str, ...]:
    """Return the labels and annotations in a comma-separated list; only those under our prefix need to be known."""
    found = tuple(key for part in value.split(",") if (key := part.strip()))
    for key in found:
        if not key.startswith(workload.PREFIX) or not key.isprintable():
            raise typer.BadParameter(f'"{errors.printable(key)}" does not begin with {workload.PREFIX}')
    return found


#: What a change begins with unless files are given.
_BEFORE = "that of the cluster's webhook; without a cluster, and beside other --from files, the built-in one"


def _file(flag: str, what: str, default: str) -> Any:
    return typer.Option(
        flag,
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        show_default=default,
        help=f"{what}, as plain YAML or in a file with ConfigMap manifests.",
    )


Templates = Annotated[Path | None, _file("--templates", "Runtime templates", "the built-in runtimes")]
Agent = Annotated[Path | None, _file("--agent", "Agent configuration", "the built-in images")]
GpuConfigs = Annotated[Path | None, _file("--gpu-configs", "GPU table", "the built-in GPU types")]

NewTemplates = Annotated[Path | None, _file("--templates", "New runtime templates", "as before")]
NewAgent = Annotated[Path | None, _file("--agent", "New agent configuration", "as before")]
NewGpuConfigs = Annotated[Path | None, _file("--gpu-configs", "New GPU table", "as before")]
FromTemplates = Annotated[Path | None, _file("--from-templates", "Runtime templates before", _BEFORE)]
FromAgent = Annotated[Path | None, _file("--from-agent", "Agent configuration before", _BEFORE)]
FromGpuConfigs = Annotated[Path | None, _file("--from-gpu-configs", "GPU table before", _BEFORE)]

Cluster = Annotated[
    str,
    typer.Option(
        callback=one_word,
        help="Value of CLUSTER if the agent configuration sets no cluster_name.",
    ),
]
ModelPath = Annotated[
    str,
    typer.Option(
        callback=absolute_path,
        help="Value of MODEL_PATH, the folder of the model in the container.",
    ),
]
ModelHost = Annotated[
    str,
    typer.Option(
        callback=one_word,
        help="Value of MODEL_HOST, the address that engines listen on.",
    ),
]
ModelPort = Annotated[
    int,
    typer.Option(
        min=1,
        max=65535,
        help="Value of MODEL_PORT, the port that engines listen on.",
    ),
]
RayPort = Annotated[
    int,
    typer.Option(min=1, max=65535, help="Value of RAY_PORT, the port of Ray's head node."),
]
KnownKeys = Annotated[
    str,
    typer.Option(
        metavar="KEY,KEY",
        show_default="none",
        help=f"Labels and annotations under {workload.PREFIX} that others read, so workloads that have them get no warning.",
    ),
]

Kubeconfig = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        show_default="the pod's own credentials, in a cluster",
        help="Credentials for the work cluster.",
    ),
]
ClusterNamespace = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        callback=object_name,
        help="Namespace of the ConfigMaps and of the CA's Secret.",
    ),
]
CaSecret = Annotated[
    str,
    typer.Option(metavar="NAME", callback=object_name, help="Secret with the CA that all replicas share."),
]

Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--filename",
        "-f",
        metavar="FILE",
        help="File or folder with objects, as YAML or JSON; - for standard input. Can be repeated.",
    ),
]
Recursive = Annotated[
    bool, typer.Option("--recursive", "-R", help="Also read the folders below a folder given with -f.")
]
MoreFiles = Annotated[list[Path] | None, typer.Argument(metavar="FILE", help="More files.")]
ObjectNamespace = Annotated[
    str,
    typer.Option(
        "--namespace",
        "-n",
        metavar="NAME",
        callback=object_name,
        help="Namespace of objects that do not name one.",
    ),
]
ObjectOutput = Annotated[
    output.ObjectFormat,
    typer.Option(
        "--output",
        "-o",
        help="Print whole objects (yaml, json) or only what changes (patch, diff).",
    ),
]
ReportOutput = Annotated[
    output.ReportFormat,
    typer.Option("--output", "-o", help="Print text for people, or JSON for programs."),
]


def read(kind: catalog.ConfigKind, path: Path) -> catalog.Document:
    """Read a configuration file, without looking at its content.

    Raises:
        typer.BadParameter: the file cannot be read.
    """
    return catalog.Document(kind, str(path), content(path))


def content(path: Path) -> bytes:
    """Return what is in a configuration file.

    Raises:
        typer.BadParameter: the file cannot be read.
    """
    try:
        return files.read_bytes(path)
    except files.Unreadable as error:
        raise typer.BadParameter(f"cannot read {error}") from error


def given(templates: Path | None, agent: Path | None, gpu_configs: Path | None) -> tuple[catalog.Document, ...]:
    """Return the configurations of those files that are given."""
    paths: dict[catalog.ConfigKind, Path | None] = {"templates": templates, "agent": agent, "gpu-configs": gpu_configs}
    return tuple(read(kind, path) for kind, path in paths.items() if path is not None)


def documents(templates: Path | None, agent: Path | None, gpu_configs: Path | None) -> tuple[catalog.Document, ...]:
    """Return the three configurations: from the given files, and built in where no file is given."""
    files = given(templates, agent, gpu_configs)
    return (*files, *catalog.embedded(except_for={document.config_kind for document in files}))


def snapshot(templates: Path | None, agent: Path | None, gpu_configs: Path | None) -> catalog.Snapshot:
    """Return the snapshot of these configurations, after reporting their errors on standard error.

    A file that cannot be read as a whole leaves nothing in use, as on a server that has never read it.
    """
    built = catalog.build(documents(templates, agent, gpu_configs), None)
    report_errors(built)
    return built


def report_errors(snapshot: catalog.Snapshot) -> None:
    """Report the errors of a configuration on standard error."""
    for problem in snapshot.problems:
        if problem.severity == "error":
            output.report(str(problem))


def check_readable(snapshot: catalog.Snapshot) -> None:
    """Check that each configuration could be read as a whole, for commands whose answer would otherwise be about nothing.

    Raises:
        typer.Exit: with status 2; its errors have been reported.
    """
    if not all(reading.accepted for reading in snapshot.readings.values()):
        raise typer.Exit(2)
