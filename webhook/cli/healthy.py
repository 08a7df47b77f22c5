"""``hydra-webhook healthy``: asks a running server whether it answers, for the health check of a container.

A container engine runs this every few seconds, so it imports nothing else of the project.
"""

import http.client
from typing import Annotated

import typer

#: Seconds to wait for the connection, and again for each part of the answer. The server is on the same machine.
TIMEOUT = 3.0
#: ``/readyz`` answers with a few lines; no more than this is read.
_MOST_BYTES = 64 * 1024
#: If the server listens on every address of a family, ask it on that family's loopback address.
_LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on

Host = Annotated[
    str,
    typer.Option(show_default="loopback", help="Address that the server listens on."),
]
HealthPort = Annotated[int, typer.Option(min=1, max=65535, help="Health port of the server.")]
Ready = Annotated[
    bool, typer.Option("--ready", help="Ask /readyz instead of /livez: is the server ready for requests?")
]


def healthy(host: Host = "", health_port: HealthPort = 8081, ready: Ready = False) -> None:  # noqa: FBT002 - an option
    """Check the health of a server in the same container.

    Exit status: 0 healthy, 1 not healthy or no answer, 2 wrong usage.
    """
    problem = _problem(_LOOPBACK.get(host, host), health_port, "/readyz" if ready else "/livez")
    if problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1)


def _problem(host: str, port: int, path: str) -> str:
    """Return what is wrong in one line, or "" if the server is healthy."""
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(_MOST_BYTES).decode(errors="replace")
    except OSError as error:
        return f"{where}: {error.strerror or error}"
    except http.client.HTTPException as error:
        return f"{where}: not an HTTP answer: {error!r}"
    finally:
        connection.close()
    return "" if answer.status == http.client.OK else f"{where}: HTTP {answer.status}: {'; '.join(body.splitlines())}"
