"""Any admission handler, from bytes to bytes: the request is read, decided, answered, counted and logged (section 11).

Nothing that fails after the decision, be it encoding, counting or logging, changes an answer or loses the traceback of an
error.
"""

import contextlib
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from webhook import admission, digests, errors, remembered, rendering, telemetry, workload

Outcome = Literal["mutated", "unchanged", "denied", "errored"]

#: Denials because a Go template of the runtime failed on the workload.
_RENDER_FAILURES = frozenset({"template-failed", "no-value"})


class Decision(msgspec.Struct, frozen=True):
    """The answer to a review, with what log and metrics report about it.

    Attributes:
        body: the AdmissionReview with the response.
        outcome: what was decided.
        reason: why, as a word or two; the code of a denial.
        uid, operation, namespace, name, dry_run: of the request.
        object_kind: ``Pod``, ``LeaderWorkerSet`` or ``other``: bounded, so that it may be a metric label.
        runtime: the runtimes concerned that the configuration knows, joined with commas; bounded as well.
        revision: of the configuration that was used; empty if nothing was rendered.
        message: of a denial.
        error_id, error: of an internal error.
    """

    body: bytes
    outcome: Outcome
    reason: str
    uid: str
    object_kind: str
    operation: str
    namespace: str
    name: str
    dry_run: bool
    runtime: str = ""
    revision: str = ""
    message: str = ""
    error_id: str = ""
    error: BaseException | None = None


def decide(body: bytes, handler: remembered.Handler, state: rendering.State) -> Decision:
    """Answer one AdmissionReview.

    Raises:
        errors.MalformedReview: the body is not one.
    """
    request = admission.parse(body)
    try:
        verdict = handler(request, state)
        answer = admission.encode(verdict.response, request.uid)
    except errors.Denied as denial:
        runtime = _known((denial.runtime,), state)
        answer = admission.encode(admission.denied(denial), request.uid)
        return _decision(request, answer, "denied", denial.code, runtime=runtime, message=denial.message)
    except errors.MalformedReview:  # an object in it is not JSON, which is found out late
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer and the log gets the error
        error_id = _error_id(request.uid, error)
        answer = admission.encode(admission.errored(error_id), request.uid)
        return _decision(request, answer, "errored", "internal-error", error_id=error_id, error=error)
    outcome: Outcome = "mutated" if verdict.response.patches else "unchanged"
    runtime, revision = _known(verdict.runtimes, state), ",".join(verdict.revisions)
    return _decision(request, answer, outcome, verdict.reason, runtime=runtime, revision=revision)


class Reviewer:
    """Answers the reviews of one webhook, counts them and logs them.

    Args:
        handler: decides them.
        state: returns the state in use.
        metrics: where to count.
        log: where to log.
    """

    def __init__(
        self,
        handler: remembered.Handler,
        state: Callable[[], rendering.State],
        metrics: telemetry.Metrics,
        log: telemetry.Log,
    ) -> None:
        self._handler = handler
        self._state = state
        self._metrics = metrics
        self._log = log

    def answer(self, body: bytes, started: float) -> bytes:
        """Return the answer to a review that began to arrive at ``started`` (seconds of ``time.perf_counter``).

        Raises:
            errors.MalformedReview: the body is not a review.
        """
        decision = decide(body, self._handler, self._state())
        try:
            self._count(decision)
        except Exception as error:  # noqa: BLE001 - the answer is ready, and counting must not change it
            self._log_failure(_error_id(decision.uid, error), error)
        try:
            self._write(decision, time.perf_counter() - started)
        except Exception as error:  # noqa: BLE001 - nor must logging
            if decision.error is not None:
                self._log_failure(decision.error_id, decision.error)
            self._log_failure(_error_id(decision.uid, error), error)
        return decision.body

    def _count(self, decision: Decision) -> None:
        self._metrics.decided(decision.object_kind, decision.outcome)
        if decision.reason in _RENDER_FAILURES:
            self._metrics.render_failed(decision.runtime)

    def _write(self, decision: Decision, seconds: float) -> None:
        clean = telemetry.clean
        fields = {
            "uid": clean(decision.uid),
            "object_kind": decision.object_kind,
            "operation": clean(decision.operation, 16),
            "namespace": clean(decision.namespace),
            "name": clean(decision.name),
            "outcome": decision.outcome,
            "reason": decision.reason,
            "runtime": decision.runtime,
            "revision": decision.revision,
            "dry_run": decision.dry_run,
            "milliseconds": round(seconds * 1000, 3),
        }
        if decision.outcome == "denied":
            fields["message"] = clean(decision.message)
        if decision.error is None:
            self._log.info("admission", **fields)
            return
        traceback = telemetry.describe(decision.error)
        self._log.error("admission", **fields, error_id=decision.error_id, traceback=traceback)

    def _log_failure(self, error_id: str, error: BaseException) -> None:
        with contextlib.suppress(Exception):  # the log itself may be what fails, and then nothing else can report it
            self._log.error("internal error", error_id=error_id, traceback=telemetry.describe(error))


def _decision(
    request: admission.Request,
    body: bytes,
    outcome: Outcome,
    reason: str,
    *,
    runtime: str = "",
    revision: str = "",
    message: str = "",
    error_id: str = "",
    error: BaseException | None = None,
) -> Decision:
    return Decision(
        body,
        outcome,
        reason,
        uid=request.uid,
        object_kind=request.kind.kind if request.object_kind in workload.INTERCEPTED else "other",
        operation=request.operation,
        namespace=request.namespace or "",
        name=request.name or "",
        dry_run=bool(request.dry_run),
        runtime=runtime,
        revision=revision,
        message=message,
        error_id=error_id,
        error=error,
    )


def _known(runtimes: tuple[str, ...], state: rendering.State) -> str:
    """Return the runtimes that the configuration knows: what anybody can put into a label stays out of metrics."""
    return ",".join(runtime for runtime in runtimes if state.snapshot.knows(runtime))


def _error_id(uid: str, error: BaseException) -> str:
    """Return the id of an internal error: the same for the same error in the same request."""
    return digests.of([telemetry.clean(uid), type(error).__name__, telemetry.clean(str(error))])
