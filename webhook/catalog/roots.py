"""What each configuration begins with, and where one belongs that is somewhere else."""

from collections.abc import Container, Mapping
from types import MappingProxyType
from typing import NamedTuple

from webhook.catalog.model import ConfigKind


class Root(NamedTuple):
    """The outside of one kind of configuration.

    Attributes:
        key: the key that has its list.
        config_map: the name of its ConfigMap (contract sections 4 and 6).
        human: its name in messages.
    """

    key: str
    config_map: str
    human: str


ROOTS: Mapping[ConfigKind, Root] = MappingProxyType(
    {
        "templates": Root("templates", "hydra-runtime-template", "the runtime template configuration"),
        "agent": Root("deployment_templates", "hydra-agent", "the agent configuration"),
        "gpu-configs": Root("gpu_configs", "hydra-gpu-configs", "the GPU table"),
    }
)


def swapped_by_key(key: str, keys: Container[str]) -> tuple[str, str] | None:
    """Return cause and remedy if a text has the key of another configuration in place of this one."""
    if key in keys:
        return None
    return next((_swapped(kind, f'it has "{root.key}"') for kind, root in ROOTS.items() if root.key in keys), None)


def swapped_by_name(config_map: str, name: str) -> tuple[str, str] | None:
    """Return cause and remedy if a ConfigMap has the name of another one than it should be."""
    found = (
        _swapped(kind, f'the ConfigMap is named "{name}"') for kind, one in ROOTS.items() if one.config_map == name
    )
    return next(found, None) if name != config_map else None


def _swapped(kind: ConfigKind, shown_by: str) -> tuple[str, str]:
    root = ROOTS[kind]
    return f"this is {root.human}: {shown_by}", f"pass it as --{kind}, or put it into ConfigMap {root.config_map}"
