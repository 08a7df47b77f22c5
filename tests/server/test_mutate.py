"""What is counted and logged of a request, and what of the inside gets out: nothing."""

import json

import pytest

from tests.server import deciders, wire
from webhook import mutation

FIELDS = {
    "event",
    "level",
    "timestamp",
    "uid",
    "kind",
    "operation",
    "namespace",
    "name",
    "outcome",
    "reason",
    "runtime",
    "revision",
    "dry_run",
    "milliseconds",
}


async def ask(decide) -> tuple[wire.Answer, deciders.Served]:
    async with deciders.served(decide) as served, wire.connect(served.port, served.ca_pem) as client:
        return await client.ask(wire.post()), served


async def test_a_request_makes_one_log_line_with_its_uid_and_reason():
    _, served = await ask(lambda _: deciders.decision(dry_run=True))
    (line,) = served.lines
    assert set(line) == FIELDS
    assert (line["uid"], line["reason"], line["outcome"], line["dry_run"]) == ("u-1", "rendered", "mutated", True)
    assert line["milliseconds"] >= 0


async def test_an_error_that_was_decided_is_logged_with_its_id_and_traceback():
    error = KeyError("image")
    _, served = await ask(lambda _: deciders.decision(outcome="errored", error_id="e-1", error=error))
    (line,) = served.lines
    assert (line["level"], line["error_id"]) == ("error", "e-1")
    assert "KeyError: 'image'" in line["traceback"]


async def test_what_a_request_says_cannot_forge_or_flood_the_log():
    hostile = '\n{"event":"admission","uid":"forged"}\u2028\x1b[31m\x9b\u202e\ud800' + "x" * 100_000
    _, served = await ask(lambda _: deciders.decision(uid=hostile, namespace=hostile, name=hostile, operation=hostile))
    (raw,) = served.output.getvalue().splitlines()
    assert len(raw) < 4000
    line = json.loads(raw)
    for key in ("uid", "namespace", "name", "operation"):
        assert line[key].isprintable()
        assert len(line[key]) <= 512


async def test_an_error_that_escapes_the_decision_is_answered_500_without_a_word_of_the_inside():
    def explode(_body: bytes) -> mutation.Decision:
        raise RuntimeError("secret of the inside")

    answer, served = await ask(explode)
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body
    (line,) = served.lines
    assert line["error_id"] in answer.body.decode()
    assert "RuntimeError: secret of the inside" in line["traceback"]
    assert 'controller_runtime_webhook_requests_total{code="500",webhook="/mutate"} 1.0' in served.exposed()


async def test_the_server_goes_on_after_an_error():
    answers = iter([RuntimeError("once"), None])

    def explode_once(body: bytes) -> mutation.Decision:
        if error := next(answers):
            raise error
        return deciders.admit(body)

    async with deciders.served(explode_once) as served, wire.connect(served.port, served.ca_pem) as client:
        assert (await client.ask(wire.post())).status == 500
        assert (await client.ask(wire.post())).status == 200


async def test_requests_are_counted_by_status_and_timed():
    async with deciders.served() as served, wire.connect(served.port, served.ca_pem) as client:
        for request in (wire.post(), wire.post(), wire.post(b"x"), wire.post(kind="text/plain"), wire.get("/else")):
            await client.ask(request)
        exposed = served.exposed()
    assert 'controller_runtime_webhook_requests_total{code="200",webhook="/mutate"} 2.0' in exposed
    assert 'controller_runtime_webhook_requests_total{code="400",webhook="/mutate"} 1.0' in exposed
    assert 'controller_runtime_webhook_requests_total{code="415",webhook="/mutate"} 1.0' in exposed
    assert 'controller_runtime_webhook_latency_seconds_count{webhook="/mutate"} 4.0' in exposed
    assert 'controller_runtime_webhook_requests_in_flight{webhook="/mutate"} 0.0' in exposed
    assert 'hydra_webhook_mutations_total{kind="Pod",outcome="mutated"} 2.0' in exposed


@pytest.mark.parametrize("reason", ["template-failed", "no-value"])
async def test_a_template_that_failed_is_counted_for_its_runtime(reason):
    _, served = await ask(lambda _: deciders.decision(outcome="denied", reason=reason))
    assert 'hydra_webhook_render_errors_total{runtime="vllm-cpu"} 1.0' in served.exposed()


async def test_other_denials_are_no_render_errors():
    _, served = await ask(lambda _: deciders.decision(outcome="denied", reason="unknown-runtime", runtime=""))
    assert not [line for line in served.exposed() if line.startswith("hydra_webhook_render_errors_total{")]
    assert 'hydra_webhook_mutations_total{kind="Pod",outcome="denied"} 1.0' in served.exposed()
