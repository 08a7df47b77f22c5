"""The wire: bytes to ``AdmissionReview``, and a :class:`Response` back to bytes (contract section 11).

A review holds its sender's claims: no module uses them as a path, a template or the name of an object to read.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from webhook import errors, jsonshape, notices
from webhook.notices import Notice

MAX_OBJECT = 3 * 1024 * 1024
"""Bytes of an object as JSON. API servers accept no larger request (``MaxRequestBodyBytes``, 3 MiB), and etcd stores at most
1.5 MiB by default (``--max-request-bytes``): custom resources as JSON, pods as protobuf, which is shorter. Only a pod that was
sent as protobuf could be larger as JSON and yet be stored."""

_NULL = msgspec.Raw(b"null")
_OBJECT_OR_NULL = b"{n"  # how they begin
_NOT_A_REVIEW = "not an admission.k8s.io/v1 AdmissionReview"

Decoded = TypeVar("Decoded")


class GroupVersionKind(msgspec.Struct, frozen=True):
    """``request.kind``: what the object is, in the version that the webhook registered for."""

    group: str = ""
    version: str = ""
    kind: str = ""


class Options(msgspec.Struct, frozen=True, rename="camel"):
    """``request.options``, of which only the client's name is used."""

    field_manager: str | None = None


class Request(msgspec.Struct, frozen=True, rename="camel"):
    """``request`` of an AdmissionReview, with the fields that are used.

    The objects are not decoded yet, because most of the memory and time that a review takes is theirs. See :meth:`read_object`
    and :meth:`read_old_object`.
    """

    uid: str
    kind: GroupVersionKind
    operation: str
    namespace: str | None = None
    name: str | None = None
    sub_resource: str | None = None
    object: msgspec.Raw = _NULL
    old_object: msgspec.Raw = _NULL
    dry_run: bool | None = None
    options: Options | None = None

    @property
    def field_manager(self) -> str:
        """Return the name by which ``managedFields`` knows the client, if there is one."""
        return (self.options.field_manager if self.options is not None else None) or ""

    @property
    def object_kind(self) -> tuple[str, str, str]:
        """Return group, version and kind of the object."""
        return (self.kind.group, self.kind.version, self.kind.kind)

    def read_object(self) -> dict[str, Any] | None:
        """Return the object; None if there is none, as in a DELETE.

        Raises:
            errors.Denied: it is larger than an API server could store, or holds too many values.
            errors.MalformedReview: it is not valid JSON.
        """
        return self._read(self.object, "the object")

    def object_fields(self) -> dict[str, msgspec.Raw]:
        """Return the fields of the object, which are not decoded; none if there is no object.

        Raises:
            errors.Denied, errors.MalformedReview: as from :meth:`read_object`.
        """
        self._check_size(self.object, "the object")
        return _decode(_fields_decoder, self.object) or {}

    def read_old_object(self) -> dict[str, Any] | None:
        """Return the object as it is stored; None if there is none, as in a CREATE.

        Raises:
            errors.Denied, errors.MalformedReview: as from :meth:`read_object`.
        """
        return self._read(self.old_object, "the stored object")

    def _read(self, raw: msgspec.Raw, what: str) -> dict[str, Any] | None:
        self._check_size(raw, what)
        value: dict[str, Any] | None = _decode(_object_decoder, raw)
        return value

    def _check_size(self, raw: msgspec.Raw, what: str) -> None:
        try:
            _check_size(raw, what)
        except errors.Denied as denial:
            denial.add_place(f"{self.kind.kind} {self.namespace or ''}/{self.name or '(without a name yet)'}")
            raise


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

    @property
    def patches(self) -> bool:
        """Return whether there are operations."""
        return bool(self.operations)


class Encoded(msgspec.Struct, frozen=True):
    """A response as JSON, which :func:`encode` completes by the uid.

    Attributes:
        rest: the members after the uid, with the closing brace.
        patches: whether there are operations among them.
    """

    rest: bytes
    patches: bool


class Verdict(msgspec.Struct, frozen=True):
    """What a handler of reviews decides: the response, and what log and metrics report about it.

    Attributes:
        response: the response.
        reason: a word or two in kebab case, for logs and tests.
        runtimes, revisions: of the pod templates concerned, without duplicates.
    """

    response: "Response | Encoded"
    reason: str
    runtimes: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()


_decoder = msgspec.json.Decoder(AdmissionReview)
_object_decoder = msgspec.json.Decoder(dict[str, Any] | None)
_fields_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)
_encoder = msgspec.json.Encoder()

_API_VERSION, _KIND = "admission.k8s.io/v1", "AdmissionReview"


def parse(body: bytes) -> Request:
    """Read a request body, but for the objects in it.

    Raises:
        errors.MalformedReview: it is not JSON, or not an AdmissionReview of version v1 with a request.
    """
    request = _decode(_decoder, body).request
    for name, value in (("object", request.object), ("oldObject", request.old_object)):
        if memoryview(value)[0] not in _OBJECT_OR_NULL:
            raise errors.MalformedReview(f"{_NOT_A_REVIEW}: Expected `object | null` - at `$.request.{name}`")
    return request


def _decode(decoder: msgspec.json.Decoder[Decoded], data: bytes | msgspec.Raw) -> Decoded:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise errors.MalformedReview(f"{_NOT_A_REVIEW}: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.MalformedReview(f"not JSON: {error}") from error
    except RecursionError as error:
        raise errors.MalformedReview("not an AdmissionReview: nested too deeply") from error


def _check_size(raw: msgspec.Raw, what: str) -> None:
    """Refuse an object that would take more memory than it is worth, before it is decoded."""
    size = len(memoryview(raw))
    if size > MAX_OBJECT:
        raise errors.TooLarge(f"{what} takes {size} bytes as JSON, more than the {MAX_OBJECT} that API servers accept")
    most = jsonshape.MOST_DECODED
    if size > most and jsonshape.too_many_values(bytes(raw), most):  # every value takes a byte at least
        raise errors.TooLarge(f"{what} holds more than {most} values, managed fields included")


def denied(denial: errors.Denied) -> Response:
    """Return the response that denies an operation because of something its author can change."""
    return Response(
        allowed=False,
        message=denial.answer,
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


def encode(response: Response | Encoded, uid: str) -> bytes:
    """Return the AdmissionReview that answers the request of this uid."""
    if isinstance(response, Response):  # at once, since a large answer is not copied for nothing
        answer = {"uid": uid, **_content(response)}
        return _encoder.encode({"apiVersion": _API_VERSION, "kind": _KIND, "response": answer})
    return b'{"apiVersion":"%b","kind":"%b","response":{"uid":%b,%b}' % (
        _API_VERSION.encode(),
        _KIND.encode(),
        _encoder.encode(uid),
        response.rest,
    )


def encoded(response: Response) -> Encoded:
    """Return a response as JSON, for any number of requests."""
    return Encoded(_encoder.encode(_content(response))[1:], bool(response.operations))


def _content(response: Response) -> dict[str, Any]:
    """Return the members of a response after the uid."""
    content: dict[str, Any] = {"allowed": response.allowed}
    if not response.allowed:
        content["status"] = {
            "status": "Failure",
            "code": response.http_status,
            "reason": response.status_reason,
            "message": response.message,
        }
    if response.operations:
        content["patchType"] = "JSONPatch"
        content["patch"] = _encoder.encode(response.operations)  # bytes, which the encoder writes in Base64
    if response.notices:
        content["warnings"] = notices.lines(response.notices)
    if response.audit:
        content["auditAnnotations"] = response.audit
    return content
