"""The Kubernetes API: a client for each API server, and reflectors that follow collections by list and watch.

::

    collections   which objects a request is about, and the contents of those that this project reads
    answers       decodes objects, pages of a list and events of a watch
    clocks        an API server's clock, as its answers show it, and by how much this machine's differs
    failures      ApiError, with a code for everything that can go wrong with a request
    kubeconfig    the cluster and the user that a kubeconfig selects
    credentials   a kubeconfig or a service account, read into what a connection needs
    connections   connections that are replaced when their credentials change
    client        the requests
    reflector     follows a collection: list, watch, and list again; a single object is the special case

``collections``, ``answers``, ``clocks``, ``failures`` and ``kubeconfig`` do no I/O. Objects leave this room as decoded JSON. Never in
here: decisions about what is in them. This is the only room that imports ``kubernetes_asyncio``, and only for credentials:
its watch gives up on the second 410, reconnects without a pause when a stream ends cleanly, and waits for ever for a silent
peer. So requests and watches are our own.
"""

from webhook.cluster.client import Client, Deadlines
from webhook.cluster.clocks import ServerClock
from webhook.cluster.collections import (
    Collection,
    ObjectReference,
    ca_bundle_corrections,
    ca_bundles,
    config_map,
    mutating_webhook_configuration,
    secret,
    secret_data,
)
from webhook.cluster.credentials import in_cluster
from webhook.cluster.failures import ApiError, ErrorCode
from webhook.cluster.reflector import Observer, Reflector, Timing, follow_object

__all__ = [
    "ApiError",
    "Client",
    "Collection",
    "Deadlines",
    "ErrorCode",
    "ObjectReference",
    "Observer",
    "Reflector",
    "ServerClock",
    "Timing",
    "ca_bundle_corrections",
    "ca_bundles",
    "config_map",
    "follow_object",
    "in_cluster",
    "mutating_webhook_configuration",
    "secret",
    "secret_data",
]
