"""The decision about a review as the server takes it, with the configuration that uses every rule of merging."""

from collections.abc import Callable
from pathlib import Path

from webhook import catalog, mutation, rendering, review
from webhook.settings import Settings

_CONFIGURATION = Path(__file__).parents[1] / "configuration"


def decision() -> Callable[[bytes], review.Decision]:
    """Return what decides about a body."""
    documents = [
        catalog.Document(kind, f"{kind}.yaml", (_CONFIGURATION / f"{kind}.yaml").read_text(encoding="utf-8"))
        for kind in ("templates", "agent")
    ]
    state = rendering.State(catalog.build(documents, None), Settings())
    return lambda body: review.decide(body, mutation.handle, state)
