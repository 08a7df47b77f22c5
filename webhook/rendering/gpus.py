"""Which GPU type the inference container asks for, and how many GPUs (contract section 6)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from webhook import catalog, errors, workload
from webhook.notices import Notice, about
from webhook.rendering import accelerators, node_labels, quantities
from webhook.rendering.containers import InferenceContainer

_TABLE = f"ConfigMap {catalog.KINDS['gpu-configs'].config_map}"

#: The GPU type of a container that asks for no accelerator.
CPU = catalog.CPU

#: More GPUs than any node has; a larger amount is a mistake.
_MOST_GPUS = 10**6

#: Slices of NVIDIA GPUs, one resource for each profile. A process can only use one of them, so they are not added up to a TP_SIZE.
_SLICE = "nvidia.com/mig-"


class Choice(msgspec.Struct, frozen=True):
    """A GPU type that fits what the inference container asks for.

    Attributes:
        gpu_type: its name.
        row: the row of the GPU table that counts; None if no row does.
        amounts: the resources that the row counts, with how many GPUs or slices of each are asked for.
        certain: whether the workload only runs on nodes that have the row's labels.
        fallback: whether the row is a built-in one although the configured table has a row for the same resource on any node.
    """

    gpu_type: str
    row: catalog.GpuType | None = None
    amounts: tuple[tuple[str, int], ...] = ()
    certain: bool = False
    fallback: bool = False

    @property
    def count(self) -> int:
        """Return how many GPUs, or slices, these are together."""
        return sum(amount for _, amount in self.amounts)

    @property
    def sliced(self) -> bool:
        """Return whether it counts MIG slices rather than whole GPUs."""
        return any(resource.startswith(_SLICE) for resource, _ in self.amounts)


class Request(msgspec.Struct, frozen=True):
    """What the inference container asks for.

    Attributes:
        choices: the GPU types that fit, the likeliest first; never empty.
        rows: the rows of the GPU table that match.
        resources: the resources that these rows are about.
        uncounted: what may be accelerators, though no row is about them, where an annotation gives the type.
        passed_over: the rows about these resources whose nodes the workload excludes.
    """

    choices: tuple[Choice, ...]
    rows: tuple[catalog.GpuType, ...] = ()
    resources: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()
    passed_over: tuple[catalog.GpuType, ...] = ()


#: Of a container that asks for no accelerator.
_NOTHING = Request((Choice(CPU),))


class _Match(msgspec.Struct, frozen=True):
    """A row of the GPU table, and the resources that it is about among those that the container asks for."""

    row: catalog.GpuType
    resources: tuple[str, ...]


def request(
    declaration: workload.Declaration,
    container: InferenceContainer,
    spec: Mapping[str, Any],
    table: catalog.GpuTypes,
) -> Request:
    """Return what the inference container asks for; ``hydra.io/gpu-type`` overrides the type, not the count.

    Args:
        declaration: what the pod template declares.
        container: the inference container.
        spec: the bare pod spec.
        table: the GPU table in order of precedence.

    Raises:
        errors.Denied: an amount is not a whole number, or the container asks for something that may be an accelerator of which
            nothing gives the type.
    """
    asked = accelerators.asked(container.value, table)
    named = [_Match(row, found) for row in table if (found := _about(row, asked, table))] if asked else []
    if declaration.gpu_type:
        return _annotated(declaration, container, asked, named, table)
    labels = node_labels.of(spec) if any(match.row.node_selector for match in named) else None
    matches = [match for match in named if labels is None or not labels.exclude(match.row.node_selector)]
    if not matches:
        _check_no_accelerator(container, spec, asked, [match.row for match in named], table)
        return _NOTHING
    first = frozenset(matches[0].resources)
    same = [match for match in matches if not first.isdisjoint(match.resources)]
    configured = any(match.row.path and not match.row.node_selector for match in same)
    choices: dict[str, Choice] = {}
    for row, found in ((match.row, match.resources) for match in same):
        if row.name not in choices:
            choices[row.name] = Choice(
                row.name,
                row,
                _amounts(asked, found, container.path),
                certain=labels is not None and labels.require(row.node_selector),
                fallback=configured and not row.path,
            )
    rows, resources = _together(matches)
    passed_over = tuple(match.row for match in named if match.row not in rows)
    return Request(tuple(choices.values()), rows, resources, passed_over=passed_over)


def notices(declaration: workload.Declaration, asked: Request, chosen: Choice) -> list[Notice]:
    """Return what the author should know about the choice and what annotations make of it."""
    found = []
    if chosen.row is not None and declaration.gpu_count not in (None, chosen.count):
        found.append(about("gpu-count-replaced", str(declaration.gpu_count), _named(chosen), str(chosen.count)))
    own = dict(chosen.amounts)
    others = [(name, chosen.amounts[0][0]) for name in asked.resources if name not in own]
    if others and not _settled(declaration, chosen):
        found.append(Notice("several-accelerators", others))
    if asked.uncounted and declaration.gpu_count is None and declaration.tensor_parallel_size is None:
        found.append(Notice("gpus-not-counted", asked.uncounted))
    if chosen.sliced and declaration.tensor_parallel_size is None:
        count = chosen.count if declaration.gpu_count is None else declaration.gpu_count
        if count > 1:
            found.append(Notice("several-slices", [(resource, str(amount)) for resource, amount in chosen.amounts]))
    return found


def origin(declaration: workload.Declaration, choice: Choice) -> str:
    """Return where a GPU type comes from, for messages."""
    if declaration.gpu_type:
        return f"that of annotation {workload.GPU_TYPE}"
    if choice.row is None:
        return f"{CPU} because the container asks for no accelerator"
    where = (
        f"row {choice.row.path} of {_TABLE}"
        if choice.row.path
        else f"a built-in row of the GPU table, before which {_TABLE} may have others"
    )
    return f"that of {_named(choice)} in {where}"


def _about(row: catalog.GpuType, asked: Mapping[str, Any], table: catalog.GpuTypes) -> tuple[str, ...]:
    """Return the resources asked for that a row is about, sorted."""
    if row.is_pattern:
        return tuple(sorted(name for name in asked if accelerators.matches(row, name, table)))
    return (row.resource,) if row.resource in asked else ()


def _annotated(
    declaration: workload.Declaration,
    container: InferenceContainer,
    asked: Mapping[str, Any],
    named: list[_Match],
    table: catalog.GpuTypes,
) -> Request:
    """Return the annotated type, with what its row counts, or else what the first row does."""
    gpu_type = declaration.gpu_type
    counted = next((match for match in named if match.row.name == gpu_type), named[0] if named else None)
    if counted is not None:
        amounts = _amounts(asked, counted.resources, container.path)
        return Request((Choice(gpu_type, counted.row, amounts),), *_together(named))
    uncounted = [] if gpu_type == CPU else [*_unnamed(asked, table), *_claims(container, {})]
    return Request((Choice(gpu_type),), uncounted=tuple(uncounted))


def _together(matches: Sequence[_Match]) -> tuple[tuple[catalog.GpuType, ...], tuple[str, ...]]:
    """Return the rows of matches, and their resources."""
    resources = dict.fromkeys(name for match in matches for name in match.resources)
    return tuple(match.row for match in matches), tuple(resources)


def _settled(declaration: workload.Declaration, chosen: Choice) -> bool:
    """Return whether annotations leave nothing open where rows are about several resources."""
    named = chosen.row is not None and chosen.row.name == declaration.gpu_type
    return bool(declaration.gpu_type) and (named or declaration.gpu_count is not None)


def _amounts(asked: Mapping[str, Any], resources: Iterable[str], path: str) -> tuple[tuple[str, int], ...]:
    return tuple((resource, _whole(asked[resource], resource, path)) for resource in resources)


def _named(choice: Choice) -> str:
    """Return the resources of a choice, for messages."""
    return errors.listed([resource for resource, _ in choice.amounts])


def _whole(amount: Any, resource: str, path: str) -> int:
    number = quantities.parse(amount)
    if number is None or not 1 <= number <= _MOST_GPUS or number != int(number):
        message = f"{path}.resources: {resource} is {errors.shown(amount)}; it must be a whole number of GPUs"
        raise errors.Denied("invalid-gpu-count", message)
    return int(number)


def _unnamed(asked: Iterable[str], table: catalog.GpuTypes) -> list[str]:
    """Return the resources that are accelerators, or may be, though no row of the GPU table counts them."""
    return sorted(
        name for name in asked if accelerators.is_accelerator(name, table) or accelerators.is_of_device_class(name)
    )


def _claims(container: InferenceContainer, sources: Mapping[str, Any]) -> list[str]:
    """Return the resource claims that a container uses, with where each comes from."""
    found = []
    for claim in (container.value.get("resources") or {}).get("claims") or ():
        name = str(claim.get("name"))
        source = sources.get(name) or {}
        kinds = (("ResourceClaim", "resourceClaimName"), ("ResourceClaimTemplate", "resourceClaimTemplateName"))
        called = "".join(f" ({kind} {source[key]})" for kind, key in kinds if source.get(key))
        found.append(f'resource claim "{name}"{called}')
    return found


def _check_no_accelerator(
    container: InferenceContainer,
    spec: Mapping[str, Any],
    asked: Mapping[str, Any],
    excluded: Sequence[catalog.GpuType],
    table: catalog.GpuTypes,
) -> None:
    """Check that a container that no row of the GPU table matches asks for nothing that may be an accelerator.

    Raises:
        errors.Denied: it does; without its type, it would silently get what is meant for CPUs.
    """
    unnamed = _unnamed(asked, table)
    shares = [] if unnamed else sorted(name for name in asked if accelerators.is_companion(name, table))
    claims = _claims(container, {str(claim.get("name")): claim for claim in spec.get("resourceClaims") or ()})
    if not (unnamed or shares or claims):
        return
    causes, remedies = [], []
    if unnamed:
        key, known = unnamed[0], {row.resource for row in table}
        causes.append(f"{errors.listed(unnamed)}, which no row of {_TABLE} matches ({_excluded(excluded, known)})")
        remedies.append(f"add a row to {_TABLE}: {_row(key)}")
    if shares:
        causes.append(f"{errors.listed(shares)}, a share of an accelerator, without the accelerator itself")
        remedies.append(
            f"ask for the accelerator too{_wholes(shares, table)}, or for one that you add to {_TABLE}: "
            f"{_row('RESOURCE', shares[0])}"
        )
    if claims:
        causes.append(
            f"{errors.listed(claims)}, which may be an accelerator; rows of {_TABLE} are about resources only"
        )
    remedies.append(
        f"set annotations {workload.GPU_TYPE} and {workload.GPU_COUNT}, or {workload.GPU_TYPE}: {CPU} if it is not an accelerator"
    )
    message = f"{container} asks for {' and for '.join(causes)}; {', or '.join(remedies)}"
    raise errors.Denied("unknown-accelerator", message)


def _excluded(excluded: Sequence[catalog.GpuType], known: set[str]) -> str:
    """Return why no row matches: those that the labels of nodes exclude, or else the resources that rows are about."""
    return passed_over(excluded) if excluded else f"its rows are about {errors.listed(known)}"


def passed_over(excluded: Sequence[catalog.GpuType]) -> str:
    """Return that the workload excludes the nodes that these rows are about, for messages."""
    rows = errors.listed(
        [f"{row.path} ({row.name}) is for nodes with {','.join(map('='.join, row.node_selector))}" for row in excluded]
    )
    return f"{rows}, which nodeSelector or node affinity exclude"


def _wholes(shares: Sequence[str], table: catalog.GpuTypes) -> str:
    """Return the accelerators in rows of the GPU table that these may be shares of, in brackets."""
    named = frozenset(shares)
    domains = {share.partition("/")[0] for share in shares}
    wholes = {row.resource for row in table if row.companion in named or row.resource.partition("/")[0] in domains}
    return f" ({errors.listed(wholes)})" if wholes else ""


def _row(resource: str, companion: str = "") -> str:
    """Return a row of the GPU table as it is written in YAML."""
    memory = f", gpu_memory: {{key: {companion}}}" if companion else ""
    return f"{{gpu_type: NAME, gpu_resource_template_config: {{gpu_per_node: {{key: {resource}}}{memory}}}}}"
