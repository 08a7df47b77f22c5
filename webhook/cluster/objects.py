"""What is inside objects as base64: the data of Secrets, the caBundle of webhook configurations. Pure."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any


def secret_data(secret: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the data of a Secret; b"" for a value that is no base64, which no API server stores."""
    return {key: _decoded(text) for key, text in (secret.get("data") or {}).items()}


def ca_bundles(configuration: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the caBundle, PEM, of each webhook of a MutatingWebhookConfiguration by name; b"" where there is none."""
    return {one["name"]: _decoded(one["clientConfig"].get("caBundle", "")) for one in _webhooks(configuration)}


def ca_bundle_corrections(configuration: Mapping[str, Any], bundle_pem: bytes) -> list[dict[str, Any]]:
    """Return the JSON Patch operations after which every webhook of the configuration trusts exactly this bundle.

    Empty if they all do. Each change is guarded by a test of the webhook's name, so that it fails instead of hitting another
    webhook when somebody has changed the list meanwhile.

    Args:
        configuration: the object as it was last seen.
        bundle_pem: PEM of the trusted certificates.
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
