"""A raw HTTP/1.1 client, since the server must also answer what no well-behaved library sends."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):  # the server may have answered and closed already
            await self.writer.drain()

    async def answer(self) -> Answer:
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 20)).decode()
        first, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split(" ")[1]), headers, body)

    async def ask(self, data: bytes) -> Answer:
        await self.send(data)
        return await self.answer()

    async def ended(self) -> bool:
        """Wait until the server has closed the connection; return whether it did so without sending anything else."""
        return await asyncio.wait_for(self.reader.read(), 20) == b""


@contextlib.asynccontextmanager
async def connect(
    port: int, ca_pem: bytes | None = None, context: ssl.SSLContext | None = None, host: str = "localhost"
) -> AsyncIterator[Wire]:
    """Open a connection: TLS with ``context``, or trusting only ``ca_pem``, to a server named ``host``; plain without either."""
    if ca_pem:
        context = ssl.create_default_context(cadata=ca_pem.decode())
    name = {"server_hostname": host} if context is not None else {}
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, **name)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
            try:
                await asyncio.wait_for(writer.wait_closed(), 5)
            finally:
                writer.transport.abort()


def post(
    body: bytes = b"{}", *headers: str, target: str = "/mutate?timeout=5s", kind: str = "application/json"
) -> bytes:
    """Return a POST as the API server sends it; more headers may be given as ``Name: value``."""
    lines = [
        f"POST {target} HTTP/1.1",
        "Host: localhost",
        "User-Agent: kube-apiserver-admission",
        f"Content-Length: {len(body)}",
        "Accept: application/json, */*",
        *([f"Content-Type: {kind}"] if kind else []),
        "Accept-Encoding: gzip",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(target: str, *headers: str, method: str = "GET") -> bytes:
    """Return a request without a body."""
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()
