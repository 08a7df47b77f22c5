"""Which objects a request is about: a collection, or one object in it; and the contents of those that this project reads."""

import base64
import binascii
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Collection:
    """Objects of one kind that a list returns and a watch follows.

    Attributes:
        api_version: as manifests write it, ``v1`` or ``apps/v1``.
        plural: name of the kind in URLs and RBAC rules, ``configmaps``.
        kind: as manifests write it, ``ConfigMap``.
        namespace: of the objects; empty: those of all namespaces, or of a kind that has none.
        name: only the object of this name; empty: every object.
        label_selector, field_selector: only the objects that match, in the syntax of ``kubectl get``; empty: every object.
        metadata_only: ask for nothing but the metadata of the objects, which saves the API server and the network the rest.
        parts: as what an object is decoded: a ``TypedDict`` with those parts of it that are read; what it does not have is
            skipped. None: the whole object. Name, namespace, uid and resourceVersion must be among the parts.
    """

    api_version: str
    plural: str
    kind: str
    namespace: str = ""
    name: str = ""
    label_selector: str = ""
    field_selector: str = ""
    metadata_only: bool = False
    parts: Any = None

    @property
    def path(self) -> str:
        """Path of the collection in the API, ``/api/v1/namespaces/hydra-system/configmaps``."""
        root = "/apis" if "/" in self.api_version else "/api"
        within = f"/namespaces/{_quoted(self.namespace)}" if self.namespace else ""
        return f"{root}/{self.api_version}{within}/{self.plural}"

    @property
    def query(self) -> dict[str, str]:
        """The selectors as parameters of a list or watch.

        A name becomes a field selector. That is how RBAC rules with ``resourceNames`` allow lists and watches.
        """
        fields = ",".join(filter(None, [f"metadata.name={self.name}" if self.name else "", self.field_selector]))
        parameters = {"fieldSelector": fields, "labelSelector": self.label_selector}
        return {name: selector for name, selector in parameters.items() if selector}

    @property
    def human(self) -> str:
        """How messages name it: ``ConfigMap hydra-system/hydra-agent``, or ``pods with hydra.io/runtime``."""
        if self.name:
            return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"
        within = f" in namespace {self.namespace}" if self.namespace else ""
        selectors = " and ".join(filter(None, [self.label_selector, self.field_selector]))
        return f"{self.plural}{within} with {selectors}" if selectors else f"{self.plural}{within}"


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """One named object, whether it exists or not.

    Attributes:
        collection: all objects of its kind in its namespace.
        name: its ``metadata.name``.
    """

    collection: Collection
    name: str

    @property
    def alone(self) -> Collection:
        """The collection that contains at most this object."""
        return replace(self.collection, name=self.name)

    @property
    def path(self) -> str:
        """Path of the object in the API."""
        return f"{self.collection.path}/{_quoted(self.name)}"

    @property
    def human(self) -> str:
        """How messages name it: ``ConfigMap hydra-system/hydra-agent``."""
        return self.alone.human


def config_map(namespace: str, name: str) -> ObjectReference:
    """Return a reference to the ConfigMap of this name."""
    return ObjectReference(Collection("v1", "configmaps", "ConfigMap", namespace), name)


def secret(namespace: str, name: str) -> ObjectReference:
    """Return a reference to the Secret of this name."""
    return ObjectReference(Collection("v1", "secrets", "Secret", namespace), name)


def mutating_webhook_configuration(name: str) -> ObjectReference:
    """Return a reference to the MutatingWebhookConfiguration of this name."""
    plural, kind = "mutatingwebhookconfigurations", "MutatingWebhookConfiguration"
    return ObjectReference(Collection("admissionregistration.k8s.io/v1", plural, kind), name)


def secret_data(secret: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the decoded data of a Secret. A value that is not base64, which no API server stores, becomes b""."""
    return {key: _decoded(text) for key, text in (secret.get("data") or {}).items()}


def ca_bundles(configuration: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the caBundle (PEM) of each webhook of a MutatingWebhookConfiguration by its name; b"" if it has none."""
    return {one["name"]: _decoded(one["clientConfig"].get("caBundle", "")) for one in _webhooks(configuration)}


def ca_bundle_corrections(configuration: Mapping[str, Any], bundle_pem: bytes) -> list[dict[str, Any]]:
    """Return the JSON Patch operations that set the caBundle of every webhook; empty if all of them have it.

    A test of the webhook's name guards each change: if the list of webhooks has changed meanwhile, the patch fails instead
    of changing another webhook.

    Args:
        configuration: the MutatingWebhookConfiguration as it was last seen.
        bundle_pem: the trust bundle, PEM.
    """
    wanted = base64.b64encode(bundle_pem).decode()
    operations: list[dict[str, Any]] = []
    for number, webhook in enumerate(_webhooks(configuration)):
        if webhook["clientConfig"].get("caBundle") != wanted:
            operations += [
                {"op": "test", "path": f"/webhooks/{number}/name", "value": webhook["name"]},
                {"op": "add", "path": f"/webhooks/{number}/clientConfig/caBundle", "value": wanted},
            ]
    return operations


def _webhooks(configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    return configuration.get("webhooks") or []


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _quoted(segment: str) -> str:
    return urllib.parse.quote(segment, safe="")
