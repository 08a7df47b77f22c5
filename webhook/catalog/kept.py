"""Texts that are kept outside the process, so that what was good outlives a restart (contract section 10). Pure.

Of each kind two texts are kept: the last one without errors, and the newest one that could be read as a whole if that has
errors in some entries. Taken in again in this order they give what was in use: the newest, with the last good version of
each entry that cannot be used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast, get_args

from webhook.catalog.model import ConfigKind

MAX_BYTES = 1_000_000
"""Of all keys and texts together. The API server takes 1 MiB of data in a ConfigMap (``MaxSecretSize``)."""

_FLAWLESS, _FLAWED = "flawless", "flawed"  # what their data keys begin with

Texts = Mapping[str, str]
"""The ``data`` of a ConfigMap that holds a configuration."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one kind.

    Attributes:
        flawless: the last text without errors; None if there never was one.
        flawed: the newest text, if it was accepted with errors.
    """

    flawless: Texts | None = None
    flawed: Texts | None = None

    def after(self, texts: Texts, *, errors: bool) -> "Kept":
        """Return what is to be kept once this text was accepted, with or without errors."""
        return Kept(self.flawless, texts) if errors else Kept(texts)

    @property
    def in_order(self) -> tuple[Texts, ...]:
        """Return the texts in the order in which they are to be taken in again."""
        return tuple(texts for texts in (self.flawless, self.flawed) if texts is not None)


def pack(kept: Mapping[ConfigKind, Kept]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the ``data`` of the ConfigMap that keeps all this, and the names of what had to be left out for its size.

    What is left out first is what is needed least: flawed texts, and runtime templates last, since they may come from a
    cluster that is away.
    """
    data: dict[str, str] = {}
    left_out = []
    room = MAX_BYTES
    kinds = [kind for kind in get_args(ConfigKind) if kind in kept]
    ranked = [(f"{_FLAWLESS}.{kind}", kept[kind].flawless) for kind in kinds]
    ranked += [(f"{_FLAWED}.{kind}", kept[kind].flawed) for kind in kinds]
    for name, texts in ranked:
        entries = {f"{name}.{key}": text for key, text in (texts or {}).items()}
        size = sum(len(key) + len(text.encode()) for key, text in entries.items())
        if size > room:
            left_out.append(name)
            continue
        room -= size
        data |= entries
    return data, tuple(left_out)


def foreign(data: Texts) -> dict[str, str]:
    """Return the entries of the ConfigMap's ``data`` that are none of ours, such as those of a newer version."""
    ours = tuple(f"{prefix}.{kind}." for prefix in (_FLAWLESS, _FLAWED) for kind in get_args(ConfigKind))
    return {name: text for name, text in data.items() if not name.startswith(ours)}


def unpack(data: Texts) -> dict[ConfigKind, Kept]:
    """Return what the ``data`` of the ConfigMap keeps; keys that are none of ours are passed over."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name, text in data.items():
        prefix, _, rest = name.partition(".")
        kind, _, key = rest.partition(".")
        found.setdefault((prefix, kind), {})[key] = text
    kinds = cast("tuple[ConfigKind, ...]", get_args(ConfigKind))
    kept = {kind: Kept(found.get((_FLAWLESS, kind)), found.get((_FLAWED, kind))) for kind in kinds}
    return {kind: one for kind, one in kept.items() if one.in_order}
