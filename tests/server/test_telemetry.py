"""Logs cannot be forged and never fail a request, and metrics have their documented names."""

import io
import json
import logging
import os
import warnings

import pytest

from webhook import telemetry
from webhook.telemetry import log as log_module


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def restore_logging():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    show = warnings.showwarning
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    warnings.showwarning = show


@pytest.mark.parametrize(
    ("stream", "log_format", "is_json"),
    [
        (io.BytesIO, "auto", True),
        (Terminal, "auto", False),
        (Terminal, "json", True),
        (io.BytesIO, "console", False),
    ],
    ids=["a pipe", "a terminal", "a terminal, JSON asked for", "a pipe, text asked for"],
)
def test_lines_are_json_unless_the_stream_is_a_terminal(stream, log_format, is_json):
    output = stream()
    telemetry.make_log(output, log_format).info("serving", port=1)
    line = output.getvalue()
    assert line.count(b"\n") == 1
    assert line.startswith(b"{") == is_json
    if is_json:
        parsed = json.loads(line)
        assert (parsed["event"], parsed["level"], parsed["port"]) == ("serving", "info", 1)
        assert parsed["timestamp"].endswith("Z")


def test_a_console_shows_a_person_what_matters_in_the_order_in_which_it_was_said():
    output = io.BytesIO()
    log = telemetry.make_log(output, "console")

    log.info("admission", uid="1f2e", name="qwen", dry_run=False, outcome="mutated", milliseconds=1.5)
    log.error("internal error", traceback='Traceback:\n  File "x.py"\nValueError: no')

    first, second, *traceback = output.getvalue().decode().splitlines()
    assert first.partition(" ")[2] == "[info] admission name=qwen outcome=mutated milliseconds=1.5"
    assert second.partition(" ")[2] == "[error] internal error"
    assert traceback == ["Traceback:", '  File "x.py"', "ValueError: no"]


@pytest.mark.parametrize(
    ("stream", "no_colour", "coloured"), [(Terminal, "", True), (Terminal, "1", False), (io.BytesIO, "", False)]
)
def test_only_a_terminal_gets_colours_and_only_if_the_user_wants_them(stream, no_colour, coloured, monkeypatch):
    monkeypatch.setenv("NO_COLOR", no_colour)
    output = stream()

    telemetry.make_log(output, "console").info("serving", port=1)

    assert (b"\x1b[" in output.getvalue()) == coloured


def test_a_log_whose_reader_is_gone_does_not_raise():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as stream:
        log = telemetry.make_log(stream, "json")
        log.info("unheard")
    log.info("into a closed stream")


CLEANED = {
    "ordinary text": ("team-a/模型", 20, "team-a/模型"),
    "a line end": ("a\nb\r\x00", 20, "a?b??"),
    "other line ends": ("a\u2028b\u0085c", 20, "a?b?c"),
    "colours": ("\x1b[31mred\x9b", 20, "?[31mred?"),
    "a direction override": ("a\u202eb", 20, "a?b"),
    "a lone surrogate": ("a\ud800b", 20, "a?b"),
    "just short enough": ("x" * 5, 5, "xxxxx"),
    "too long": ("x" * 6, 5, "xxxx…"),
    "nothing": ("", 5, ""),
}


@pytest.mark.parametrize(("text", "limit", "cleaned"), CLEANED.values(), ids=CLEANED)
def test_untrusted_text_is_cut_and_made_printable(text, limit, cleaned):
    assert telemetry.clean(text, limit) == cleaned


def test_an_error_is_described_with_its_frames_and_a_bounded_message():
    def inner(secret: str) -> None:
        raise ValueError("line\n" * 1000)

    argument = "a secret argument"
    with pytest.raises(ValueError, match="line") as caught:
        inner(argument)
    described = telemetry.describe(caught.value)
    assert "in inner" in described
    assert "a secret argument" not in described
    assert len(described) <= log_module.MAX_TRACEBACK


def test_the_description_of_a_deep_recursion_is_bounded():
    def deeper() -> None:
        deeper()

    with pytest.raises(RecursionError) as caught:
        deeper()
    assert len(telemetry.describe(caught.value)) <= log_module.MAX_TRACEBACK


def test_log_records_of_libraries_have_the_same_form(restore_logging):
    output = io.BytesIO()
    telemetry.route_standard_library(telemetry.make_log(output, "json"))
    library = logging.getLogger("asyncio")
    library.info("not of interest")
    library.warning("slow %s", "callback\nforged")
    try:
        1 / 0  # noqa: B018 - for its exception
    except ZeroDivisionError:
        library.exception("failed")
    warning, error = map(json.loads, output.getvalue().splitlines())
    assert (warning["level"], warning["logger"], warning["message"]) == ("warning", "asyncio", "slow callback?forged")
    assert error["level"] == "error"
    assert "ZeroDivisionError" in error["traceback"]


def test_metrics_have_the_documented_names_and_labels():
    metrics = telemetry.Metrics("1.2.3")
    requests = metrics.webhook("/mutate")
    requests.began()
    requests.ended(200, 0.0004)
    metrics.decided("Pod", "mutated")
    metrics.render_failed("vllm")
    metrics.configuration_loaded("agent", 1000.0)
    metrics.configuration_problems("agent", {"error": 1, "warning": 0})
    metrics.certificate_loaded(2000.0)
    lines = metrics.expose("")[0].decode().splitlines()
    for line in (
        'controller_runtime_webhook_requests_total{code="200",webhook="/mutate"} 1.0',
        'controller_runtime_webhook_requests_total{code="500",webhook="/mutate"} 0.0',
        'controller_runtime_webhook_latency_seconds_bucket{le="0.00025",webhook="/mutate"} 0.0',
        'controller_runtime_webhook_latency_seconds_bucket{le="0.0005",webhook="/mutate"} 1.0',
        'controller_runtime_webhook_requests_in_flight{webhook="/mutate"} 0.0',
        'hydra_webhook_mutations_total{object_kind="Pod",outcome="mutated"} 1.0',
        'hydra_webhook_render_errors_total{runtime="vllm"} 1.0',
        'hydra_webhook_configuration_last_load_timestamp_seconds{config_kind="agent"} 1000.0',
        'hydra_webhook_configuration_problems{config_kind="agent",severity="error"} 1.0',
        'hydra_webhook_configuration_problems{config_kind="agent",severity="warning"} 0.0',
        "hydra_webhook_certificate_expiry_timestamp_seconds 2000.0",
    ):
        assert line in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)


def test_two_servers_in_one_process_count_apart():
    one, two = telemetry.Metrics("1"), telemetry.Metrics("1")
    one.decided("Pod", "denied")
    series = b'hydra_webhook_mutations_total{object_kind="Pod",outcome="denied"} '
    assert (series + b"1.0" in one.expose("")[0], series + b"0.0" in two.expose("")[0]) == (True, True)
