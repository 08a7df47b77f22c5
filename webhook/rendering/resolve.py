"""Everything that is decided about a pod template before anything is filled in.

A request goes on to ``apply``; commands that answer questions read the resolution itself. Both see the same decisions.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from webhook import jsonshape, workload
from webhook.notices import Notice, about
from webhook.rendering import containers, selection, variables
from webhook.rendering.containers import InferenceContainer
from webhook.rendering.layers import Layers
from webhook.rendering.selection import Candidate, Selection
from webhook.rendering.state import State


class Resolution(msgspec.Struct, frozen=True):
    """What is decided about a pod template.

    Attributes:
        pod_template: the bare pod template.
        state: the configuration and settings that were read.
        declaration: what the pod template declares.
        container: the inference container as the workload has it.
        selection: what serves it.
        variables: the root data of every Go template.
        layers: the fields that the configuration gives.
    """

    pod_template: workload.PodTemplate
    state: State
    declaration: workload.Declaration
    container: InferenceContainer
    selection: Selection
    variables: Mapping[str, Any]
    layers: Layers

    @property
    def spec(self) -> Mapping[str, Any]:
        """Return the bare pod spec."""
        return self.pod_template.value.get("spec") or {}

    @property
    def spec_path(self) -> str:
        """Return where the pod spec is, from the object's root."""
        return jsonshape.at(self.pod_template.path, "spec")

    def notices(self) -> list[Notice]:
        """Return what the author should know about the decisions."""
        gpu_types = self.state.snapshot.gpu_types
        found = workload.mistaken_keys.notices(self.pod_template, self.state.settings.known_keys)
        found += containers.accelerator_elsewhere(self.pod_template, self.container, gpu_types)
        size, gpus = self.variables["TP_SIZE"], self.variables["TOTAL_GPU_COUNT"]
        if size > gpus > 0:
            found.append(about("tensor-parallel-too-large", str(size), str(gpus)))
        return [*found, *self.selection.gpu_notices, *self.selection.last_good_notices()]

    def candidates(self) -> Iterator[Candidate]:
        """Yield every agent entry, in file order, with the verdict on it; computed when asked for."""
        return selection.candidates(
            self.state.snapshot.agent_entries, self.declaration.runtime, self.selection.gpu_type
        )


def resolve(pod_template: workload.PodTemplate, state: State, *, namespace: str) -> Resolution:
    """Decide everything about a pod template that carries no record.

    Args:
        pod_template: the bare pod template; it is not modified.
        state: the configuration and settings.
        namespace: the request's namespace.

    Raises:
        errors.Denied: the workload, the runtime or the configuration prevents it.
    """
    declaration = workload.declaration(pod_template)
    container = containers.inference_container(pod_template, declaration.container, state.snapshot.gpu_types)
    chosen = selection.select(declaration, pod_template, container, state.snapshot)
    data = variables.variables(
        declaration,
        pod_template,
        container,
        chosen,
        namespace=namespace,
        cluster_name=state.snapshot.cluster_name,
        settings=state.settings,
    )
    return Resolution(
        pod_template,
        state,
        declaration,
        container,
        chosen,
        data,
        state.layers(chosen.agent_entry, chosen.runtime_template, pod_template.role),
    )
