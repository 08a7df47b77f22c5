"""The configuration that the package brings along, so that everything runs without any."""

from importlib import resources

from webhook.catalog.documents import Document
from webhook.catalog.model import BUILT_IN, Kind

_FILES: tuple[tuple[Kind, str], ...] = (
    ("templates", "hydra-runtime-template.yaml"),
    ("agent", "hydra-agent.yaml"),
)


def embedded() -> tuple[Document, ...]:
    """Return the built-in runtime templates and the built-in agent configuration."""
    folder = resources.files("webhook.catalog") / "builtin"
    return tuple(
        Document(kind, f"{BUILT_IN} {name}", (folder / name).read_text(encoding="utf-8")) for kind, name in _FILES
    )
