"""The built-in runtimes: no problems, and the same bytes as Go's text/template renders."""

import json
from pathlib import Path

import pytest

from webhook import catalog, gotemplate
from webhook.rendering import budget, command

SNAPSHOT = catalog.build(catalog.embedded(), None)

#: Command and args of every runtime in every role, rendered by Go 1.27. Keys: runtime/role/custom or plain/tpN.
RENDERED = json.loads((Path(__file__).parent / "rendered.json").read_text())


def variables(runtime, role, arguments, tensor_parallel_size):
    size = 1 if role == "single" else 2
    return {
        "RUN_TIME": runtime,
        "MODEL_ID": "qwen3-0.6b",
        "MODEL_NAME": "qwen3-0.6b",
        "MODEL_PATH": "/data/serving-model",
        "MODEL_HOST": "0.0.0.0",
        "MODEL_PORT": 8000,
        "RAY_PORT": 6379,
        "CLUSTER": "",
        "NAMESPACE": "default",
        "IS_DISTRIBUTED": role != "single",
        "IS_LEADER": role == "leader",
        "TP_SIZE": tensor_parallel_size,
        "PP_SIZE": size,
        "CUSTOM_ARGS": ["--dtype=half", "--max-model-len=8192"] if arguments == "custom" else [],
        "GPU_TYPE": "nvidia-gpu",
        "GPU_COUNT": tensor_parallel_size,
        "GROUP_SIZE": size,
    }


def test_there_are_five_runtimes_without_problems():
    assert SNAPSHOT.runtimes == ("image-gen", "mindie", "sglang", "vllm", "vllm-cpu")
    assert SNAPSHOT.problems == ()
    assert {key.split("/")[0] for key in RENDERED} == set(SNAPSHOT.runtimes)


@pytest.mark.parametrize("key", RENDERED)
def test_command_and_args_are_what_go_renders(key):
    runtime, role, arguments, size = key.split("/")
    data = variables(runtime, role, arguments, int(size.removeprefix("tp")))

    found = command.command(
        SNAPSHOT.runtime_templates[runtime].startups["lone" if role == "single" else role], data, budget.new()
    )

    assert {"command": found.command, "args": found.args} == RENDERED[key]
    assert found.notices == ()


@pytest.mark.parametrize("key", [key for key in RENDERED if "/single/" in key])
def test_variables_of_a_group_are_not_used_outside_one(key):
    assert "LWS_" not in json.dumps(RENDERED[key])


@pytest.mark.parametrize("runtime", SNAPSHOT.runtimes)
def test_every_runtime_has_an_image_on_some_gpu_type(runtime):
    assert any(entry.image for entry in SNAPSHOT.agent_entries_for(runtime))


def test_the_published_example_is_built_in_character_for_character():
    example = (Path(__file__).parents[2] / "manifests/examples/configmap-hydra-runtime-template.yaml").read_text()
    published = catalog.build(
        [
            catalog.Document("templates", "example", example),
            *(d for d in catalog.embedded() if d.config_kind == "agent"),
        ],
        None,
    )

    assert published.runtime_templates["vllm-cpu"].digest == SNAPSHOT.runtime_templates["vllm-cpu"].digest
    assert all(
        isinstance(part, gotemplate.Template) for part in published.runtime_templates["vllm-cpu"].startups["lone"].args
    )
