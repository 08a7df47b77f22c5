"""What `helm test` runs in a pod: calls the webhook through its Service, as an API server would, and judges the answer.

WEBHOOK_HOST and WEBHOOK_PORT say where it is, WEBHOOK_NAME which name its certificate must have, and WEBHOOK_CA_FILE or WEBHOOK_CA (PEM)
whom to trust; without both, the system's authorities. Exit status: 0 it answers as it should, 1 it does not.
"""

import http.client
import json
import os
import socket
import ssl
import sys
import time

SECONDS = 60  # for pods that have just been created
NAME, PORT = os.environ["WEBHOOK_NAME"], int(os.environ["WEBHOOK_PORT"])
TRUST = ssl.create_default_context(
    cafile=os.environ.get("WEBHOOK_CA_FILE") or None, cadata=os.environ.get("WEBHOOK_CA") or None
)
# No runtime has this name, so a webhook with a configuration says which there are.
LABELS = {"hydra.io/runtime": "helm-test", "hydra.io/model-id": "helm-test"}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "helm-test", "namespace": "default", "labels": LABELS},
    "spec": {"containers": [{"name": "main", "image": "auto"}]},
}
REQUEST = {
    "uid": "helm-test",
    "kind": {"group": "", "version": "v1", "kind": "Pod"},
    "namespace": "default",
    "name": "helm-test",
    "operation": "CREATE",
    "dryRun": True,
    "object": POD,
}


def ask() -> tuple[int, str]:
    """Return HTTP status and body of the webhook's answer."""
    connection = http.client.HTTPConnection(NAME, PORT)
    with socket.create_connection((os.environ["WEBHOOK_HOST"], PORT), timeout=10) as plain:
        connection.sock = TRUST.wrap_socket(plain, server_hostname=NAME)
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": REQUEST}
        connection.request("POST", "/mutate?timeout=5s", json.dumps(review), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def main() -> str:
    """Return what is wrong, or an empty string."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            status, body = ask()
            break
        except ssl.SSLCertVerificationError as error:
            return f"the certificate of {NAME} is not trusted: {error.verify_message}"
        except OSError as error:
            if time.monotonic() > end:
                return f"no answer from {os.environ['WEBHOOK_HOST']}:{PORT}: {error}"
            time.sleep(2)
    if status != http.client.OK:
        return f"HTTP {status}: {body}"
    response = json.loads(body)["response"]
    refusal = response.get("status") or {}
    if response["allowed"] or refusal.get("code") != http.client.UNPROCESSABLE_ENTITY:
        return f"it answers over TLS, but serves no workloads yet: {refusal.get('message', body)}"
    print(f"TLS verified; the webhook answers: {refusal['message']}")
    return ""


if __name__ == "__main__":
    if problem := main():
        sys.exit(problem)
