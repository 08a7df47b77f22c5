"""The webhooks that decide nothing, on aiohttp alone: ``python -m bench.plain_servers NAME PORT FOLDER``.

They import nothing of the product, so that their memory and the time of their start are those of such a server. FOLDER holds
``tls.crt`` and ``tls.key``.
"""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONSTANT = b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u","allowed":true}}'


async def noop(request: web.Request) -> web.StreamResponse:
    """Do the least that an API server accepts: read the review, allow it, echo its uid."""
    review = await request.json()
    response = {"uid": review["request"]["uid"], "allowed": True}
    return web.json_response({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response})


async def constant(request: web.BaseRequest) -> web.StreamResponse:
    """Read the body without looking at it, and answer a constant."""
    await request.read()
    return web.Response(body=CONSTANT, content_type="application/json")


def ready(patch: str) -> Handler:
    """Return a handler that does the same as `noop`, and sends this patch, which is in base64."""

    async def handle(request: web.Request) -> web.StreamResponse:
        review = await request.json()
        response = {"uid": review["request"]["uid"], "allowed": True, "patchType": "JSONPatch", "patch": patch}
        return web.json_response({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response})

    return handle


@asynccontextmanager
async def serving(handle: Handler, context: ssl.SSLContext, port: int = 0, max_body: int = 2**20) -> AsyncIterator[int]:
    """Serve an ordinary aiohttp application with one route; yield its port."""
    application = web.Application(client_max_size=max_body)
    application.router.add_post("/mutate", handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context)
        await site.start()
        yield site.port
    finally:
        await runner.cleanup()


HANDLERS: dict[str, Handler] = {"no-op webhook": noop, "constant": constant}


async def main(name: str, port: int, folder: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    async with serving(HANDLERS[name], context, port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
