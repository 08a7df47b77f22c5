"""What the built-in runtimes start: run with real bash and stub engines that print their arguments."""

import json

import pytest

from tests.builtin import stubs, workloads

HOSTILE = [
    '--speculative-config={"method":"mtp","num_speculative_tokens":1}',
    "--chat-template={% if x %}\n{{ x }}\n{% endif %}",
    "--name=a b",
    "it's",
    '"quoted"',
    "$HOME ${HOME} $(id) `id`",
    "{a,b} * ? [x]",
    "a;b&c|d<e>f#g\\h",
    "$(LWS_LEADER_ADDRESS_)",
    "",
]
MODEL = ["/data/serving-model", "--served-model-name=qwen3-0.6b"]
OPEN = ["--host=0.0.0.0", "--port=8000"]
VLLM = ["--trust-remote-code", "--shutdown-timeout=90"]


@pytest.fixture
def engines(tmp_path):
    """A folder with the engines, without Ray."""
    return stubs.install(tmp_path, "vllm", "sglang")


def started(folder, runtime, role="lone", args=(), **annotations):
    """Start the container of a role; return the run."""
    container = workloads.container(workloads.spec(runtime, role, **annotations))
    return stubs.start({**container, "args": list(args)}, folder, role)


def test_vllm_in_one_pod(engines):
    run = started(engines, "vllm", args=["--dtype=half"])

    assert run.argv == ["vllm", "serve", *MODEL, *OPEN, *VLLM, "--tensor-parallel-size=8", "--dtype=half"]


@pytest.mark.parametrize(
    ("role", "own"),
    [("leader", ["--node-rank=0"]), ("worker", ["--headless", "--node-rank=1"])],
    ids=["leader", "worker"],
)
def test_vllm_in_a_group_without_ray(engines, role, own):
    run = started(engines, "vllm", role, args=["--dtype=half"])

    group = ["--nnodes=2", "--master-addr=10.0.0.5", *own]
    sizes = ["--tensor-parallel-size=8", "--pipeline-parallel-size=2"]
    served = OPEN if role == "leader" else []
    assert run.argv == ["vllm", "serve", *MODEL, *served, *VLLM, *sizes, *group, "--dtype=half"]


def test_vllm_in_a_group_with_ray_starts_both_on_the_leader(tmp_path):
    folder = stubs.install(tmp_path, "vllm", "ray")

    run = started(folder, "vllm", "leader")

    ray, vllm = map(json.loads, run.out.splitlines())
    assert ray[1:] == ["start", "--head", "--port=6379"]
    sizes = ["--tensor-parallel-size=8", "--pipeline-parallel-size=2"]
    assert vllm[1:] == ["serve", *MODEL, *OPEN, *VLLM, *sizes, "--distributed-executor-backend=ray"]


def test_vllm_is_not_started_if_ray_cannot_be(tmp_path):
    folder = stubs.install(tmp_path, "vllm")
    (folder / "ray").write_text("#!/bin/sh\nexit 3\n")
    (folder / "ray").chmod(0o755)

    run = started(folder, "vllm", "leader")

    assert (run.status, run.out) == (1, "")


@pytest.mark.parametrize("role", ["leader", "worker"])
@pytest.mark.parametrize("address", ["10.0.0.5", "fd00::5"])
def test_data_parallel_vllm_gets_an_address_instead_of_a_name_and_no_ray(tmp_path, role, address):
    folder = stubs.install(tmp_path, "vllm", "ray", address=address)

    run = started(folder, "vllm", role, data_parallel_size="16", tensor_parallel_size="1", pipeline_parallel_size="1")

    assert run.err == ""
    assert {"--data-parallel-size=16", f"--data-parallel-address={address}", f"--master-addr={address}"} <= set(
        run.argv
    )
    assert not {"--tensor-parallel-size=1", "--pipeline-parallel-size=1"} & set(run.argv)


@pytest.mark.parametrize(("runtime", "flag"), [("vllm", "--data-parallel-size=8"), ("sglang", "--dp-size=8")])
def test_data_parallel_in_one_pod(engines, runtime, flag):
    run = started(engines, runtime, data_parallel_size="8", tensor_parallel_size="1")

    assert flag in run.argv
    assert run.err == ""


@pytest.mark.parametrize(("runtime", "role"), [("vllm", "lone"), ("vllm", "leader"), ("sglang", "lone")])
def test_a_warning_says_that_there_are_too_few_gpus(engines, runtime, role):
    run = started(engines, runtime, role, data_parallel_size="2")

    sizes = "1 is more than 8" if role == "lone" else "2 is more than 16"
    assert run.err == (
        f"data parallel size 2 x tensor parallel size 8 x pipeline parallel size {sizes} GPUs: "
        "set the annotations hydra.io/tensor-parallel-size and hydra.io/pipeline-parallel-size\n"
    )
    assert run.argv[1] == "serve"


@pytest.mark.parametrize(("role", "rank"), [("leader", "0"), ("worker", "1")])
def test_sglang_in_a_group(engines, role, rank):
    run = started(engines, "sglang", role, args=["--mem-fraction-static=0.8"])

    assert run.argv == [
        "sglang", "serve", "--model-path=/data/serving-model", "--served-model-name=qwen3-0.6b", *OPEN,
        "--trust-remote-code", "--tp-size=8", "--pp-size=2", "--dist-init-addr=10.0.0.5:20000", "--nnodes=2",
        f"--node-rank={rank}", "--mem-fraction-static=0.8",
    ]  # fmt: skip


def test_data_parallel_attention_of_sglang_in_a_group(engines):
    run = started(
        engines, "sglang", "worker", data_parallel_size="16", tensor_parallel_size="16", pipeline_parallel_size="1"
    )

    assert {"--dp-size=16", "--tp-size=16", "--enable-dp-attention"} <= set(run.argv)
    assert run.err == ""


def test_an_ipv6_address_before_a_port_has_brackets(tmp_path):
    run = started(stubs.install(tmp_path, "sglang", address="fd00::5"), "sglang", "worker")

    assert "--dist-init-addr=[fd00::5]:20000" in run.argv


def test_image_gen_in_one_pod(engines):
    run = started(engines, "image-gen", data_parallel_size="2", tensor_parallel_size="4")

    timeouts = ["--stage-init-timeout=3600", "--init-timeout=3600"]
    sizes = ["--tensor-parallel-size=4", "--data-parallel-size=2"]
    assert run.argv == ["vllm", "serve", MODEL[0], "--omni", MODEL[1], *OPEN, *timeouts, *sizes]


@pytest.mark.parametrize(
    ("runtime", "role", "annotations", "reason"),
    [
        (
            "image-gen",
            "leader",
            {},
            "runtime image-gen runs in one pod: use a LeaderWorkerSet of size 1, or a Deployment",
        ),
        (
            "mindie",
            "lone",
            {"data_parallel_size": "2"},
            "runtime mindie does not support hydra.io/data-parallel-size: run several replicas instead",
        ),
        ("mindie", "worker", {}, "a group of MindIE pods needs RANK_TABLE_FILE"),
    ],
)
def test_what_is_not_supported_says_so_and_exits(engines, runtime, role, annotations, reason):
    run = started(engines, runtime, role, **annotations)

    assert (run.status, run.out, run.err) == (1, "", f"{reason}\n")


def test_mindie_listens_on_loopback_for_internal_requests(engines):
    run = started(engines, "mindie", args=["--maxSeqLen=8192"], model_port="9000", model_path="/models/here")

    config = json.loads(run.out)
    assert config["ServerConfig"] == {
        "ipAddress": "0.0.0.0",
        "port": 9000,
        "allowAllZeroIpListening": True,
        "managementIpAddress": "127.0.0.1",
        "managementPort": 1026,
        "httpsEnabled": False,
        "interCommTLSEnabled": False,
    }
    deploy = config["BackendConfig"]["ModelDeployConfig"]
    assert deploy["maxSeqLen"] == 8192
    assert deploy["ModelConfig"] == [{"modelName": "qwen3-0.6b", "modelWeightPath": "/models/here", "worldSize": 8}]


@pytest.mark.parametrize("role", ["lone", "leader", "worker"])
@pytest.mark.parametrize("runtime", ["vllm", "sglang"])
def test_hostile_arguments_arrive_unharmed(engines, runtime, role):
    run = started(engines, runtime, role, args=HOSTILE)

    assert run.argv[-len(HOSTILE) :] == HOSTILE


def test_hostile_arguments_arrive_unharmed_at_image_gen(engines):
    assert started(engines, "image-gen", args=HOSTILE).argv[-len(HOSTILE) :] == HOSTILE


@pytest.mark.parametrize("value", [argument for argument in HOSTILE if argument])
def test_hostile_values_arrive_unharmed_at_mindie(engines, value):
    run = started(engines, "mindie", args=[f"--maxSeqLen={json.dumps(value)}"])

    assert json.loads(run.out)["BackendConfig"]["ModelDeployConfig"]["maxSeqLen"] == value


@pytest.mark.parametrize("runtime", ["vllm", "sglang", "image-gen"])
def test_a_hostile_model_name_arrives_unharmed(engines, runtime):
    name = "x$(touch f) 'y' \"z\" `id`"

    run = started(engines, runtime, model_name=name)

    assert f"--served-model-name={name}" in run.argv
