"""The Kubernetes API: a client for each API server, and reflectors that follow collections by list and watch.

::

    collections   which objects a request is about, and the contents of those that this project reads
    kinds         the kinds of object that commands read, by the names that kubectl knows them by
    answers       decodes objects, pages of a list and events of a watch
    clocks        an API server's clock, as its answers show it, and by how much this machine's differs
    failures      ApiError, with a code for everything that can go wrong with a request
    kubeconfig    the cluster and the user that a context selects, from one kubeconfig or several
    credentials   kubeconfigs or a service account, read into what a connection needs
    contexts      the cluster and namespace that kubectl would use
    connections   connections that are replaced when their credentials change
    client        the requests
    listing       every object of a collection once, a page at a time
    reflector     follows a collection: list, watch, and list again; a single object is the special case

``collections``, ``kinds``, ``answers``, ``clocks``, ``failures`` and ``kubeconfig`` do no I/O. Objects leave this room as decoded JSON. Never in
here: decisions about what is in them. This is the only room that imports ``kubernetes_asyncio``, and only for credentials:
its watch gives up on the second 410, reconnects without a pause when a stream ends cleanly, and waits for ever for a silent
peer. So requests and watches are our own.
"""

from webhook.cluster import contexts, credentials, kinds, listing
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
from webhook.cluster.kubeconfig import Kubeconfig
from webhook.cluster.reflector import Observer, Reflector, Timing, follow_object

__all__ = [
    "ApiError",
    "Client",
    "Collection",
    "Deadlines",
    "ErrorCode",
    "Kubeconfig",
    "ObjectReference",
    "Observer",
    "Reflector",
    "ServerClock",
    "Timing",
    "ca_bundle_corrections",
    "ca_bundles",
    "config_map",
    "contexts",
    "credentials",
    "follow_object",
    "in_cluster",
    "kinds",
    "listing",
    "mutating_webhook_configuration",
    "secret",
    "secret_data",
]
