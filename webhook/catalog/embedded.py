"""The built-in configuration, so that everything runs without one of your own."""

from collections.abc import Collection
from importlib import resources

from webhook.catalog.documents import Document
from webhook.catalog.kinds import KINDS
from webhook.catalog.model import BUILT_IN, ConfigKind


def embedded(beside: Collection[ConfigKind] = ()) -> tuple[Document, ...]:
    """Return the built-in documents of all kinds that have one, except those ``beside`` which they are used."""
    folder = resources.files("webhook.catalog") / "builtin"
    return tuple(
        Document(name, f"{BUILT_IN} {kind.built_in_file}", (folder / kind.built_in_file).read_text(encoding="utf-8"))
        for name, kind in KINDS.items()
        if kind.built_in_file and name not in beside
    )
