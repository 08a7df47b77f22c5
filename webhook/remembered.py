"""Verdicts about pods of one controller, given from memory: such pods differ in nothing that decides.

A decision is a function of the state, the namespace and the pod, so it may be remembered. Controllers create pods that are equal but
for names, managed fields, a random name of the volume with the service account's token, and labels that nobody here reads. A pod is
looked up by its JSON text without these, and its spec is not even decoded. The answer is the same, byte for byte, as without memory.

A verdict is kept when a pod comes whose like has come before, since most pods that are created by themselves never have one.
"""

import re
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from webhook import admission, rendering, workload
from webhook.rendering import filled_in

#: Decides one kind of review. May raise ``errors.Denied``.
Handler = Callable[[admission.Request, rendering.State], admission.Verdict]

#: Bytes of the largest pod that is remembered; larger ones are rare, and would push out many others.
_LARGEST_POD = 64 * 1024

#: How many pods whose verdict is not remembered are known to have come.
_MOST_SEEN = 10_000

#: Bytes that a verdict takes beside its key and its answer.
_OVERHEAD = 1_000

#: The volume that the ServiceAccount plugin adds to each pod, by its name in compact JSON.
_TOKEN_VOLUME = re.compile(rb'"name":"(' + filled_in.TOKEN_VOLUME.encode() + rb'[a-z0-9]{5})"')

_map_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_texts_decoder = msgspec.json.Decoder(dict[str, str])

#: Take the place of a value, and of a name; neither is JSON, so that no pod can have them.
_PRESENT = msgspec.Raw(b"\x01")
_ANY_TOKEN_VOLUME = b"\x00"


class _Key(NamedTuple):
    """What a decision about a pod depends on, beside the state."""

    namespace: str
    spec: bytes
    rest: bytes


class _Pod(NamedTuple):
    """A pod that may be remembered, and the name of its token volume; empty if it has none."""

    key: _Key
    token_volume: bytes


class RememberedVerdicts:
    """A handler of reviews that remembers the verdicts of another one.

    Args:
        handler: decides what is not remembered.
        most_bytes: how much may be remembered, in bytes; what has not been used for the longest time is forgotten first.

    Attributes:
        size: how much is remembered, in bytes.
        hits, misses: how many pods were found, and how many were not though they could be remembered.
    """

    def __init__(self, handler: Handler, most_bytes: int) -> None:
        self._handler = handler
        self._most_bytes = most_bytes
        self._state: weakref.ref[rendering.State] | None = None  # so that whoever replaces it can free it when it suits
        self._verdicts: OrderedDict[_Key, admission.Verdict] = OrderedDict()
        self._seen: set[int] = set()  # hashes; should two be equal, a verdict is kept a pod too early
        self.size = 0
        self.hits = 0
        self.misses = 0

    def handle(self, request: admission.Request, state: rendering.State) -> admission.Verdict:
        """Decide a request, or remember what was decided about its like.

        Raises:
            errors.Denied: as the other handler; a denial is never remembered, because it names the pod.
        """
        pod = _pod(request)
        if pod is None:
            return self._handler(request, state)
        # What another configuration decided does not count any more.
        if self._state is None or self._state() is not state:
            self._state, self.size = weakref.ref(state), 0
            self._verdicts.clear()
            self._seen.clear()
        remembered = self._verdicts.get(pod.key)
        if remembered is not None:
            self.hits += 1
            self._verdicts.move_to_end(pod.key)
            return remembered
        self.misses += 1
        verdict = self._handler(request, state)
        if not self._has_come(pod.key):
            return verdict
        if isinstance(verdict.response, admission.Response) and not _names(verdict.response, pod.token_volume):
            verdict = msgspec.structs.replace(verdict, response=admission.encoded(verdict.response))
            self._remember(pod.key, verdict)
        return verdict

    def _has_come(self, key: _Key) -> bool:
        """Return whether the like of a pod has come before, and note that it has now."""
        seen = hash(key)
        if seen in self._seen:
            return True
        if len(self._seen) == _MOST_SEEN:
            self._seen.clear()
        self._seen.add(seen)
        return False

    def _remember(self, key: _Key, verdict: admission.Verdict) -> None:
        self._verdicts[key] = verdict
        self.size += _size(key, verdict)
        while self.size > self._most_bytes:
            self.size -= _size(*self._verdicts.popitem(last=False))


def _size(key: _Key, verdict: admission.Verdict) -> int:
    answer = verdict.response.rest if isinstance(verdict.response, admission.Encoded) else b""
    return len(key.spec) + len(key.rest) + len(answer) + _OVERHEAD


def _pod(request: admission.Request) -> _Pod | None:
    """Return the pod that a request creates, in a form in which the pods of one controller are equal; None if it is not one."""
    if request.operation != "CREATE" or request.object_kind != workload.POD or request.sub_resource:
        return None
    if len(memoryview(request.object)) > _LARGEST_POD:
        return None
    fields = request.object_fields()
    try:
        spec = _spec(fields.pop("spec"))
        metadata = _metadata(fields["metadata"], spec)
    except (KeyError, msgspec.DecodeError):  # an answer to this has to say what is wrong with it
        return None
    rest = msgspec.json.encode({**fields, "metadata": metadata})
    token_volume = _TOKEN_VOLUME.search(spec)
    if token_volume is None:
        return _Pod(_Key(request.namespace or "", spec, rest), b"")
    name = token_volume[1]
    parts = spec.split(b'"name":"%b"' % name)
    if spec.count(name) != len(parts) - 1:  # the name is also written elsewhere, where it may matter
        return None
    return _Pod(_Key(request.namespace or "", _ANY_TOKEN_VOLUME.join(parts), rest), name)


def _spec(raw: msgspec.Raw) -> bytes:
    """Return a pod spec without the value of ``hostname``, which is another for each pod of an indexed Job or a StatefulSet."""
    text = bytes(raw)
    if b'"hostname"' not in text:
        return text
    spec = _map_decoder.decode(text)
    if "hostname" in spec:
        spec["hostname"] = _PRESENT
    return msgspec.json.encode(spec)


def _metadata(raw: msgspec.Raw, spec: bytes) -> dict[str, object]:
    """Return metadata without managed fields, and without the values that decide nothing: names, and what nobody reads."""
    metadata: dict[str, Any] = _map_decoder.decode(raw)
    metadata.pop("managedFields", None)
    if "generateName" in metadata:  # which only denials name
        metadata["generateName"] = _PRESENT
    # A name matters where it is part of the name of a volume claim. An escaped letter could hide it there; most specs have no
    # backslash at all, which is found out much faster than that none begins such a letter.
    visible = b"\\" not in spec or b"\\u" not in spec
    if "name" in metadata and visible and bytes(metadata["name"])[1:-1] not in spec:
        metadata["name"] = _PRESENT
    for field in ("labels", "annotations"):
        if field in metadata:
            values = _texts_decoder.decode(metadata[field])
            metadata[field] = {key: value if workload.is_read(key) else None for key, value in values.items()}
    return metadata


def _names(response: admission.Response, token_volume: bytes) -> bool:
    """Return whether a response contains the name of a token volume."""
    return token_volume != b"" and token_volume in msgspec.json.encode([response.operations, response.notices])
