"""The image as it runs in a cluster: read-only, another user, no capabilities, nothing but Python around it."""

import base64
import contextlib
import http.client
import json
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import jsonpatch
import pytest

import webhook
from tests.image.engine import Engine

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
REVIEW = (ROOT / "tests/reviews/pod-kubectl-create.json").read_bytes()
RESTRICTED = ("--read-only", "--user=65532", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=host")

pytestmark = [pytest.mark.image, pytest.mark.slow]


@dataclass(frozen=True)
class Container:
    engine: Engine
    id: str
    port: int
    ca_pem: str

    @property
    def state(self):
        return self.engine.inspect(self.id)["State"]

    def log(self) -> list[dict]:
        done = self.engine.run("docker", "logs", self.id)
        return [json.loads(line) for line in done.stderr.splitlines()]

    def events(self) -> list[str]:
        return [line["event"] for line in self.log()]

    def healthy(self) -> bool:
        return self.state["Health"]["Status"] == "healthy"

    def mutate(self, review: bytes) -> dict:
        trust = ssl.create_default_context(cadata=self.ca_pem)
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=trust)
        with contextlib.closing(connection):
            connection.request("POST", "/mutate?timeout=5s", review, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert answer.status == 200
            return json.loads(answer.read())["response"]


@contextlib.contextmanager
def running(engine: Engine, image: str, folder: Path) -> Iterator[Container]:
    """Run the webhook in a container; it writes what clients trust to the folder."""
    folder.chmod(0o777)
    with socket.create_server(("127.0.0.1", 0)) as chosen:  # the health check must know it, so the server cannot choose
        health_port = chosen.getsockname()[1]
    settings = {
        "HOST": "127.0.0.1",
        "PORT": "0",
        "HEALTH_PORT": str(health_port),
        "CA_FILE": "/tmp/ca.crt",
        "DRAIN_SECONDS": "0.5",
        "LOG_FORMAT": "json",
    }
    container = engine.docker(
        *("run", "--detach", *RESTRICTED, f"--volume={folder}:/tmp", "--health-interval=1s"),
        *(f"--env=HYDRA_WEBHOOK_{name}={value}" for name, value in settings.items()),
        image,
    )
    try:
        starting = Container(engine, container, 0, "")
        served = until(
            lambda: [line for line in starting.log() if line["event"] == "serving"],
            lambda: f"the webhook serves: {starting.log()}",
        )
        yield Container(engine, container, served[0]["port"], (folder / "ca.crt").read_text())
    finally:
        engine.docker("rm", "--force", container)


def until(condition: Callable[[], T], what: Callable[[], str], seconds: float = 60) -> T:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {what()}"
        time.sleep(0.1)
    return value


@pytest.fixture(scope="module")
def container(engine, image, tmp_path_factory) -> Iterator[Container]:
    with running(engine, image, tmp_path_factory.mktemp("shared")) as container:
        yield container


def test_what_runs_has_no_shell(engine, image):
    for shell in ("/bin/sh", "/bin/bash", "/bin/dash"):
        done = engine.run("docker", "run", "--rm", *RESTRICTED, f"--entrypoint={shell}", image, check=False)
        assert done.returncode == 127
        assert f"{shell}: no such file or directory" in done.stderr


def test_labels_user_and_ports_are_those_of_the_image(engine, image):
    config = engine.inspect(image)["Config"]

    assert config["User"] == "65532:65532"
    assert set(config["ExposedPorts"]) == {"9443/tcp", "8081/tcp"}
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert labels["version"] == webhook.__version__
    assert labels["licenses"] == "Apache-2.0"
    assert labels["source"] == "https://example.com/webhook"
    assert labels["revision"] != "unknown"


def test_what_the_build_needed_is_not_in_it(engine, image):
    listing = "import pkgutil; print(*(module.name for module in pkgutil.iter_modules()))"
    found = engine.docker("run", "--rm", *RESTRICTED, "--entrypoint=python3", image, "-c", listing).split()

    assert {"webhook", "certs", "aiohttp", "kubernetes_asyncio"} <= set(found)
    assert not {"hatchling", "pip", "setuptools", "pytest", "mypy"} & set(found)


def test_everything_in_it_is_compiled(engine, image):
    program = (
        "import pathlib, importlib.util as u; folder = pathlib.Path('/opt/hydra-webhook');"
        "print(*(p for name in ('webhook', 'certs', 'aiohttp') for p in folder.joinpath(name).rglob('*.py')"
        " if not pathlib.Path(u.cache_from_source(p)).exists()))"
    )
    assert engine.docker("run", "--rm", *RESTRICTED, "--entrypoint=python3", image, "-c", program) == ""


def test_it_is_not_much_larger_than_its_base(engine, image, bare, capsys):
    whole, below = (engine.inspect(name)["Size"] / 1e6 for name in (image, bare))
    with capsys.disabled():
        sys.stdout.write(f"\nThe image: {whole:.0f} MB, of which {below:.0f} MB are its base.\n")
    assert whole - below < 200


def test_the_command_is_on_its_path(container):
    done = container.engine.run("docker", "exec", container.id, "hydra-webhook", "demo")

    assert "Pod qwen3: allowed, with a patch" in done.stdout
    assert "LeaderWorkerSet deepseek-r1: allowed, with a patch" in done.stdout


def test_its_health_check_sees_it_healthy(container):
    until(container.healthy, lambda: f"healthy: {container.state['Health']}")


def test_its_process_is_another_user_without_capabilities(container):
    status = Path(f"/proc/{container.state['Pid']}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines())

    assert fields["Uid"].split() == ["65532"] * 4
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == "1"


def test_a_recorded_review_over_tls_gets_a_patch(container):
    response = container.mutate(REVIEW)

    assert response["allowed"]
    operations = json.loads(base64.b64decode(response["patch"]))
    pod = jsonpatch.apply_patch(json.loads(REVIEW)["request"]["object"], operations)
    assert pod["spec"]["containers"][0]["image"] not in ("", "auto")


def test_sigterm_drains_and_nothing_was_written(engine, image, tmp_path):
    with running(engine, image, tmp_path) as container:
        assert container.mutate(REVIEW)["allowed"]
        until(container.healthy, lambda: f"healthy: {container.state['Health']}")
        engine.docker("stop", "--time=60", container.id)

        assert container.state["ExitCode"] == 0
        assert container.events()[-2:] == ["draining", "stopped"]
        assert engine.docker("diff", container.id) == ""


@pytest.mark.cluster
def test_the_api_server_stores_what_the_container_answers(plane, container):
    client = {
        "url": f"https://127.0.0.1:{container.port}/mutate",
        "caBundle": base64.b64encode(container.ca_pem.encode()).decode(),
    }
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
    plane.create(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "hydra-webhook"},
            "webhooks": [
                {
                    "name": "pods.webhook.hydra.io",
                    "clientConfig": client,
                    "rules": [pods],
                    "objectSelector": {"matchExpressions": [{"key": "hydra.io/runtime", "operator": "Exists"}]},
                    "sideEffects": "None",
                    "admissionReviewVersions": ["v1"],
                }
            ],
        }
    )
    example = ROOT / "manifests/examples/pod.yaml"
    # The API server takes a moment to take a new webhook up.
    dry = ("create", "--dry-run=server", "--output=json", "--filename", example)
    plane.wait(lambda: "hydra.io/rendered" in plane.kubectl(*dry).stdout, "the API server calls the webhook")

    plane.kubectl("create", "--filename", example)

    pod = plane.get("pod", "qwen3")
    main = pod["spec"]["containers"][0]
    assert main["image"] == "swr.cn-south-1.myhuaweicloud.com/ascendhub/mindie:2.1.RC1"
    assert main["command"] == ["/bin/bash", "-c"]
    assert "vllm serve /data/serving-model --served-model-name qwen3-0.6b" in main["args"][0]
    assert json.loads(pod["metadata"]["annotations"]["hydra.io/rendered"])["runtime"] == "vllm-cpu"
