"""Options that several commands share, each also read from ``HYDRA_WEBHOOK_…`` in the environment."""

from pathlib import Path
from typing import Annotated, Any

import typer

from webhook import catalog
from webhook.cli import output
from webhook.settings import Settings

#: What options have that are not given.
DEFAULTS = Settings()


def _file(flag: str, variable: str, what: str, default: str) -> Any:
    return typer.Option(
        flag,
        envvar=f"HYDRA_WEBHOOK_{variable}",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        show_default=default,
        help=f"{what}, bare YAML or a ConfigMap manifest.",
    )


Templates = Annotated[Path | None, _file("--templates", "TEMPLATES", "Runtime templates", "the built-in runtimes")]
Agent = Annotated[Path | None, _file("--agent", "AGENT", "Agent configuration", "the built-in images")]
GpuConfigs = Annotated[Path | None, _file("--gpu-configs", "GPU_CONFIGS", "GPU table", "the built-in GPU types")]

Cluster = Annotated[
    str,
    typer.Option(envvar="HYDRA_WEBHOOK_CLUSTER", help="CLUSTER where the agent configuration has no cluster_name."),
]
ModelPath = Annotated[
    str, typer.Option(envvar="HYDRA_WEBHOOK_MODEL_PATH", help="MODEL_PATH: the model's folder in the container.")
]
ModelHost = Annotated[
    str, typer.Option(envvar="HYDRA_WEBHOOK_MODEL_HOST", help="MODEL_HOST: the address engines listen on.")
]
ModelPort = Annotated[
    int, typer.Option(envvar="HYDRA_WEBHOOK_MODEL_PORT", min=1, max=65535, help="MODEL_PORT: the engines' port.")
]
RayPort = Annotated[
    int, typer.Option(envvar="HYDRA_WEBHOOK_RAY_PORT", min=1, max=65535, help="RAY_PORT: the port of Ray's head.")
]

Kubeconfig = Annotated[
    Path | None,
    typer.Option(
        envvar="HYDRA_WEBHOOK_KUBECONFIG",
        exists=True,
        dir_okay=False,
        show_default="the pod's own credentials, if it is one",
        help="Credentials for the work cluster.",
    ),
]
ClusterNamespace = Annotated[
    str, typer.Option(envvar="HYDRA_WEBHOOK_NAMESPACE", help="Namespace of all ConfigMaps and of the CA's Secret.")
]
CaSecret = Annotated[
    str, typer.Option(envvar="HYDRA_WEBHOOK_CA_SECRET", help="Secret of the CA that all replicas share.")
]


def read(kind: catalog.ConfigKind, path: Path) -> catalog.Document:
    """Read a configuration file; what is wrong with its content is for the catalog to say.

    Raises:
        typer.BadParameter: it cannot be read.
    """
    try:
        return catalog.Document(kind, str(path), path.read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"cannot read {path}: {error.strerror}") from error


def given(templates: Path | None, agent: Path | None, gpu_configs: Path | None) -> tuple[catalog.Document, ...]:
    """Return the configuration texts of the files that are given."""
    paths: dict[catalog.ConfigKind, Path | None] = {"templates": templates, "agent": agent, "gpu-configs": gpu_configs}
    return tuple(read(kind, path) for kind, path in paths.items() if path is not None)


def documents(templates: Path | None, agent: Path | None, gpu_configs: Path | None) -> tuple[catalog.Document, ...]:
    """Return the configuration texts: the given files, and the built-in ones in place of those that are not given."""
    files = given(templates, agent, gpu_configs)
    return (*files, *catalog.embedded(beside={document.config_kind for document in files}))


def snapshot(templates: Path | None, agent: Path | None, gpu_configs: Path | None) -> catalog.Snapshot:
    """Return what these configurations make together, after saying on standard error what cannot be used of them."""
    made = catalog.build(documents(templates, agent, gpu_configs), None)
    for problem in made.problems:
        if problem.severity == "error":
            output.say(str(problem))
    return made
