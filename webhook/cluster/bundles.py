"""The caBundle of a MutatingWebhookConfiguration: what must be changed for API servers to trust these certificates. Pure."""

import base64
from collections.abc import Mapping
from typing import Any


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
    for number, webhook in enumerate(configuration.get("webhooks") or ()):
        if webhook.get("clientConfig", {}).get("caBundle") == wanted:
            continue
        operations += [
            {"op": "test", "path": f"/webhooks/{number}/name", "value": webhook["name"]},
            {"op": "add", "path": f"/webhooks/{number}/clientConfig/caBundle", "value": wanted},
        ]
    return operations
