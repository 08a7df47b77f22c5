"""The built-in configuration, with which everything runs without a configuration of the user's."""

from collections.abc import Collection
from importlib import resources

from webhook.catalog.documents import Document
from webhook.catalog.kinds import KINDS
from webhook.catalog.model import BUILT_IN, ConfigKind


def embedded(except_for: Collection[ConfigKind] = ()) -> tuple[Document, ...]:
    """Return the built-in documents, except for these kinds, which have a document of the user's."""
    folder = resources.files("webhook.catalog") / "builtin"
    return tuple(
        Document(name, f"{BUILT_IN} {kind.built_in_file}", (folder / kind.built_in_file).read_text(encoding="utf-8"))
        for name, kind in KINDS.items()
        if kind.built_in_file and name not in except_for
    )
