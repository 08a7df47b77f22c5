"""GPUs in the resources of a configuration, which decide nothing (contract section 6)."""

from collections.abc import Iterable, Iterator
from typing import Any

from webhook import catalog, workload
from webhook.catalog.report import Report
from webhook.catalog.schema.agent_entries import ReadAgentEntry
from webhook.catalog.schema.runtime_templates import ReadRuntimeTemplate
from webhook.catalog.yaml.nodes import Scalar, YamlMapping, YamlPair
from webhook.linting import sections
from webhook.rendering import accelerators, quantities


def check(entries: Iterable[ReadRuntimeTemplate | ReadAgentEntry], report: Report, table: catalog.GpuTypes) -> None:
    """Report accelerators that a runtime template or an agent entry asks for.

    GPU type and count come from what a workload asks for. An amount that is a Go template may follow GPU_COUNT, so it is left
    alone.
    """
    for entry in entries:
        for path, container, _ in sections.containers(entry):
            for where, name, pair in _amounts(container, path):
                if accelerators.is_accelerator(name, table):
                    cause = (
                        f"{name} here decides neither GPU type nor GPU_COUNT: only what the workload asks for counts"
                    )
                    remedy = f"ask for it in the workload, or set annotations {workload.GPU_TYPE} and {workload.GPU_COUNT} there"
                    report.warning("uncounted-gpu", where, pair, cause, remedy)


def _amounts(container: YamlMapping, path: str) -> Iterator[tuple[str, str, YamlPair]]:
    """Yield place, name and pair of each resource that is asked for: the limit, or else the request."""
    resources = container.get("resources")
    seen: set[str] = set()
    for key in ("limits", "requests"):
        amounts = resources.get(key) if isinstance(resources, YamlMapping) else None
        for name, pair in amounts.pairs.items() if isinstance(amounts, YamlMapping) else ():
            if name not in seen and isinstance(pair.node, Scalar) and _is_fixed(pair.node.value):
                yield f"{path}.resources.{key}.{name}", name, pair
            seen.add(name)


def _is_fixed(amount: Any) -> bool:
    """Return whether an amount is neither 0 nor a Go template."""
    number = quantities.parse(amount)
    return number is not None and number != 0
