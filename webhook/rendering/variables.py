"""The variables that a Go template of the configuration may use (contract section 5).

Each has a rule: the ways in which it may get its value, of which the first counts that gives one. Requests read the values, and
whoever asks why reads where they come from; both walk the same rules.
"""

import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from webhook import catalog, workload
from webhook.rendering import gpus
from webhook.rendering.containers import InferenceContainer
from webhook.rendering.selection import Selection
from webhook.settings import Settings

#: What a DNS label (RFC 1123) does not consist of, in lower case. One has at most 63 characters.
_NOT_OF_LABEL = re.compile(r"[^a-z0-9]")
_SLUG_CHARACTERS = 52

_DEFAULTS = Settings()
_AGENT = catalog.KINDS["agent"].config_map

#: The source of what nothing sets.
DEFAULT = "default"


class Given(NamedTuple):
    """What the values follow from.

    Attributes:
        declaration: what the pod template declares.
        pod_template: its role and group size.
        container: the inference container as the workload has it.
        selection: what serves it.
        namespace: the request's namespace; the object's may be empty.
        cluster_name: of the agent configuration.
        settings: the constants.
    """

    declaration: workload.Declaration
    pod_template: workload.PodTemplate
    container: InferenceContainer
    selection: Selection
    namespace: str
    cluster_name: str | None
    settings: Settings

    @property
    def distributed(self) -> bool:
        """Return whether the pod is one of several in a group."""
        return self.pod_template.role != "lone"

    @property
    def agent_args(self) -> tuple[str, ...]:
        """Return the arguments of the agent entry for this role."""
        agent_entry = self.selection.agent_entry
        return agent_entry.args[self.pod_template.role] if agent_entry is not None else ()

    @property
    def own_args(self) -> list[str]:
        """Return the arguments of the workload."""
        return self.container.value.get("args") or []


class _Way(NamedTuple):
    """A way in which a variable may get its value.

    Attributes:
        source: where the value then comes from, or what says so.
        value: returns the value; None if there is none this way.
    """

    source: str | Callable[[Given], str]
    value: Callable[[Given], Any]


def variables(
    declaration: workload.Declaration,
    pod_template: workload.PodTemplate,
    container: InferenceContainer,
    selection: Selection,
    *,
    namespace: str,
    cluster_name: str | None,
    settings: Settings,
) -> dict[str, Any]:
    """Return the root data of every Go template, by variable name. The arguments are those of :class:`Given`."""
    given = Given(declaration, pod_template, container, selection, namespace, cluster_name, settings)
    found: dict[str, Any] = {}
    for name, ways in _VALUES:  # not by another function: this is for every request
        for value_of in ways:
            value = value_of(given)
            if value is not None:
                found[name] = value
                break
    return found


def sources(given: Given) -> dict[str, str]:
    """Return where the value of each variable comes from: ``annotation hydra.io/model-name``, ``default``."""
    found = {name: next(way.source for way in rule if way.value(given) is not None) for name, rule in _RULES.items()}
    return {name: source if isinstance(source, str) else source(given) for name, source in found.items()}


def _slug(model_id: str) -> str:
    """Return a model id as a DNS label with room for a prefix (contract section 5, MODEL_SLUG).

    Something is always left of it, because a label's value begins with a letter or digit.
    """
    return _NOT_OF_LABEL.sub("-", model_id.lower()).strip("-")[:_SLUG_CHARACTERS].rstrip("-")


def _setting(field: str) -> _Way:
    """Return the way of a constant (contract section 5): the setting of an installation, or its default."""
    option, default = field.replace("_", "-"), getattr(_DEFAULTS, field)

    def source(given: Given) -> str:
        return DEFAULT if getattr(given.settings, field) == default else f"setting {option}"

    return _Way(source, attrgetter(f"settings.{field}"))


def _group(source: str) -> Callable[[Given], str]:
    """Return the source of what is the place in a group; a lone pod has none."""
    return lambda given: source if given.distributed else "no group of several pods"


def _annotation(key: str, field: str) -> _Way:
    return _Way(f"annotation {key}", attrgetter(f"declaration.{field}"))


def _annotated(key: str, name: str) -> _Way:
    return _Way(f"annotation {key}", lambda given: given.declaration.constants.get(name))


def _gpu_count(given: Given) -> int:
    count = given.declaration.gpu_count
    return given.selection.choice.count if count is None else count


def _counted(given: Given) -> str:
    return ", ".join(f"{resource}: {amount}" for resource, amount in given.selection.choice.amounts)


def _args(given: Given) -> list[str] | None:
    return [*given.agent_args, *given.own_args] if given.agent_args and given.own_args else None


#: The rule of each variable, in the order in which the variables are documented. The last way always gives a value.
_RULES: Mapping[str, tuple[_Way, ...]] = {
    "RUN_TIME": (_Way(f"label {workload.RUNTIME}", attrgetter("declaration.runtime")),),
    "MODEL_ID": (_Way(f"label {workload.MODEL_ID}", attrgetter("declaration.model_id")),),
    "MODEL_NAME": (
        _Way(f"annotation {workload.keys.MODEL_NAME}", lambda given: given.declaration.model_name or None),
        _Way("MODEL_ID", attrgetter("declaration.model_id")),
    ),
    "MODEL_SLUG": (_Way("MODEL_ID as a DNS label", lambda given: _slug(given.declaration.model_id)),),
    "MODEL_PATH": (
        _annotated(workload.keys.MODEL_PATH, "MODEL_PATH"),
        _setting("model_path"),
    ),
    "MODEL_HOST": (_setting("model_host"),),
    "MODEL_PORT": (
        _annotated(workload.keys.MODEL_PORT, "MODEL_PORT"),
        _setting("model_port"),
    ),
    "RAY_PORT": (_setting("ray_port"),),
    "CLUSTER": (
        _Way(f"cluster_name in ConfigMap {_AGENT}", lambda given: given.cluster_name or None),
        _setting("cluster"),
    ),
    "NAMESPACE": (_Way("the request", attrgetter("namespace")),),
    "IS_DISTRIBUTED": (_Way("GROUP_SIZE", attrgetter("distributed")),),
    "IS_LEADER": (_Way("ROLE", lambda given: given.pod_template.role == "leader"),),
    "ROLE": (_Way(_group("place in the group"), attrgetter("pod_template.role")),),
    "TP_SIZE": (
        _annotation(workload.keys.TENSOR_PARALLEL_SIZE, "tensor_parallel_size"),
        _Way("one MIG slice for each process", lambda given: 1 if given.selection.choice.sliced else None),
        _Way("GPU_COUNT", lambda given: _gpu_count(given) or None),
        _Way(DEFAULT, lambda _: 1),
    ),
    "PP_SIZE": (
        _annotation(workload.keys.PIPELINE_PARALLEL_SIZE, "pipeline_parallel_size"),
        _Way("GROUP_SIZE", lambda given: given.pod_template.group_size if given.distributed else None),
        _Way(DEFAULT, lambda _: 1),
    ),
    "DP_SIZE": (
        _annotation(workload.keys.DATA_PARALLEL_SIZE, "data_parallel_size"),
        _Way(DEFAULT, lambda _: 1),
    ),
    "CUSTOM_ARGS": (
        _Way("args of the agent entry, then of the workload", _args),
        _Way("args of the agent entry", lambda given: list(given.agent_args) or None),
        _Way("args of the workload", lambda given: list(given.own_args) or None),
        _Way(DEFAULT, lambda _: []),
    ),
    "CONTAINER_NAME": (_Way("the inference container", attrgetter("container.name")),),
    "GPU_TYPE": (
        _Way(
            lambda given: gpus.origin(given.declaration, given.selection.choice),
            attrgetter("selection.choice.gpu_type"),
        ),
    ),
    "GPU_COUNT": (
        _annotation(workload.GPU_COUNT, "gpu_count"),
        _Way(_counted, lambda given: given.selection.choice.count or None),
        _Way("no row of the GPU table counts any", lambda _: 0),
    ),
    "GROUP_SIZE": (_Way(_group("size of the group"), attrgetter("pod_template.group_size")),),
    "TOTAL_GPU_COUNT": (
        _Way("GPU_COUNT times GROUP_SIZE", lambda given: _gpu_count(given) * given.pod_template.group_size),
    ),
}

_VALUES = tuple((name, tuple(way.value for way in rule)) for name, rule in _RULES.items())

#: The variables that the configuration sets to the same value for every workload, in the order in which a revision has them.
CONSTANTS = ("MODEL_PATH", "MODEL_HOST", "MODEL_PORT", "RAY_PORT", "CLUSTER")
