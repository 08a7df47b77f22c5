"""The cluster that a command asks, chosen as kubectl chooses it; and the options for that, which commands share.

Unlike those of a server, these options are not read from the environment, but for kubectl's own ``KUBECONFIG``: a variable that
was set for one command must not send the next one to another cluster.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

import webhook
from webhook import catalog, cluster, errors, rendering
from webhook.cli import options, output
from webhook.cli.objects import Object
from webhook.settings import Settings

#: Where the webhook is installed unless ``--webhook-namespace`` says otherwise.
WEBHOOK_NAMESPACE = "hydra-system"

_FILES_INSTEAD = "name files with --templates, --agent and --gpu-configs"

Kubeconfig = Annotated[
    Path | None,
    typer.Option(
        "--kubeconfig",
        metavar="FILE",
        show_default="as in kubectl: $KUBECONFIG, ~/.kube/config, the pod's own account",
        help="Credentials for the cluster to ask.",
    ),
]
Context = Annotated[
    str,
    typer.Option(
        "--context", metavar="NAME", show_default="the current one", help="Context of the kubeconfig: cluster and user."
    ),
]
Contexts = Annotated[
    list[str] | None,
    typer.Option(
        "--context",
        metavar="NAME",
        show_default="the current one",
        help="Context of the kubeconfig: cluster and user. Can be repeated.",
    ),
]
Namespace = Annotated[
    str,
    typer.Option(
        "--namespace",
        "-n",
        metavar="NAME",
        callback=options.object_name,
        show_default="that of the context, else default",
        help="Namespace of the workloads.",
    ),
]
AllNamespaces = Annotated[bool, typer.Option("--all-namespaces", "-A", help="Workloads of every namespace.")]
WebhookNamespace = Annotated[
    str,
    typer.Option(
        "--webhook-namespace",
        metavar="NAME",
        callback=options.object_name,
        help="Namespace that the webhook is installed in.",
    ),
]

ConfigNamespace = Annotated[
    str,
    typer.Option(
        "--namespace",
        "-n",
        "--webhook-namespace",
        metavar="NAME",
        callback=options.object_name,
        help="Namespace that the webhook is installed in, with its ConfigMaps.",
    ),
]
FromCluster = Annotated[
    bool,
    typer.Option("--from-cluster", help="Ask the cluster of the current context; --kubeconfig and --context imply it."),
]

Output = Annotated[
    output.ReportFormat,
    typer.Option("--output", "-o", help="Print text for people, or JSON for programs."),
]

FilesOrObjects = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE|KIND/NAME", help="More files, or objects of the cluster, whose bare form is rendered anew."
    ),
]
ObjectsOrFiles = Annotated[
    list[Path] | None,
    typer.Argument(metavar="KIND/NAME|FILE", help="Only these workloads, such as lws/NAME; or more files for -f."),
]
NamespaceOfFiles = Annotated[
    str,
    typer.Option(
        "--namespace",
        "-n",
        metavar="NAME",
        callback=options.object_name,
        show_default="default; that of the context if a cluster is asked",
        help="Namespace of objects that do not name one.",
    ),
]

_Result = TypeVar("_Result")


class NoState(errors.HydraError):
    """The webhook's state cannot be read; ``str()`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """The state that a webhook decides by, or one from files in its place.

    Attributes:
        state: as a request to the webhook would read it.
        version: of the webhook; empty if the state comes from files.
        documents: what the configuration was built from.
    """

    state: rendering.State
    version: str = ""
    documents: Sequence[catalog.Document] = ()


class Reader:
    """A cluster as commands read it.

    Attributes:
        client: sends the requests.
        context: name of the context, for messages; empty for the service account of a pod.
        namespace: of the workloads that the command is about; empty: all namespaces.
        webhook_namespace: where the webhook is installed.
        files_instead: what a user can do whom the webhook's state is of no use to.
    """

    def __init__(
        self,
        client: cluster.Client,
        context: str,
        namespace: str,
        webhook_namespace: str,
        files_instead: str = _FILES_INSTEAD,
    ) -> None:
        self.client = client
        self.context = context
        self.namespace = namespace
        self.webhook_namespace = webhook_namespace
        self.files_instead = files_instead

    async def get(self, reference: cluster.ObjectReference) -> Object:
        """Return an object.

        Raises:
            cluster.ApiError: it cannot be read; ``not-found``: it does not exist.
        """
        return await self.client.get(reference)

    def objects(self, collection: cluster.Collection) -> AsyncIterator[Object]:
        """Yield the objects of a collection, such as ``cluster.kinds.POD.collection(reader.namespace)``.

        They are read a page at a time. A kind that the cluster does not know has no objects.

        Raises:
            cluster.ApiError: they cannot be read.
        """
        return cluster.listing.objects(self.client, collection)

    async def state(self) -> ServerState:
        """Return the state of the webhook in this cluster, rebuilt from what it has published.

        Reports on standard error if the webhook's version is another one, or reads its configuration otherwise.

        Raises:
            NoState: the state cannot be read.
        """
        reference = cluster.config_map(self.webhook_namespace, catalog.published.CONFIG_MAP)
        found = await self._published(reference)
        content = catalog.published.Content(found.get("data") or {}, found.get("binaryData") or {})
        if not content.data:
            raise NoState(
                f"{reference.human} is empty: wait until the webhook has read its configuration, or {self.files_instead}"
            )
        try:
            cache: dict[str, str] = {}
            if catalog.published.needs_cache(content.data):
                cache = (
                    await self._published(cluster.config_map(self.webhook_namespace, catalog.last_good.CONFIG_MAP))
                ).get("data") or {}
            published = catalog.published.unpack(content, cache)
        except catalog.published.BadState as error:
            raise NoState(f"{reference.human}: {error}; {self.files_instead}") from error
        documents = [one for several in published.documents.values() for one in several]
        snapshot = catalog.history.rebuilt(documents)
        if published.version != webhook.__version__:
            self._report(
                f"the webhook has version {published.version} and this command {webhook.__version__}: they may differ in what they do"
            )
        for kind in catalog.history.rebuilt_differently(published.digests, snapshot):
            self._report(f"this command reads {catalog.KINDS[kind].human} in another way than the webhook")
        return ServerState(rendering.State(snapshot, published.settings), published.version, documents)

    async def state_or(self, own: ServerState | None) -> ServerState:
        """Return the state from files if there is one, else that of the webhook.

        Reports on standard error in what a state from files is not that of the webhook, if that can be read.

        Args:
            own: the state from files.

        Raises:
            NoState: the state of the webhook is needed and cannot be read.
        """
        if own is None:
            return await self.state()
        await self._report_differences(own.state)
        return own

    async def _report_differences(self, state: rendering.State) -> None:
        try:
            server = (await self.state()).state
        except NoState:
            return
        for kind, row in catalog.KINDS.items():
            if catalog.history.digest(kind, state.snapshot) != catalog.history.digest(kind, server.snapshot):
                self._report(f"{row.human} of this command is not the one that the webhook uses")
        if state.settings != server.settings:
            self._report("the settings of this command are not those of the webhook")

    async def _published(self, reference: cluster.ObjectReference) -> Object:
        try:
            return await self.client.get(reference)
        except cluster.ApiError as error:
            if error.code == "not-found":
                message = (
                    f"{reference.human} does not exist: say where the webhook is installed with --webhook-namespace,"
                    f" or {self.files_instead}"
                )
                raise NoState(message) from error
            if error.code == "forbidden":
                role = f"ask for ClusterRole hydra-webhook-reader in namespace {self.webhook_namespace}"
                raise NoState(f"{error}; {role}, or {self.files_instead}") from error
            raise

    def _report(self, message: str) -> None:
        output.report(f"{self.context}: {message}" if self.context else message)


Opened = contextlib.AbstractAsyncContextManager[Reader]
"""A cluster that a command is going to read."""


@contextlib.asynccontextmanager
async def reader(
    kubeconfig: Path | None,
    context: str = "",
    namespace: str = "",
    *,
    all_namespaces: bool = False,
    webhook_namespace: str = WEBHOOK_NAMESPACE,
    files_instead: str = _FILES_INSTEAD,
) -> AsyncIterator[Reader]:
    """Open a cluster. What goes wrong with a request inside becomes one line on standard error.

    Args:
        kubeconfig: value of the option ``Kubeconfig``.
        context: of ``Context``, or one of ``Contexts``.
        namespace: of ``Namespace``.
        all_namespaces: of ``AllNamespaces``.
        webhook_namespace: of ``WebhookNamespace``.
        files_instead: what a user can do whom the webhook's state is of no use to.

    Raises:
        typer.Exit: with status 2, there is no such cluster, or a request failed.
    """
    with reported(context):
        found = cluster.contexts.find(kubeconfig, context)
        client = cluster.Client(found.source)
        where = "" if all_namespaces else namespace or found.namespace
        try:
            await cluster.credentials.load_library()
            yield Reader(client, found.name, where, webhook_namespace, files_instead)
        finally:
            await client.close()


@contextlib.contextmanager
def reported(context: str = "") -> Iterator[None]:
    """Turn the error of a request, or a name that no object can have, into one line and exit status 2.

    Args:
        context: that the user named, if there is one: of several clusters, the line says which.
    """
    try:
        yield
    except (cluster.ApiError, cluster.kinds.UnknownKind, NoState) as error:
        output.report(f"{errors.printable(context)}: {error}" if context else str(error))
        raise typer.Exit(2) from error


def asked(kubeconfig: Path | None, context: str, *, from_cluster: bool) -> bool:
    """Return whether the options of a command that can also do without a cluster choose one."""
    return from_cluster or kubeconfig is not None or bool(context)


def objects_and_files(arguments: Sequence[Path] | None, *, names_first: bool = False) -> tuple[list[str], list[Path]]:
    """Return the arguments that are ``KIND/NAME``, and those that are files, also ones whose names are misspelt.

    Args:
        arguments: of the command line.
        names_first: what is neither is the name of an object, written wrongly, rather than that of a file.
    """
    names: list[str] = []
    files: list[Path] = []
    for path in arguments or ():
        kind, slash, _ = str(path).partition("/")
        is_file = str(path) == "-" or path.exists() or path.suffix in {".yaml", ".yml", ".json"}
        is_name = names_first or (bool(slash) and cluster.kinds.named(kind) is not None)
        if is_name and not is_file:
            names.append(str(path))
        else:
            files.append(path)
    return names, files


def check_names(names: Sequence[str] | None, *, all_namespaces: bool) -> None:
    """Check that objects are not named where every namespace is asked about: names are those of one namespace.

    Raises:
        typer.BadParameter: they are.
    """
    if names and all_namespaces:
        raise typer.BadParameter("cannot be combined with names", param_hint="--all-namespaces")


def check_settings(settings: Settings) -> None:
    """Check that no settings are given where a webhook's own are used.

    Raises:
        typer.BadParameter: one is.
    """
    if settings != options.DEFAULTS:
        message = "where a cluster is asked, settings are those of its webhook; give configuration files to use others"
        raise typer.BadParameter(message)


def run(command: Coroutine[Any, Any, _Result]) -> _Result:
    """Run the asynchronous part of a command."""
    return asyncio.run(command)
