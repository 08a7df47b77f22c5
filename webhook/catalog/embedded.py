"""The configuration that the package brings along, so that everything runs without any."""

from collections.abc import Collection
from importlib import resources

from webhook.catalog.documents import Document
from webhook.catalog.model import BUILT_IN, ConfigKind

_FILES: tuple[tuple[ConfigKind, str], ...] = (
    ("templates", "hydra-runtime-template.yaml"),
    ("agent", "hydra-agent.yaml"),
)


def embedded(beside: Collection[ConfigKind] = ()) -> tuple[Document, ...]:
    """Return the built-in runtime templates and agent configuration, without the kinds that somebody gave."""
    folder = resources.files("webhook.catalog") / "builtin"
    return tuple(
        Document(kind, f"{BUILT_IN} {name}", (folder / name).read_text(encoding="utf-8"))
        for kind, name in _FILES
        if kind not in beside
    )
