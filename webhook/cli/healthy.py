"""``healthy``: asks the server beside it how it is, as a container's health check.

A container engine runs this every few seconds, so it imports next to nothing of the rest.
"""

import http.client
from typing import Annotated

import typer

#: Seconds to wait for the connection, and again for each piece of the answer, of a server on the same machine.
TIMEOUT = 3.0
#: The list that ``/readyz`` answers with is some lines long; more than this is not read.
_MOST_BYTES = 64 * 1024
#: A server that listens on every address of a family is asked on that family's loopback address.
_LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on

Host = Annotated[
    str,
    typer.Option(
        envvar="HYDRA_WEBHOOK_HOST", show_default="loopback", help="Address that the server was told to listen on."
    ),
]
HealthPort = Annotated[
    int, typer.Option(envvar="HYDRA_WEBHOOK_HEALTH_PORT", min=1, max=65535, help="Health port of the server.")
]
Ready = Annotated[bool, typer.Option("--ready", help="Ask /readyz: also whether it should get requests.")]


def healthy(host: Host = "", health_port: HealthPort = 8081, ready: Ready = False) -> None:  # noqa: FBT002 - an option
    """Ask the server beside this process whether it answers, for a container's health check.

    Exit status: 0 it does, 1 it does not, or it is not ready, 2 bad usage.
    """
    problem = _problem(_LOOPBACK.get(host, host), health_port, "/readyz" if ready else "/livez")
    if problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1)


def _problem(host: str, port: int, path: str) -> str:
    """Return one line that says what is wrong, empty if nothing is."""
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(_MOST_BYTES).decode(errors="replace")
    except OSError as error:
        return f"{where}: {error.strerror or error}"
    except http.client.HTTPException as error:
        return f"{where}: this is no answer in HTTP: {error!r}"
    finally:
        connection.close()
    return "" if answer.status == http.client.OK else f"{where}: HTTP {answer.status}: {'; '.join(body.splitlines())}"
