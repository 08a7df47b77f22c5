"""Connections are tracked until they are closed."""

import asyncio
import contextlib

import aiohttp
from aiohttp import web

from webhook.cluster import connections
from webhook.cluster.credentials import Credentials


async def answer(_request: web.Request) -> web.Response:
    return web.Response(text="yes")


async def test_a_reused_connection_is_tracked_once(aiohttp_server):
    problems = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: problems.append(context))
    application = web.Application()
    application.router.add_get("/", answer)
    server = await aiohttp_server(application)
    connector = connections.Connector()
    async with aiohttp.ClientSession(connector=connector) as session:
        for _ in range(3):
            async with session.get(server.make_url("/")) as response:
                assert await response.text() == "yes"
        assert len(connector._open) == 1
        await connector.abort()
    assert (connector._open, problems) == ({}, [])


async def test_aborting_closes_a_connection_that_is_in_use(aiohttp_server):
    received, over = asyncio.Event(), asyncio.Event()

    async def wait(request: web.Request) -> web.Response:
        received.set()
        await over.wait()
        return await answer(request)

    application = web.Application()
    application.router.add_post("/", wait)
    server = await aiohttp_server(application)
    connector = connections.Connector(force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        asking = asyncio.create_task(session.post(server.make_url("/")))  # aiohttp would repeat a GET
        await received.wait()
        await connector.abort()
        assert connector._open == {}
        with contextlib.suppress(aiohttp.ClientError):
            await asking
        over.set()


async def test_a_connection_whose_closing_is_cancelled_is_closed_nevertheless(monkeypatch):
    async def abort() -> None:
        await asyncio.Event().wait()

    connection = connections.Connection(Credentials("http://127.0.0.1:1", "", None, None, None, {}))
    monkeypatch.setattr(connection._connector, "abort", abort)
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)

    closing.cancel()
    await asyncio.wait([closing])

    assert connection._session.closed
