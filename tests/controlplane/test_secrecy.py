"""Keys and tokens stay out of everything that the webhook writes and exposes, also when something is wrong with them."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certs
from tests.controlplane.installation import CONFIGURATION, NAMESPACE, Installation, Replica, ca_bundle, pod

SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/hydra-webhook-ca"
WEBHOOKS = f"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/{CONFIGURATION}"
TOKEN = "a-token-that-no-api-server-has-given-to-anyone"

PIECE = 20
"""Characters. A line of the log may have a part of a text only."""


def shown(replica: Replica) -> str:
    """Return everything that a replica tells anyone who asks, and its log."""
    asked = ("/livez", "/readyz", "/readyz?verbose", "/metrics")
    # Line ends and quotes inside a field of the log are escaped.
    return (replica.output + "".join(replica.health(path)[1] for path in asked)).replace("\\n", "\n").replace("\\", "")


def assert_silent(text: str, *secrets: str) -> None:
    assert "PRIVATE KEY" not in text
    lines = [line for secret in secrets for line in secret.splitlines() if len(line) >= PIECE]
    assert lines
    for line in lines:
        leaked = [at for at in range(0, len(line) - PIECE + 1, PIECE // 2) if line[at : at + PIECE] in text]
        assert not leaked, f"characters {leaked} of a secret"


def keys(hydra: Installation) -> list[str]:
    """Return the keys of the shared authority: as they are stored, and as PEM without the line that every PEM begins with."""
    data = hydra.plane.request("GET", SECRET)["data"]
    stored = [value for name, value in data.items() if name.endswith(".key")]
    return stored + [base64.b64decode(value).decode().split("\n", 1)[1] for value in stored]


def token(hydra: Installation) -> str:
    """Return the token that the replicas got last."""
    kubeconfig = hydra.plane.folder / f"{NAMESPACE}.hydra-webhook.kubeconfig"
    return json.loads(kubeconfig.read_text())["users"][0]["user"]["token"]


def another_key() -> str:
    return certs.make_authority(datetime.now(UTC), timedelta(days=1)).key_pem.decode()


def test_a_webhook_at_work_tells_no_keys_and_no_token(hydra):
    hydra.configure()
    (replica,) = hydra.run()
    unknown = hydra.plane.kubectl("create", "-f", "-", stdin=json.dumps(pod("one", runtime="none")), check=False)
    assert "denied" in unknown.stderr

    assert {line["event"] for line in replica.lines} >= {"certificate authority", "caBundle written", "admission"}
    assert_silent(shown(replica), *keys(hydra), token(hydra))


def test_a_spoilt_key_in_the_secret_is_told_of_and_not_shown(hydra):
    hydra.configure()
    (replica,) = hydra.run()
    before = keys(hydra)
    key = another_key()
    secret = hydra.plane.request("GET", SECRET)
    secret["data"]["tls.key"] = base64.b64encode(key.encode()).decode()
    hydra.plane.request("PUT", SECRET, secret)
    webhooks = hydra.plane.request("GET", WEBHOOKS)
    for webhook in webhooks["webhooks"]:
        webhook["clientConfig"].pop("caBundle")
    hydra.plane.request("PUT", WEBHOOKS, webhooks)  # which has the Secret read now

    hydra.plane.wait(
        lambda: any(line["reason"] == "restored" for line in replica.events("certificate authority")), "it is noticed"
    )
    hydra.plane.wait(lambda: ca_bundle(hydra.plane), "the caBundle is repaired")
    assert keys(hydra) == before
    assert_silent(shown(replica), *before, key.split("\n", 1)[1], secret["data"]["tls.key"], token(hydra))


def kubeconfig(hydra: Installation, tmp_path: Path, text: str) -> str:
    path = tmp_path / "kubeconfig"
    good = json.loads(hydra.plane.kubeconfig.read_text())
    cluster = json.dumps(good["clusters"][0]["cluster"])
    path.write_text(text.replace("CLUSTER", cluster))
    return str(path)


KUBECONFIG = f"""
apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: CLUSTER}}]
users: [{{name: u, user: {{token: {TOKEN}}}}}]
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
current-context: c
"""


def test_a_token_that_is_refused_is_told_of_and_not_shown(hydra, tmp_path):
    refused = kubeconfig(hydra, tmp_path, KUBECONFIG)
    replica = hydra.start(HYDRA_WEBHOOK_KUBECONFIG=refused)

    hydra.plane.wait(lambda: "401" in replica.health("/readyz")[1], "it says that it is not let in")
    assert_silent(shown(replica), TOKEN)


def test_a_kubeconfig_that_is_broken_at_its_token_is_told_of_and_not_shown(hydra, tmp_path):
    broken = kubeconfig(hydra, tmp_path, KUBECONFIG.replace(TOKEN, f"{TOKEN}: ["))
    replica = hydra.start(HYDRA_WEBHOOK_KUBECONFIG=broken)

    hydra.plane.wait(lambda: "is not YAML" in replica.health("/readyz")[1], "it says what is wrong")
    assert_silent(shown(replica), TOKEN)
