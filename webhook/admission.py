"""The wire: bytes to ``AdmissionReview``, and a :class:`Response` back to bytes (contract section 11).

A review holds its sender's claims: no module uses them as a path, a template or the name of an object to read.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from webhook import errors, notices
from webhook.notices import Notice


class GroupVersionKind(msgspec.Struct, frozen=True):
    """``request.kind``: what the object is, in the version that the webhook registered for."""

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

    @property
    def object_kind(self) -> tuple[str, str, str]:
        """Return group, version and kind of the object."""
        return (self.kind.group, self.kind.version, self.kind.kind)


class AdmissionReview(msgspec.Struct, frozen=True, rename="camel"):
    """An ``admission.k8s.io/v1`` AdmissionReview as the API server sends it."""

    api_version: Literal["admission.k8s.io/v1"]
    kind: Literal["AdmissionReview"]
    request: Request


class Response(msgspec.Struct, frozen=True):
    """An AdmissionResponse that is not tied to a request yet; :func:`encode` completes it.

    Attributes:
        allowed: whether the object is admitted.
        operations: RFC 6902 operations to apply to it.
        notices: what its author should know; :func:`encode` words them as warnings within the API server's bounds.
        audit: audit annotations.
        message: why it is denied.
        http_status, status_reason: of a denial.
    """

    allowed: bool
    operations: Sequence[Mapping[str, Any]] = ()
    notices: Sequence[Notice] = ()
    audit: Mapping[str, str] = {}
    message: str = ""
    http_status: int = 0
    status_reason: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What a handler of reviews decides: the response, and what log and metrics report about it.

    Attributes:
        response: the response.
        reason: a word or two in kebab case, for logs and tests.
        runtimes, revisions: of the pod templates concerned, without duplicates.
    """

    response: Response
    reason: str
    runtimes: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()


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


def denied(denial: errors.Denied) -> Response:
    """Return the response that denies an operation because of something its author can change."""
    return Response(
        allowed=False,
        message=str(denial),
        http_status=denial.http_status,
        status_reason=denial.status_reason,
    )


def errored(error_id: str) -> Response:
    """Return the response to an operation on which the program itself failed; its log has the id with the details."""
    message = f"internal error {error_id} in the Hydra runtime webhook; its log has the details under this id"
    return Response(
        allowed=False,
        message=errors.with_code(message, "internal-error"),
        http_status=500,
        status_reason="InternalError",
    )


def encode(response: Response, uid: str) -> bytes:
    """Return the AdmissionReview that answers the request of this uid."""
    content: dict[str, Any] = {"uid": uid, "allowed": response.allowed}
    if not response.allowed:
        content["status"] = {
            "status": "Failure",
            "code": response.http_status,
            "reason": response.status_reason,
            "message": response.message,
        }
    if response.operations:
        content["patchType"] = "JSONPatch"
        content["patch"] = base64.b64encode(_encoder.encode(response.operations)).decode("ascii")
    if response.notices:
        content["warnings"] = notices.lines(response.notices)
    if response.audit:
        content["auditAnnotations"] = response.audit
    return _encoder.encode({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": content})
