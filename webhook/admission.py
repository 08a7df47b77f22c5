"""The wire: bytes to ``AdmissionReview`` and one of four outcomes back to bytes (contract section 11).

Everything a review says is its sender's word: nothing here or above uses it as a path, a template or the name of
something to read.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from webhook import errors

#: Longest warning that Kubernetes asks webhooks for ("Dynamic Admission Control", Response); longer ones may be cut.
WARNING_CHARACTERS = 120

#: A denial is printed on a terminal; nobody reads more than this.
_MESSAGE_CHARACTERS = 4096


class GroupVersionKind(msgspec.Struct, frozen=True):
    """``request.kind``: what the object is, in the version the webhook registered for."""

    group: str = ""
    version: str = ""
    kind: str = ""


class Request(msgspec.Struct, frozen=True, rename="camel"):
    """``request`` of an AdmissionReview, with the fields that are used; the objects stay plain JSON."""

    uid: str
    kind: GroupVersionKind
    operation: str
    namespace: str | None = None
    name: str | None = None
    sub_resource: str | None = None
    object: dict[str, Any] | None = None
    old_object: dict[str, Any] | None = None
    dry_run: bool | None = None


class AdmissionReview(msgspec.Struct, frozen=True, rename="camel"):
    """An ``admission.k8s.io/v1`` AdmissionReview as the API server sends it."""

    api_version: Literal["admission.k8s.io/v1"]
    kind: Literal["AdmissionReview"]
    request: Request


_decoder = msgspec.json.Decoder(AdmissionReview)
_encoder = msgspec.json.Encoder()


def parse(body: bytes) -> Request:
    """Read a request body.

    Raises:
        errors.MalformedReview: it is not JSON, or not an AdmissionReview of version v1 with a request.
    """
    try:
        return _decoder.decode(body).request
    except msgspec.ValidationError as error:
        raise errors.MalformedReview(f"not an admission.k8s.io/v1 AdmissionReview: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.MalformedReview(f"not JSON: {error}") from error
    except RecursionError as error:
        raise errors.MalformedReview("not an AdmissionReview: nested too deeply") from error


def allowed(request: Request, *, warnings: Sequence[str] = (), audit: Mapping[str, str] | None = None) -> bytes:
    """Admit the object as it is."""
    return _review(request, {"allowed": True}, warnings, audit)


def patched(
    request: Request,
    operations: Sequence[Mapping[str, Any]],
    *,
    warnings: Sequence[str] = (),
    audit: Mapping[str, str] | None = None,
) -> bytes:
    """Admit the object with RFC 6902 operations applied to it."""
    patch = base64.b64encode(_encoder.encode(operations)).decode("ascii")
    return _review(request, {"allowed": True, "patchType": "JSONPatch", "patch": patch}, warnings, audit)


def denied(request: Request, refusal: errors.Denied, *, warnings: Sequence[str] = ()) -> bytes:
    """Refuse the object for something its author can change."""
    return _review(request, _refusal(refusal.code, refusal.status, refusal.message), warnings, None)


def errored(request: Request, error_id: str) -> bytes:
    """Refuse the object because of a fault of this program; the log has the same id with the details."""
    message = f"internal error {error_id} in the Hydra runtime webhook; its log has this id with the details"
    return _review(request, _refusal(500, "InternalError", message), (), None)


def warning_line(text: str) -> str:
    """Return text as the API server passes warnings on: one line, no control characters, at most 120 characters.

    A warning with a newline would be dropped without a word.
    """
    line = errors.printable(text)
    return line if len(line) <= WARNING_CHARACTERS else line[: WARNING_CHARACTERS - 3].rstrip() + "..."


def _refusal(code: int, reason: str, message: str) -> dict[str, Any]:
    if len(message) > _MESSAGE_CHARACTERS:
        message = message[: _MESSAGE_CHARACTERS - 3] + "..."
    return {"allowed": False, "status": {"status": "Failure", "code": code, "reason": reason, "message": message}}


def _review(
    request: Request, response: dict[str, Any], warnings: Sequence[str], audit: Mapping[str, str] | None
) -> bytes:
    response = {"uid": request.uid, **response}
    if warnings:
        response["warnings"] = list(dict.fromkeys(map(warning_line, warnings)))
    if audit:
        response["auditAnnotations"] = dict(audit)
    return _encoder.encode({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
