"""Reads the cluster and the user that the current context of a kubeconfig selects. Opens no other file."""

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

#: The field with inline base64, and the field with a path that it takes precedence over.
_INLINE = {
    "certificate-authority-data": "certificate-authority",
    "client-certificate-data": "client-certificate",
    "client-key-data": "client-key",
}

_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


class Unusable(Exception):  # noqa: N818 - named after what it says
    """Credentials cannot be used; ``str()`` says why and contains no secret. Never leaves this room."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The entries that the current context of a kubeconfig selects.

    Attributes:
        cluster: the cluster's fields; ``server`` is a URL.
        user: the user's fields; empty if the context has no user.
    """

    cluster: dict[str, Any]
    user: dict[str, Any]

    def files(self, folder: Path) -> list[Path]:
        """Return the files that it refers to, which may be rotated. Relative paths start from ``folder``."""
        named = [entry[field] for entry in (self.cluster, self.user) for field in _PATHS if entry.get(field)]
        return [folder / str(path) for path in named]

    def inline(self) -> dict[str, bytes]:
        """Remove the inline certificates and keys, and return each by the name of the field for its path.

        Raises:
            Unusable: one is not base64.
        """
        taken = {}
        for entry in (self.cluster, self.user):
            for field, named in _INLINE.items():
                if text := entry.pop(field, None):
                    try:
                        taken[named] = base64.b64decode("".join(text.split()), validate=True)
                    except (binascii.Error, AttributeError, ValueError) as error:
                        raise Unusable(f"{field} is not base64") from error
        return taken

    def whole(self) -> dict[str, Any]:
        """Return a kubeconfig with these entries only."""
        return {
            "current-context": "selected",
            "contexts": [{"name": "selected", "context": {"cluster": "selected", "user": "selected"}}],
            "clusters": [{"name": "selected", "cluster": self.cluster}],
            "users": [{"name": "selected", "user": self.user}],
        }


def select(text: bytes) -> Selected:
    """Return what the current context of a kubeconfig selects.

    Raises:
        Unusable: the text is not a kubeconfig, or refers to an entry that does not exist.
    """
    try:
        root = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        raise Unusable(f"is not valid YAML{place}") from error  # without the text around it, which may be a key
    if not isinstance(root, dict):
        raise Unusable("is not a kubeconfig")
    current = root.get("current-context")
    if not current:
        raise Unusable("has no current-context")
    context = _entry(root, "contexts", "context", current)
    cluster = _entry(root, "clusters", "cluster", context.get("cluster"))
    user = _entry(root, "users", "user", context["user"]) if context.get("user") else {}
    server = cluster.get("server")
    if not isinstance(server, str) or not server.startswith(("https://", "http://")):
        raise Unusable(f'cluster "{context.get("cluster")}" needs a server with an http or https URL')
    return Selected(cluster, user)


def _entry(root: dict[str, Any], several: str, one: str, name: Any) -> dict[str, Any]:
    entries = root.get(several)
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("name") == name:
            value = entry.get(one)
            if value is None:
                return {}
            if isinstance(value, dict):
                return dict(value)
    raise Unusable(f'has no {one} "{name}"')
