"""Requests: what is sent, that it is sent once, and that every failure is an ``ApiError``."""

import asyncio
import contextlib
import gc
import json
import socket

import pytest

from tests.cluster.apiserver import (
    AGENT,
    answer,
    config_map,
    half_an_answer,
    kubeconfig,
    no_answer,
    silence,
    status,
    until,
)
from webhook import cluster
from webhook.cluster import answers

HOOKS = cluster.mutating_webhook_configuration("hydra-webhook")


@pytest.fixture
async def client(server, tmp_path):
    created = cluster.Client(kubeconfig(tmp_path, server.url))
    yield created
    await created.close()


async def test_each_verb_sends_its_request(server, client):
    body = config_map("new", 5)
    operations = [{"op": "test", "path": "/a", "value": 1}]
    server.script += [answer(200, body), answer(201, body), answer(200, body), answer(200, body)]
    assert await client.get(AGENT) == body
    assert await client.create(AGENT, body) == body
    assert await client.replace(AGENT, body) == body
    assert await client.patch_json(HOOKS, operations) == body
    sent = [
        (request.method, request.path, request.headers.get("content-type"), json.loads(request.body or "null"))
        for request in server.requests
    ]
    assert sent == [
        ("GET", AGENT.path, None, None),
        ("POST", AGENT.collection.path, "application/json", body),
        ("PUT", AGENT.path, "application/json", body),
        ("PATCH", HOOKS.path, "application/json-patch+json", operations),
    ]


async def test_a_name_with_special_characters_arrives_unchanged(server, client):
    strange = cluster.secret("a b", "c/d?e%20")
    server.script.append(answer(200, {}))
    await client.get(strange)
    assert server.requests[0].path == strange.path


VERBS = {
    "get": lambda client: client.get(AGENT),
    "create": lambda client: client.create(AGENT, {}),
    "update": lambda client: client.replace(AGENT, {}),
    "patch": lambda client: client.patch_json(AGENT, []),
    "list": lambda client: client.page(AGENT.alone),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", [no_answer(), half_an_answer(on="")], ids=str)
async def test_a_request_without_an_answer_is_not_repeated(server, client, verb, fault):
    server.script += [fault, answer(200, {})]
    with pytest.raises(cluster.ApiError) as caught:
        await VERBS[verb](client)
    assert caught.value.code == "unreachable"
    assert str(caught.value).startswith(f"{verb} ConfigMap hydra-system/hydra-agent at {server.url}: ")
    assert len(server.requests) == 1


@pytest.mark.parametrize("verb", VERBS)
async def test_a_conflict_has_the_servers_message(server, client, verb):
    server.script.append(status(409, "Conflict", "the object has been modified"))
    with pytest.raises(cluster.ApiError) as caught:
        await VERBS[verb](client)
    assert (caught.value.code, caught.value.http_status) == ("conflict", 409)
    assert str(caught.value) == f"{verb} ConfigMap hydra-system/hydra-agent: 409: the object has been modified"


async def test_a_redirect_is_not_followed(server, tmp_path):
    client = cluster.Client(kubeconfig(tmp_path, server.url, user={"token": "secret"}))
    server.script.append(answer(307, "", Location=f"{server.url}/elsewhere"))
    with pytest.raises(cluster.ApiError) as caught:
        await client.get(AGENT)
    await client.close()
    assert (caught.value.code, len(server.requests)) == ("malformed", 1)


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(server, client, monkeypatch):
    monkeypatch.setattr(answers, "LARGEST", 100_000)
    server.script.append(answer(200, config_map("x" * 200_000, 5)))
    with pytest.raises(cluster.ApiError, match="an answer of more than 100000 bytes") as caught:
        await client.get(AGENT)
    assert caught.value.code == "malformed"


async def test_a_silent_server_is_a_timeout(server, tmp_path):
    client = cluster.Client(tmp_path / "kubeconfig", deadlines=cluster.Deadlines(answer=0.1))
    kubeconfig(tmp_path, server.url)
    server.script.append(silence())
    try:
        async with asyncio.timeout(60):
            with pytest.raises(cluster.ApiError, match="no answer in time") as caught:
                await client.get(AGENT)
        assert caught.value.code == "timeout"
    finally:
        await client.close()


async def test_a_server_that_accepts_no_connection_is_a_timeout(tmp_path):
    """The backlog of a socket that never accepts is full after a few connections; the next ones get no answer at all."""
    with socket.socket() as full, contextlib.ExitStack() as queue:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(8):
            filler = queue.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        path = kubeconfig(tmp_path, f"http://127.0.0.1:{full.getsockname()[1]}")
        client = cluster.Client(path, deadlines=cluster.Deadlines(connect=0.1, answer=30))
        with pytest.raises(cluster.ApiError) as caught:
            await client.get(AGENT)
        await client.close()
    assert caught.value.code == "timeout"


async def test_a_silent_tls_handshake_is_a_timeout(server, tmp_path):
    """The server speaks plain HTTP: it waits for the end of a line, and the client waits for the handshake to continue."""
    path = kubeconfig(tmp_path, server.url.replace("http:", "https:"))
    client = cluster.Client(path, deadlines=cluster.Deadlines(connect=0.1, answer=30))
    with pytest.raises(cluster.ApiError) as caught:
        await client.get(AGENT)
    await client.close()
    assert caught.value.code == "timeout"


async def test_a_watch_continues_while_the_credentials_change(server, tmp_path):
    token = tmp_path / "token"
    token.write_text("old")
    client = cluster.Client(kubeconfig(tmp_path, server.url, user={"tokenFile": "token"}))
    async with client.watch(AGENT.alone, str(server.version), 30) as stream:
        token.write_text("newer")
        server.script.append(answer(200, {}))
        await client.get(AGENT)
        await server.put("one")
        event = await anext(stream)
        assert event.object["data"] == {"text": "one"}
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer old", "Bearer newer"]
    await client.close()


async def test_closing_leaves_no_session_open(server, tmp_path):
    client = cluster.Client(kubeconfig(tmp_path, server.url))
    async with client.watch(AGENT.alone, str(server.version), 30):
        await until(lambda: server.watching)
    await client.close()
    gc.collect()  # a session that was not closed warns here, and a warning is an error


async def test_a_page_of_a_collection_is_larger_than_that_of_a_single_object(server, client):
    everything = AGENT.collection
    for collection, few in ((AGENT.alone, False), (everything, False), (everything, True)):
        await client.page(collection, few=few)
    assert [request.query["limit"] for request in server.requests] == ["10", "100", "5"]


async def test_a_client_that_was_never_used_can_be_closed(tmp_path):
    await cluster.Client(tmp_path / "kubeconfig").close()
