"""`helm test`: its pod calls the webhook as an API server would, and says what is wrong."""

import asyncio
import contextlib
import http.server
import io
import json
import os
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

import certs
from tests.manifests import rendering
from webhook import app, telemetry

CONTROL = {"image": {"repository": "r.example/hydra", "digest": f"sha256:{'0' * 64}", "pullSecrets": ["r"]}}
AUTHORITY = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
URL = "https://hooks.example.com:8443/mutate"


def hook(**values):
    return rendering.find(rendering.helm(values, tests=True), "Pod", "hydra-webhook-test")


def container(**values):
    [found] = hook(**values)["spec"]["containers"]
    return found


def environment(**values):
    return {variable["name"]: variable["value"] for variable in container(**values)["env"]}


def test_it_is_a_hook_that_runs_the_webhooks_image_as_strictly_as_the_webhook():
    pod = hook(**CONTROL)
    webhook = rendering.find(rendering.helm(CONTROL), "Deployment")["spec"]["template"]["spec"]
    [test], [served] = pod["spec"]["containers"], webhook["containers"]

    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert test["image"] == served["image"]
    assert test["securityContext"] == served["securityContext"]
    assert pod["spec"]["securityContext"] == webhook["securityContext"]
    assert pod["spec"]["imagePullSecrets"] == webhook["imagePullSecrets"]
    assert not pod["spec"]["automountServiceAccountToken"]


def test_the_service_does_not_select_it():
    service = rendering.find(rendering.helm(), "Service")

    assert not service["spec"]["selector"].items() <= hook()["metadata"]["labels"].items()


@pytest.mark.parametrize(
    ("certificates", "secret"),
    [({}, "hydra-webhook-ca"), ({"mode": "cert-manager"}, "hydra-webhook-tls")],
    ids=["self-managed", "cert-manager"],
)
def test_it_sees_the_certificates_to_trust_but_not_the_key(certificates, secret):
    [volume] = hook(certificates=certificates)["spec"]["volumes"]

    assert (volume["secret"]["secretName"], volume["secret"]["items"]) == (
        secret,
        [{"key": "ca.crt", "path": "ca.crt"}],
    )
    assert environment(certificates=certificates)["WEBHOOK_CA_FILE"] == "/etc/hydra-webhook/ca/ca.crt"


def test_with_a_pair_of_your_own_it_trusts_what_api_servers_trust_under_the_name_that_they_call():
    own = {"mode": "secret", "secret": {"name": "pair", "caBundle": AUTHORITY}}

    by_url = environment(certificates=own, webhook={"url": URL})

    assert (by_url["WEBHOOK_NAME"], by_url["WEBHOOK_CA"]) == ("hooks.example.com", AUTHORITY)
    assert environment(certificates=own)["WEBHOOK_NAME"] == "hydra-webhook.hydra-system.svc"
    assert "volumes" not in hook(certificates=own)["spec"]


# --- what it does ---


@pytest.fixture
def answering(tmp_path):
    """A function that serves this response under a certificate for 127.0.0.1, and returns port, CA and the reviews it gets."""
    with contextlib.ExitStack() as stack:

        def answering(response, status=200):
            reviews: list = []

            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    reviews.append((self.path, sent))
                    body = json.dumps({**sent, "response": response}).encode()
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

                def log_message(self, *_):
                    pass

            pair, authority = certs.self_signed(["127.0.0.1"], datetime.now(UTC), timedelta(days=1))
            (tmp_path / "pair.pem").write_bytes(pair.certificate_pem + pair.key_pem)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tmp_path / "pair.pem")
            server = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            server.socket = context.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server.server_port, authority.decode(), reviews

        yield answering


def run(port, authority, name="127.0.0.1"):
    """Run what the pod runs; return its exit status and what it prints."""
    spec = container()
    where = {"WEBHOOK_HOST": "127.0.0.1", "WEBHOOK_PORT": str(port), "WEBHOOK_NAME": name, "WEBHOOK_CA": authority}
    python, option = spec["command"]
    assert python == "python3"
    command = [sys.executable, option, *spec["args"]]
    environ = {"PATH": os.defpath, **where}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


async def test_a_webhook_that_serves_passes_and_its_runtimes_are_named():
    options = app.Options(host="127.0.0.1", port=0, health_port=0)
    async with app.serving(options, telemetry.make_log(io.BytesIO(), "json")) as running:
        status, printed = await asyncio.to_thread(run, running.port, running.ca_pem.decode())

    assert status == 0
    assert printed.startswith(
        "TLS verified; the webhook answers: Pod default/helm-test: label hydra.io/runtime: there is no"
    )
    assert "known: image-gen, mindie, sglang, vllm, vllm-cpu" in printed


def test_a_webhook_without_a_configuration_fails_with_its_own_words(answering):
    missing = {"allowed": False, "status": {"code": 503, "message": "ConfigMap hydra-agent does not exist"}}
    port, authority, reviews = answering(missing)

    status, printed = run(port, authority)

    assert status == 1
    assert printed == "it answers over TLS, but serves no workloads yet: ConfigMap hydra-agent does not exist"
    [(path, review)] = reviews
    assert path == "/mutate?timeout=5s"
    assert review["request"]["dryRun"]


def test_an_http_error_and_an_untrusted_certificate_fail(answering):
    port, authority, _ = answering({}, status=500)
    _, another = certs.self_signed(["127.0.0.1"], datetime.now(UTC), timedelta(days=1))

    assert run(port, authority)[1].startswith("HTTP 500: ")
    assert "the certificate of 127.0.0.1 is not trusted: " in run(port, another.decode())[1]
    assert (
        "the certificate of hydra-webhook.hydra-system.svc is not trusted: Hostname mismatch"
        in run(port, authority, "hydra-webhook.hydra-system.svc")[1]
    )
