"""Keys and tokens never appear in what the webhook logs or serves, not even when something is wrong with them."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certs
from tests.controlplane.installation import NAMESPACE, SECRET, WEBHOOKS, Installation, pod
from tests.controlplane.replica import Replica

TOKEN = "a-token-that-no-api-server-has-given-to-anyone"

PIECE = 20
"""Characters. A line of the log may contain only a part of a secret."""


def shown(replica: Replica) -> str:
    """Return everything that a replica shows: its log, and its answers on the health port."""
    paths = ("/livez", "/readyz", "/readyz?verbose", "/metrics")
    # Line ends and quotes inside a field of the log are escaped.
    return (replica.output + "".join(replica.health(path)[1] for path in paths)).replace("\\n", "\n").replace("\\", "")


def assert_silent(text: str, *secrets: str) -> None:
    assert "PRIVATE KEY" not in text
    lines = [line for secret in secrets for line in secret.splitlines() if len(line) >= PIECE]
    assert lines
    for line in lines:
        leaked = [at for at in range(0, len(line) - PIECE + 1, PIECE // 2) if line[at : at + PIECE] in text]
        assert not leaked, f"characters {leaked} of a secret"


def keys(hydra: Installation) -> list[str]:
    """Return the keys of the shared CA as they are stored, and as PEM without its first line, which all keys have."""
    data = hydra.plane.request("GET", SECRET)["data"]
    stored = [value for name, value in data.items() if name.endswith(".key")]
    return stored + [base64.b64decode(value).decode().split("\n", 1)[1] for value in stored]


def token(hydra: Installation) -> str:
    """Return the token of the replicas."""
    kubeconfig = hydra.plane.folder / f"{NAMESPACE}.hydra-webhook.kubeconfig"
    return json.loads(kubeconfig.read_text())["users"][0]["user"]["token"]


def another_key() -> str:
    return certs.make_authority(datetime.now(UTC), timedelta(days=1)).key_pem.decode()


def test_a_webhook_at_work_shows_neither_keys_nor_token(hydra):
    hydra.configure()
    (replica,) = hydra.run()
    unknown = hydra.plane.kubectl("create", "-f", "-", stdin=json.dumps(pod("one", runtime="none")), check=False)
    assert "denied" in unknown.stderr

    assert {line["event"] for line in replica.lines} >= {"certificate authority", "caBundle written", "admission"}
    assert_silent(shown(replica), *keys(hydra), token(hydra))


def test_a_wrong_key_in_the_secret_is_reported_but_not_shown(hydra):
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
    hydra.plane.request("PUT", WEBHOOKS, webhooks)  # makes the replica read the Secret

    hydra.plane.wait(
        lambda: any(line["reason"] == "restored" for line in replica.events("certificate authority")), "it is noticed"
    )
    hydra.plane.wait(lambda: hydra.ca_bundle, "the caBundle is repaired")
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


def test_a_refused_token_is_reported_but_not_shown(hydra, tmp_path):
    refused = kubeconfig(hydra, tmp_path, KUBECONFIG)
    replica = hydra.start(HYDRA_WEBHOOK_KUBECONFIG=refused)

    hydra.plane.wait(lambda: "401" in replica.health("/readyz")[1], "readiness reports the refusal")
    assert_silent(shown(replica), TOKEN)


def test_a_kubeconfig_that_is_broken_at_its_token_is_reported_but_the_token_not_shown(hydra, tmp_path):
    broken = kubeconfig(hydra, tmp_path, KUBECONFIG.replace(TOKEN, f"{TOKEN}: ["))
    replica = hydra.start(HYDRA_WEBHOOK_KUBECONFIG=broken)

    hydra.plane.wait(lambda: "is not valid YAML" in replica.health("/readyz")[1], "readiness reports the problem")
    assert_silent(shown(replica), TOKEN)
