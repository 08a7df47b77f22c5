"""What must outlive the process so that the last good version stays in use after a restart (contract section 10). Pure.

Of each kind, up to two versions of a ConfigMap's data are stored: the last good one, which has no errors, and the newest one
if it was accepted with errors in some entries. Taken in again in this order, they restore what was in use: the newest
version, with the last good version of each entry that cannot be used.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from webhook.catalog.kinds import KINDS
from webhook.catalog.model import ConfigKind

CONFIG_MAP = "hydra-webhook-cache"
"""The ConfigMap, in the webhook's namespace."""

MAX_BYTES = 1_000_000
"""Of all keys and values together. The API server accepts 1 MiB of data in a ConfigMap (``MaxSecretSize``)."""

_LAST_GOOD, _NEWEST = "last-good", "newest"  # what their data keys begin with

Data = Mapping[str, str]
"""The ``data`` of a ConfigMap."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What is stored of one kind.

    Attributes:
        last_good: the last version without errors; None if there never was one.
        newest: the newest version if it was accepted with errors; None if it is the last good one.
    """

    last_good: Data | None = None
    newest: Data | None = None

    def after(self, data: Data, *, errors: bool) -> "Versions":
        """Return what to store once this version was accepted, with or without errors."""
        return Versions(self.last_good, data) if errors else Versions(data)

    @property
    def in_order(self) -> tuple[Data, ...]:
        """Return the versions in the order in which they must be taken in again."""
        return tuple(data for data in (self.last_good, self.newest) if data is not None)


def pack(versions: Mapping[ConfigKind, Versions]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the ``data`` of the ConfigMap that stores these versions, and the names of those that are too large for it.

    If there is not enough room, what is needed least is left out: newest versions before last good ones, and runtime templates
    last, since they may come from a cluster that cannot be reached.
    """
    data: dict[str, str] = {}
    left_out = []
    room = MAX_BYTES
    kinds = [kind for kind in KINDS if kind in versions]
    ranked = [(f"{_LAST_GOOD}.{kind}", versions[kind].last_good) for kind in kinds]
    ranked += [(f"{_NEWEST}.{kind}", versions[kind].newest) for kind in kinds]
    for name, version in ranked:
        entries = {f"{name}.{key}": value for key, value in (version or {}).items()}
        size = sum(len(key) + len(value.encode()) for key, value in entries.items())
        if size > room:
            left_out.append(name)
            continue
        room -= size
        data |= entries
    return data, tuple(left_out)


def foreign(data: Data) -> dict[str, str]:
    """Return the entries of the ConfigMap's ``data`` that this version does not know, such as those of a newer version."""
    ours = tuple(f"{prefix}.{kind}." for prefix in (_LAST_GOOD, _NEWEST) for kind in KINDS)
    return {name: value for name, value in data.items() if not name.startswith(ours)}


def unpack(data: Data) -> dict[ConfigKind, Versions]:
    """Return what the ``data`` of the ConfigMap stores; unknown keys are skipped."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name, value in data.items():
        prefix, _, rest = name.partition(".")
        kind, _, key = rest.partition(".")
        found.setdefault((prefix, kind), {})[key] = value
    versions = {kind: Versions(found.get((_LAST_GOOD, kind)), found.get((_NEWEST, kind))) for kind in KINDS}
    return {kind: one for kind, one in versions.items() if one.in_order}
