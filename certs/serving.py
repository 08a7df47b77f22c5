"""A TLS context whose certificate can be replaced while the server runs."""

import os
import ssl

from certs import pki

_TLS_1_2_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Authenticated encryption with forward secrecy only, so none in CBC mode. Go's clients, such as API servers, offer all of them;
every suite of TLS 1.3 is of this kind."""


class ServingContext:
    """The pair in use, and the one ``context`` that a listener needs for its whole life.

    Loading a mismatched pair into a live ``SSLContext`` breaks every later handshake. So each pair gets a context of its
    own, which must complete a handshake in memory before ``context`` hands it to new connections. Existing connections
    keep the old one.

    Args:
        pair: to start with.
        client_ca: PEM certificates of the authorities one of which must have signed a client's certificate; empty: clients
            need no certificate, for as long as this object lives.

    Attributes:
        context: for the listener.

    Raises:
        pki.PairError: a TLS handshake with the pair fails, or ``client_ca`` cannot be used.
    """

    def __init__(self, pair: pki.Pair, client_ca: bytes = b"") -> None:
        self._fresh = _proven_context(pair, client_ca)
        self._pair = pair
        self._client_ca = client_ca
        # The connection takes whether to ask for a certificate from this context, and the pair and the authorities from the
        # fresh one. A session that is resumed would skip the check, so there are no tickets.
        self.context = _bare_context(asks_clients=bool(client_ca))
        # OpenSSL calls this for every handshake, even if the client sends no host name (SNI).
        self.context.sni_callback = self._choose

    @property
    def pair(self) -> pki.Pair:
        """The pair that new connections get."""
        return self._pair

    def replace(self, pair: pki.Pair) -> None:
        """Use this pair for every new connection. If it is refused, the previous pair stays in use.

        Raises:
            pki.PairError: a TLS handshake with it fails.
        """
        self._fresh = _proven_context(pair, self._client_ca)
        self._pair = pair

    def replace_client_ca(self, client_ca: bytes) -> None:
        """Accept only clients whose certificate one of these authorities has signed, on every new connection.

        Raises:
            pki.PairError: they cannot be used; the previous ones stay in use.
        """
        self._fresh = _proven_context(self._pair, client_ca)
        self._client_ca = client_ca

    def _choose(self, connection: ssl.SSLObject, _host: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._fresh


def _bare_context(*, asks_clients: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS_1_2_SUITES)
    context.set_alpn_protocols(["http/1.1"])  # the API server offers h2 first, which this server does not speak
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    if asks_clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
    return context


def _proven_context(pair: pki.Pair, client_ca: bytes) -> ssl.SSLContext:
    context = _bare_context()
    # ``ssl`` reads pairs from files only. An anonymous file in memory keeps the key off the disk and works in a container
    # whose root file system is read-only.
    try:
        with os.fdopen(os.memfd_create("pair"), "wb", buffering=0) as file:
            file.write(pair.key_pem.rstrip(b"\n") + b"\n" + pair.certificate_pem)
            context.load_cert_chain(f"/proc/self/fd/{file.fileno()}", password=_refuse_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise pki.PairError(f"the TLS library rejects the certificate and key: {error}") from error
    _shake_hands(context)
    if client_ca:
        _trust(context, client_ca)
    return context


def _trust(context: ssl.SSLContext, client_ca: bytes) -> None:
    """Make a context accept clients of these authorities; from here on its handshakes need a client's certificate."""
    try:
        context.load_verify_locations(cadata=client_ca.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise pki.PairError(f"the TLS library rejects the CA of clients: {error}") from error
    context.verify_mode = ssl.CERT_REQUIRED


def _refuse_password() -> str:
    """Fail instead of letting OpenSSL ask for a password at the terminal, which would block the server."""
    raise ValueError("the private key is encrypted")


def _shake_hands(context: ssl.SSLContext) -> None:
    """Complete a handshake in memory between ``context`` and a client that accepts any certificate."""
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname = False
    client_context.verify_mode = ssl.CERT_NONE
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    pending = [client, server]
    try:
        for _ in range(8):  # TLS 1.3 takes three flights, TLS 1.2 four
            for side in tuple(pending):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
                pending.remove(side)
            if not pending:
                return
    except ssl.SSLError as error:
        raise pki.PairError(f"a TLS handshake with the certificate fails: {error.reason}") from error
    raise pki.PairError("a TLS handshake with the certificate does not complete")
