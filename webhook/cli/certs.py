"""``hydra-webhook certs show``: the CA that the replicas in a cluster share, and whether API servers trust it."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

import certs as pki
from webhook import app, cluster
from webhook.cli import clusters, options, output, usage

certs = typer.Typer(name="certs", no_args_is_help=True, add_completion=False, rich_markup_mode=None)

_DEFAULTS = app.ClusterOptions()

#: The Secret with the CA that all replicas share.
CA_SECRET = _DEFAULTS.ca_secret

Namespace = Annotated[
    str,
    typer.Option(
        "--namespace",
        "-n",
        "--webhook-namespace",
        metavar="NAME",
        callback=options.object_name,
        show_default=f"{clusters.WEBHOOK_NAMESPACE}; in a pod without a kubeconfig, that of the pod",
        help="Namespace that the webhook is installed in.",
    ),
]
WebhookConfiguration = Annotated[
    str, typer.Option(metavar="NAME", help="MutatingWebhookConfiguration whose caBundle to check.")
]
Connect = Annotated[
    str,
    typer.Option(metavar="HOST:PORT", show_default="none", help="Also check the certificate that this address serves."),
]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A row of the table.

    Attributes:
        role: ``signer``, ``successor``, ``predecessor``, or ``served``.
        info: its contents.
        due: when it will be renewed; None if it will not be.
        trusted: whether API servers trust it according to the webhook configuration; None if there is no such configuration.
    """

    role: str
    info: pki.CertificateInfo
    due: datetime | None
    trusted: bool | None


@certs.callback()
def _certs() -> None:
    """Inspect the certificates of an installation."""


@certs.command(cls=usage.Command)
def show(
    kubeconfig: clusters.Kubeconfig = None,
    context: clusters.Context = "",
    namespace: Namespace = "",
    ca_secret: options.CaSecret = CA_SECRET,
    webhook_configuration: WebhookConfiguration = "hydra-webhook",
    connect: Connect = "",
) -> None:
    """Show the CA of the webhook and whether API servers trust it.

    Needs permission to get the Secret and to list the webhook configuration. Never shows a key.

    Exit status: 0 no problem, 1 a problem, or something could not be read, 2 wrong usage.
    """
    configuration = cluster.mutating_webhook_configuration(webhook_configuration)
    try:
        asked = cluster.contexts.find(kubeconfig, context)
        own = asked.namespace if asked.source is None else clusters.WEBHOOK_NAMESPACE
        secret = cluster.secret(namespace or own, ca_secret)
        clock = cluster.ServerClock()
        data, found = asyncio.run(_read(cluster.Client(asked.source, clock=clock), secret, configuration))
        served = _served(connect)
    except (cluster.ApiError, OSError, ValueError) as error:
        output.report(str(error))
        raise typer.Exit(1) from error
    now = pki.Reading(datetime.now(UTC), clock.skew).now
    bundles = cluster.ca_bundles(found or {})
    rows, wrong = judge(pki.contents_of(data), bundles, now)
    if not data:
        wrong = [f"{secret.human} is empty: no replica has written it yet", *wrong]
    if found is None:
        wrong.append(f"{configuration.human} does not exist")
    elif not bundles:
        wrong.append(f"{configuration.human} has no webhooks")
    for info in served:
        trusted = all(not pki.verifies(info.pem, bundle, _host_of(info), now) for bundle in bundles.values())
        rows.append(Certificate("served", info, None, trusted if bundles else None))
        if bundles and not trusted:
            wrong.append(f"API servers do not trust the certificate served at {connect}")
    output.print_table(_table(rows, now))
    for line in wrong:
        output.report(line)
    if wrong:
        raise typer.Exit(1)


def judge(contents: pki.Contents, bundles: Mapping[str, bytes], now: datetime) -> tuple[list[Certificate], list[str]]:
    """Return the certificates of the Secret, and a line for each problem.

    Args:
        contents: what the Secret contains.
        bundles: each webhook's caBundle as PEM, by the webhook's name; empty if there is no webhook configuration.
        now: the current time.
    """
    trusted = [{info.pem for info in pki.read_bundle(bundle)[0]} for bundle in bundles.values()]
    pairs = {"signer": contents.signer, "successor": contents.successor}
    roles = {pair.certificate_pem: (role, pki.renewal(pair)) for role, pair in pairs.items() if pair is not None}
    rows = []
    for info in contents.certificates:
        role, due = roles.get(info.pem, ("predecessor", None))
        in_all = all(info.pem in bundle for bundle in trusted) if bundles else None
        rows.append(Certificate(role, info, due if role == "signer" else None, in_all))
    rows.sort(key=lambda row: ("signer", "successor", "predecessor").index(row.role))
    wrong = list(contents.problems)
    signer = contents.signer.certificate_pem if contents.signer is not None else b""
    for (name, bundle), infos in zip(bundles.items(), trusted, strict=True):
        if not bundle:
            wrong.append(f"webhook {name} has no caBundle, so API servers cannot call it")
        elif signer and signer not in infos:
            wrong.append(
                f"the caBundle of webhook {name} does not contain the signer, so API servers reject the certificate"
            )
    wrong += [f"the {row.role} has expired" for row in rows if row.role == "signer" and now >= row.info.not_after]
    wrong += [
        f"the {row.role} is not valid before {row.info.not_before:%Y-%m-%d %H:%M}: it was created by a clock that is ahead"
        for row in rows
        if row.role == "signer" and not pki.has_begun(row.info.not_before, now)
    ]
    return rows, wrong


async def _read(
    client: cluster.Client, secret: cluster.ObjectReference, configuration: cluster.ObjectReference
) -> tuple[dict[str, bytes], dict[str, Any] | None]:
    try:
        data = cluster.secret_data(await client.get(secret))
        page = await client.page(configuration.alone)  # not a get: the webhook's own account may only list
    finally:
        await client.close()
    return data, next(iter(page.items), None)


def _served(address: str) -> Sequence[pki.CertificateInfo]:
    """Return the certificate that a server presents.

    Raises:
        ValueError: the address is not HOST:PORT.
        OSError: no server answers there.
    """
    if not address:
        return ()
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        raise ValueError(f"{address!r} is not HOST:PORT")
    return pki.describe(ssl.get_server_certificate((host.strip("[]"), int(port)), timeout=5).encode())


def _host_of(info: pki.CertificateInfo) -> str:
    """Return a name to verify the certificate with. Any of its names will do, since only trust is in question."""
    return info.names[0] if info.names else "localhost"


def _table(rows: Sequence[Certificate], now: datetime) -> Table:
    table = Table("ROLE", "SERIAL", "VALID UNTIL", "LEFT", "RENEWED FROM", "TRUSTED", box=None, pad_edge=False)
    for row in rows:
        trusted = {None: "unknown", True: "yes", False: "no"}[row.trusted]
        due = f"{row.due:%Y-%m-%d %H:%M}" if row.due is not None else ""
        until = row.info.not_after
        table.add_row(row.role, row.info.serial[:16], f"{until:%Y-%m-%d %H:%M}", _left(until, now), due, trusted)
    return table


def _left(until: datetime, now: datetime) -> str:
    hours = int((until - now).total_seconds() // 3600)
    return "expired" if until <= now else f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
