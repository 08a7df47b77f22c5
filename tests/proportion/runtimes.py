"""``python -m tests.proportion.runtimes SIZE…``: how much work decisions take with configurations of so many runtimes, as JSON."""

import json
import sys
from collections.abc import Sequence

from tests.proportion import counting

TEMPLATE = """
- runtime: runtime-{0:05}
  podTemplate: {{containerTemplate: {{commandTemplate: [serve, "{{{{ .MODEL_PATH }}}}"]}}}}
"""
ENTRY = """
- match_runtimes: [runtime-{0:05}]
  match_gpu_types: [gpu-{1:05}]
  container_template: {{image: "registry.example/{0:05}:1"}}
"""

#: Clusters with more runtimes do not have more kinds of accelerators.
GPU_TYPES = 20

#: Pods by name: the runtime that each asks for, and the GPU type. All configurations have runtime 0; none has the others.
PODS = {
    "rendered": ("runtime-00000", "gpu-00000"),
    "of a runtime whose name is near others": ("runtime-9999x", "gpu-00000"),
    "of a runtime whose name is near none": ("unheard-of", "gpu-00000"),
    "of a GPU type whose name is near others": ("runtime-00000", "gpu-9999x"),
    "of a GPU type whose name is near none": ("runtime-00000", "unheard-of"),
}


def counted(sizes: Sequence[int]) -> dict[str, list[int]]:
    """Return the work of each decision, by size in the order of the sizes."""
    counting.rewrite_imports()
    # only now, so that what they import is rewritten
    from tests.proportion import bodies  # noqa: PLC0415
    from webhook import catalog, mutation, rendering, review  # noqa: PLC0415
    from webhook.settings import Settings  # noqa: PLC0415

    found: dict[str, list[int]] = {name: [] for name in PODS}
    for size in sizes:
        templates = "templates:" + "".join(map(TEMPLATE.format, range(size)))
        agent = "deployment_templates:" + "".join(ENTRY.format(number, number % GPU_TYPES) for number in range(size))
        documents = [catalog.Document("templates", "t", templates), catalog.Document("agent", "a", agent)]
        state = rendering.State(catalog.build(documents, None), Settings())
        for name, (runtime, gpu_type) in PODS.items():
            spec = {"containers": [{"name": "main", "image": "auto"}]}
            review_of = bodies.review(bodies.pod(spec, bodies.metadata(runtime, gpu_type=gpu_type)))
            body = json.dumps(review_of).encode()
            for _ in range(2):  # what the first one of its kind finds out does not count
                before = counting.METER.work
                decision = review.decide(body, mutation.handle, state)
            assert (decision.outcome == "mutated") == (name == "rendered"), decision.message
            found[name].append(counting.METER.work - before)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(counted([int(size) for size in sys.argv[1:]])))
