"""The log: one line for each event, as JSON or for people."""

import logging
import os
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import msgspec
import structlog

LogFormat = Literal["auto", "json", "console"]

MAX_FIELD = 512  # characters of one log field; a Kubernetes object name has at most 253
#: Fields that a console leaves out: they tell lines apart that a person reads one after the other.
_FOR_PROGRAMS = ("uid", "serial")

MAX_TRACEBACK = 8192  # characters; enough for some sixty frames


class Log(Protocol):
    """Logs events: a constant name, and fields for what varies.

    Callers pass every field that comes from a request through :func:`clean`.
    """

    def info(self, event: str, **fields: Any) -> None:
        """Log an event of normal operation."""

    def warning(self, event: str, **fields: Any) -> None:
        """Log a fault on the other side, such as a malformed call."""

    def error(self, event: str, **fields: Any) -> None:
        """Log what an operator should look into."""


def writer(log: Log, severity: Literal["info", "warning", "error"]) -> Callable[..., None]:
    """Return the method of ``log`` that writes events of this severity."""
    return {"info": log.info, "warning": log.warning, "error": log.error}[severity]


def clean(text: str, limit: int = MAX_FIELD) -> str:
    """Return ``text`` cut to ``limit`` characters, with unprintable ones replaced by ``?``."""
    if len(text) > limit:
        text = f"{text[: limit - 1]}…"
    if not text.isprintable():  # also false for line separators, direction overrides and lone surrogates
        text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text


def describe(error: BaseException) -> str:
    """Return a bounded traceback for the log: frames, type and message, never the values of variables."""
    lines = traceback.format_exception(error)
    lines[-1] = clean(lines[-1].rstrip())
    return "".join(lines)[-MAX_TRACEBACK:].encode("utf-8", "replace").decode()


class Stream(Protocol):
    """Where lines go: a binary file, or :class:`webhook.telemetry.queued_lines.QueuedLines`."""

    def write(self, line: bytes, /) -> object:
        """Write a line."""

    def flush(self) -> object:
        """Write what is buffered."""

    def isatty(self) -> bool:
        """Return whether a person watches."""


class _Lines:
    """Writes finished lines to a stream. A log that cannot be written must not fail an admission."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def info(self, line: bytes) -> None:
        """Write one line and flush it: the last lines before a crash are the ones that matter."""
        try:
            self._stream.write(line + b"\n")
            self._stream.flush()
        except (OSError, ValueError):  # the pipe has no reader any more, or the stream is closed
            return

    warning = error = info  # structlog picks the method by level; the level is in the line


def make_log(stream: Stream, log_format: LogFormat = "auto") -> Log:
    """Return a log that writes one line for each event.

    Args:
        stream: where to write.
        log_format: ``json``, ``console`` (for people; in colour on a terminal, unless ``NO_COLOR`` is set), or ``auto``:
            ``console`` on a terminal, else ``json``.
    """
    terminal = stream.isatty()
    console = log_format == "console" or (log_format == "auto" and terminal)
    colours = terminal and not os.environ.get("NO_COLOR")
    for_people: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        _for_people,
        structlog.dev.ConsoleRenderer(colors=colours, sort_keys=False, pad_level=False, pad_event_to=0),
        _encode,
    ]
    log: Log = structlog.wrap_logger(
        _Lines(stream),
        processors=for_people if console else [],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO) if console else _JsonLines,
        context_class=dict,
    ).bind()
    return log


def route_standard_library(log: Log) -> None:
    """Send to ``log`` what libraries report through ``logging`` at WARNING or above, and Python's own warnings."""
    logging.basicConfig(handlers=[_Bridge(log)], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)


class _Bridge(logging.Handler):
    """A ``logging`` handler that writes each record as a line of our log."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name, "message": clean(record.getMessage())}
        if record.exc_info and record.exc_info[1] is not None:
            fields["traceback"] = describe(record.exc_info[1])
        write = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        write("library", **fields)


_encode_json = msgspec.json.Encoder(enc_hook=str).encode


class _JsonLines(structlog.BoundLoggerBase):
    """Writes events as JSON without a chain of processors, which would take a tenth of a request's time."""

    def info(self, event: str, **fields: Any) -> None:
        self._line("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._line("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._line("error", event, fields)

    def _line(self, level: str, event: str, fields: dict[str, Any]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._logger.info(_encode_json({"timestamp": now, "level": level, "event": event, **fields}))


def _for_people(_logger: Any, _method: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty, 0 or false, and what only programs look for; put a traceback on lines of its own."""
    shown = {key: value for key, value in fields.items() if value and key not in _FOR_PROGRAMS}
    if "traceback" in shown:
        shown["exception"] = shown.pop("traceback")
    return shown


def _encode(_logger: Any, _method: str, line: str) -> bytes:
    return line.encode("utf-8", "replace")
