"""``hydra-webhook builtin``: what the program brings along, to read and to copy."""

import enum
from importlib import resources
from typing import Annotated

import typer

from webhook import catalog


class Part(enum.StrEnum):
    """What is built in."""

    TEMPLATES = "templates"
    AGENT = "agent"
    GPU_CONFIGS = "gpu-configs"
    EXAMPLES = "examples"


What = Annotated[Part, typer.Argument(metavar="PART", help="What to print.")]


def builtin(part: What) -> None:
    """Print the built-in configuration, or example workloads.

    The program reads what it prints, so it is a beginning for a configuration of your own.

    Exit status: 0 success, 2 wrong usage.
    """
    typer.echo(_text(part), nl=False)


def _text(part: Part) -> str:
    """Return a YAML text that the program reads."""
    match part:
        case Part.EXAMPLES:
            folder = resources.files("webhook.cli") / "examples"
            found = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
            return "---\n".join(one.read_text(encoding="utf-8") for one in found)
        case Part.GPU_CONFIGS:
            return catalog.dump({"gpu_configs": [_row(one) for one in catalog.build((), None).gpu_types]})
    (text,) = (one.content for one in catalog.embedded() if one.config_kind == part.value)
    assert isinstance(text, str)
    return text


def _row(gpu_type: catalog.GpuType) -> dict[str, object]:
    """Return a row of the GPU table as a configuration writes it."""
    return {
        "gpu_type": gpu_type.name,
        "gpu_resource_template_config": {"gpu_per_node": {"key": gpu_type.resource}},
    }
