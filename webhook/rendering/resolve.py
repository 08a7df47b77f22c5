"""Everything that is decided about a pod template before anything is filled in.

A request goes on to ``apply``; commands that answer questions read the resolution itself. Both see the same decisions.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from webhook import catalog, jsonshape, workload
from webhook.notices import Notice, about
from webhook.rendering import containers, gpus, selection, variables
from webhook.rendering.containers import InferenceContainer
from webhook.rendering.layers import Layers
from webhook.rendering.selection import Candidate, Selection
from webhook.rendering.state import State


class Decided(msgspec.Struct):
    """What has been decided about a pod template so far, for whoever asks why it was denied; None: not reached.

    Attributes:
        declaration: what the pod template declares.
        container: the inference container.
        runtime_template: also None if only agent entries know the runtime.
        asked: what the inference container asks for.
        resolution: everything together.
    """

    declaration: workload.Declaration | None = None
    container: InferenceContainer | None = None
    runtime_template: catalog.RuntimeTemplate | None = None
    asked: gpus.Request | None = None
    resolution: "Resolution | None" = None


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

    @property
    def startup(self) -> catalog.Startup:
        """Return how the runtime starts in the role of the pod template; empty where only an agent entry knows the runtime."""
        runtime_template = self.selection.runtime_template
        return runtime_template.startups[self.pod_template.role] if runtime_template is not None else catalog.Startup()

    def sources(self) -> dict[str, str]:
        """Return where the value of each variable comes from; found out when asked for."""
        given = variables.Given(
            self.declaration,
            self.pod_template,
            self.container,
            self.selection,
            self.variables["NAMESPACE"],
            self.state.snapshot.cluster_name,
            self.state.settings,
        )
        return variables.sources(given)

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


def resolve(
    pod_template: workload.PodTemplate, state: State, *, namespace: str, decided: Decided | None = None
) -> Resolution:
    """Decide everything about a pod template that carries no record.

    Args:
        pod_template: the bare pod template; it is not modified.
        state: the configuration and settings.
        namespace: the request's namespace.
        decided: receives each decision as soon as it is made.

    Raises:
        errors.Denied: the workload, the runtime or the configuration prevents it.
    """
    decided = decided if decided is not None else Decided()
    snapshot = state.snapshot
    declaration = decided.declaration = workload.declaration(pod_template)
    container = decided.container = containers.inference_container(
        pod_template, declaration.container, snapshot.gpu_types
    )
    runtime_template = decided.runtime_template = selection.runtime_template(declaration, snapshot)
    spec = pod_template.value.get("spec") or {}
    asked = decided.asked = gpus.request(declaration, container, spec, snapshot.gpu_types)
    chosen = selection.select(declaration, pod_template.role, container, snapshot, runtime_template, asked)
    data = variables.variables(
        declaration,
        pod_template,
        container,
        chosen,
        namespace=namespace,
        cluster_name=snapshot.cluster_name,
        settings=state.settings,
    )
    decided.resolution = Resolution(
        pod_template,
        state,
        declaration,
        container,
        chosen,
        data,
        state.layers(chosen.agent_entry, chosen.runtime_template, pod_template.role),
    )
    return decided.resolution
