"""The image, run as in a cluster: read-only, as another user, without capabilities, on a base that has only Python."""

import base64
import contextlib
import http.client
import json
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import jsonpatch
import pytest

import webhook
from tests.controlplane.processes import HANGING_SECONDS, StartError, on_free_port
from tests.image.engine import Engine

ROOT = Path(__file__).parents[2]
REVIEW = (ROOT / "tests/reviews/pod-kubectl-create.json").read_bytes()
RESTRICTED = ("--read-only", "--user=65532", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=host")

pytestmark = [pytest.mark.image, pytest.mark.thorough]


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
        """Return what it has logged; a line counts once its end has been written."""
        lines = self.engine.checked(["docker", "logs", self.id]).stderr.splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    @property
    def serves(self) -> list[dict]:
        """Its event of serving, once that has been logged."""
        return [line for line in self.log() if line["event"] == "serving"]

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
    """Run the webhook in a container. It writes the CA that clients trust into the folder."""
    folder.chmod(0o777)
    containers: list[str] = []

    def start(health_port: int) -> None:  # chosen here, since the health check must know it
        containers.append(engine.docker(*command(image, folder, health_port)))
        container = Container(engine, containers[-1], 0, "")
        until(lambda: container.serves or not container.state["Running"], container.log)
        if not container.serves:
            raise StartError(f"the webhook ended: {container.log()}")

    try:
        on_free_port(start)
        container = containers[-1]
        (serving,) = Container(engine, container, 0, "").serves
        yield Container(engine, container, serving["port"], (folder / "ca.crt").read_text())
    finally:
        engine.docker("rm", "--force", *containers)


def command(image: str, folder: Path, health_port: int) -> list[str]:
    """Return the docker command that starts the webhook."""
    settings = {
        "HOST": "127.0.0.1",
        "PORT": "0",
        "HEALTH_PORT": str(health_port),
        "CA_FILE": "/tmp/ca.crt",
        "DRAIN_SECONDS": "0.5",
        "LOG_FORMAT": "json",
    }
    variables = (f"--env=HYDRA_WEBHOOK_{name}={value}" for name, value in settings.items())
    return ["run", "--detach", *RESTRICTED, f"--volume={folder}:/tmp", "--health-interval=1s", *variables, image]


def until(condition: Callable[[], object], seen: Callable[[], object]) -> None:
    """Wait until a condition is true; `seen` explains a failure."""
    deadline = time.monotonic() + HANGING_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {HANGING_SECONDS} seconds: {seen()}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def container(engine, image, tmp_path_factory) -> Iterator[Container]:
    with running(engine, image, tmp_path_factory.mktemp("shared")) as container:
        yield container


def test_the_image_has_no_shell(engine, image):
    for shell in ("/bin/sh", "/bin/bash", "/bin/dash"):
        done = engine.run(["docker", "run", "--rm", *RESTRICTED, f"--entrypoint={shell}", image])
        assert done.returncode == 127
        assert f"{shell}: no such file or directory" in done.stderr


def test_the_image_declares_its_labels_user_and_ports(engine, image):
    config = engine.inspect(image)["Config"]

    assert config["User"] == "65532:65532"
    assert set(config["ExposedPorts"]) == {"9443/tcp", "8081/tcp"}
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert labels["version"] == webhook.__version__
    assert labels["licenses"] == "Apache-2.0"
    assert labels["source"] == "https://example.com/webhook"
    assert labels["revision"] != "unknown"


def test_nothing_that_only_the_build_needs_is_in_the_image(engine, image):
    listing = "import pkgutil; print(*(module.name for module in pkgutil.iter_modules()))"
    found = engine.docker("run", "--rm", *RESTRICTED, "--entrypoint=python3", image, "-c", listing).split()

    assert {"webhook", "certs", "aiohttp", "kubernetes_asyncio"} <= set(found)
    assert not {"hatchling", "pip", "setuptools", "pytest", "mypy"} & set(found)


def test_every_module_in_the_image_is_compiled(engine, image):
    program = (
        "import pathlib, importlib.util as u; folder = pathlib.Path('/opt/hydra-webhook');"
        "print(*(p for name in ('webhook', 'certs', 'aiohttp') for p in folder.joinpath(name).rglob('*.py')"
        " if not pathlib.Path(u.cache_from_source(p)).exists()))"
    )
    assert engine.docker("run", "--rm", *RESTRICTED, "--entrypoint=python3", image, "-c", program) == ""


def test_the_image_adds_less_than_200_mb_to_its_base(engine, image, bare, capsys):
    whole, below = (engine.inspect(name)["Size"] / 1e6 for name in (image, bare))
    with capsys.disabled():
        sys.stdout.write(f"\nThe image has {whole:.0f} MB, including {below:.0f} MB of its base.\n")
    assert whole - below < 200


def test_the_command_is_on_the_path(container):
    done = container.engine.run(["docker", "exec", container.id, "hydra-webhook", "demo"])

    assert "in:  Pod qwen3: " in done.stdout
    assert "in:  LeaderWorkerSet qwen3-cpu: " in done.stdout
    assert done.stdout.count("out: allowed, with a patch of ") == 2


def test_the_health_check_succeeds(container):
    until(container.healthy, lambda: container.state["Health"])


def test_the_process_runs_as_another_user_without_capabilities(container):
    status = Path(f"/proc/{container.state['Pid']}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines())

    assert fields["Uid"].split() == ["65532"] * 4
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == "1"


def test_a_recorded_review_is_answered_with_a_patch(container):
    response = container.mutate(REVIEW)

    assert response["allowed"]
    operations = json.loads(base64.b64decode(response["patch"]))
    pod = jsonpatch.apply_patch(json.loads(REVIEW)["request"]["object"], operations)
    assert pod["spec"]["containers"][0]["image"] not in ("", "auto")


def test_sigterm_drains_the_webhook_which_has_written_nothing(engine, image, tmp_path):
    with running(engine, image, tmp_path) as container:
        assert container.mutate(REVIEW)["allowed"]
        until(container.healthy, lambda: container.state["Health"])
        engine.docker("stop", "--time=60", container.id)

        assert container.state["ExitCode"] == 0
        assert container.events()[-2:] == ["draining", "stopped"]
        assert engine.docker("diff", container.id) == ""


@pytest.mark.cluster
def test_the_api_server_stores_the_pod_as_the_container_patches_it(plane, container):
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
    # The API server notices a new webhook after a moment.
    dry = ("create", "--dry-run=server", "--output=json", "--filename", example)
    plane.wait(lambda: "hydra.io/rendered" in plane.kubectl(*dry).stdout, "the API server calls the webhook")

    plane.kubectl("create", "--filename", example)

    pod = plane.get("pod", "qwen3")
    main = pod["spec"]["containers"][0]
    assert main["image"] == "swr.cn-south-1.myhuaweicloud.com/ascendhub/mindie:2.1.RC1"
    assert main["command"] == ["/bin/bash", "-c"]
    assert "vllm serve /data/serving-model --served-model-name qwen3-0.6b" in main["args"][0]
    assert json.loads(pod["metadata"]["annotations"]["hydra.io/rendered"])["runtime"] == "vllm-cpu"
