"""Who may call: the names in the certificates of clients, where the listener asks for certificates."""

from collections.abc import Collection, Mapping
from typing import Any


class ClientNames:
    """The common names of the clients that are answered.

    As with kube-apiserver's ``--requestheader-allowed-names``, no names at all means every client whose certificate the CA
    has signed; that it has is the TLS layer's business.

    Args:
        allowed: the common names.
    """

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._allowed = frozenset(allowed)

    def refusal(self, certificate: Mapping[str, Any] | None) -> str:
        """Return why a client is refused, as one line for it; empty if it is answered.

        Args:
            certificate: of the client, as ``ssl.SSLSocket.getpeercert`` returns it.
        """
        if not self._allowed:
            return ""
        subject = (certificate or {}).get("subject", ())
        names = [value for part in subject for key, value in part if key == "commonName"]
        if self._allowed.intersection(names):
            return ""
        shown = f'"{names[0]}"' if names else "missing"
        return f"the common name of the client certificate is {shown}, which --client-allowed-names does not list"
