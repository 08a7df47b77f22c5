"""Reads the cluster and the user that a context selects, from one kubeconfig or several, merged as kubectl does. Opens no file.

kubectl's rules for several files: of two entries with one name, and of two values of ``current-context``, the one in the earlier
file counts, as a whole. Relative paths start from the folder of the file that they are in.
"""

import base64
import binascii
import os
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from webhook import errors

#: The field with inline base64, and the field with a path that it takes precedence over.
_INLINE = {
    "certificate-authority-data": "certificate-authority",
    "client-certificate-data": "client-certificate",
    "client-key-data": "client-key",
}

_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


_SECTIONS = {"contexts": "context", "clusters": "cluster", "users": "user"}


class Unusable(Exception):  # noqa: N818 - named after what it says
    """Credentials cannot be used; ``str()`` says why and contains no secret. Never leaves this room."""


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """Where the credentials for a cluster are.

    Attributes:
        paths: at least one file. Of several, those that do not exist are skipped.
        context: which context to use; empty: the current one.
    """

    paths: tuple[Path, ...]
    context: str = ""

    @property
    def human(self) -> str:
        """How messages name it: ``kubeconfig /home/me/.kube/config``."""
        return f"kubeconfig {os.pathsep.join(map(str, self.paths))}"


@dataclass(frozen=True, slots=True)
class Selected:
    """The entries that a context of a kubeconfig selects.

    Attributes:
        cluster: the cluster's fields; ``server`` is a URL, and paths are relative to no folder.
        user: the user's fields; empty if the context has no user.
        context: the name of the context.
        namespace: that the context sets; empty if it sets none.
    """

    cluster: dict[str, Any]
    user: dict[str, Any]
    context: str = ""
    namespace: str = ""

    def files(self) -> list[Path]:
        """Return the files that it refers to, which may be rotated."""
        named = [entry[field] for entry in (self.cluster, self.user) for field in _PATHS if entry.get(field)]
        return [Path(str(path)) for path in named]

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

    def impersonation(self) -> list[tuple[str, str]]:
        """Return the headers that ask for the user whom ``as``, ``as-uid``, ``as-groups`` and ``as-user-extra`` name.

        Without them, a request would have more rights than the kubeconfig says.
        """
        groups, extra = self.user.get("as-groups") or [], self.user.get("as-user-extra") or {}
        headers = [("Impersonate-User", self.user.get("as")), ("Impersonate-Uid", self.user.get("as-uid"))]
        headers += [("Impersonate-Group", group) for group in groups]
        headers += [
            (f"Impersonate-Extra-{urllib.parse.quote(key, safe='')}", value)
            for key, values in extra.items()
            for value in values
        ]
        return [(name, str(value)) for name, value in headers if value]

    def whole(self) -> dict[str, Any]:
        """Return a kubeconfig with these entries only."""
        return {
            "current-context": "selected",
            "contexts": [{"name": "selected", "context": {"cluster": "selected", "user": "selected"}}],
            "clusters": [{"name": "selected", "cluster": self.cluster}],
            "users": [{"name": "selected", "user": self.user}],
        }


def select(files: Sequence[tuple[Path, bytes]], context: str = "") -> Selected:
    """Return what a context selects.

    Args:
        files: path and content of each file, in order of precedence.
        context: the name of the context; empty: ``current-context``.

    Raises:
        Unusable: a file is not a kubeconfig, or refers to an entry that does not exist.
    """
    roots = [(path.parent, _root(text, f"{path} " if len(files) > 1 else "")) for path, text in files]
    name = context or next((found for _, root in roots if (found := root.get("current-context"))), None)
    if not name:
        raise Unusable("has no current-context")
    chosen = _entry(roots, "contexts", name)
    cluster = _entry(roots, "clusters", chosen.get("cluster"))
    user = _entry(roots, "users", chosen["user"]) if chosen.get("user") else {}
    server = cluster.get("server")
    if not isinstance(server, str) or not server.startswith(("https://", "http://")):
        raise Unusable(f'cluster "{chosen.get("cluster")}" needs a server with an http or https URL')
    return Selected(cluster, user, str(name), str(chosen.get("namespace") or ""))


def _root(text: bytes, subject: str) -> dict[str, Any]:
    """Return the content of a file; ``subject`` begins messages."""
    try:
        root = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        raise Unusable(
            f"{subject}is not valid YAML{place}"
        ) from error  # without the text around it, which may be a key
    if not isinstance(root, dict):
        raise Unusable(f"{subject}is not a kubeconfig")
    return root


def _entry(roots: Sequence[tuple[Path, dict[str, Any]]], section: str, name: Any) -> dict[str, Any]:
    """Return a copy of the entry of this name, from the first file that has it, with its relative paths resolved."""
    names = []
    for folder, root in roots:
        entries = root.get(section)
        for entry in entries if isinstance(entries, list) else []:
            if not isinstance(entry, dict):
                continue
            value = entry.get(_SECTIONS[section])
            if entry.get("name") == name and (value is None or isinstance(value, dict)):
                return _resolved(value or {}, folder)
            names.append(str(entry.get("name")))
    others = f"; there are: {errors.listed(set(names))}" if names else ""
    raise Unusable(f'has no {_SECTIONS[section]} "{name}"{others}')


def _resolved(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a copy of an entry in which relative paths start from this folder."""
    entry = {**entry, **{field: str(folder / str(entry[field])) for field in _PATHS if entry.get(field)}}
    plugin = entry.get("exec")
    if isinstance(plugin, dict) and os.sep in str(command := plugin.get("command")):  # others are searched for in $PATH
        entry["exec"] = {**plugin, "command": str(folder / str(command))}
    return entry
