"""The Kubernetes API: one client for each API server, and a reflector that follows one object by list and watch.

Rule: knows requests, lists, watches, resource versions and credentials, and hands objects over as decoded JSON; what is in
them, and what follows from it, is decided in other rooms. The only room that imports ``kubernetes_asyncio``, and only for
reading credentials: its watch ends on the second 410, reconnects without a pause when a stream ends cleanly and waits
forever for a silent peer, so requests and watches are our own.

::

    resources     which object, and its URL
    failures      everything that can go wrong with a request, and the bounded words for it
    pacing        how soon the next request may be made
    events        bytes of a watch to events, a list's answer to a page
    kubeconfig    a kubeconfig's text to the cluster and user it selects
    credentials   a kubeconfig or a service account to what a connection needs
    connections   connections made from credentials, and made again when those change
    client        the requests
    reflector     list, watch, and again
    objects       what is inside Secrets and webhook configurations

All but those from credentials to reflector are free of I/O.
"""

from webhook.cluster.client import Client, Deadlines
from webhook.cluster.credentials import in_cluster
from webhook.cluster.failures import ApiError, Reason
from webhook.cluster.objects import ca_bundle_corrections, ca_bundles, secret_data
from webhook.cluster.reflector import Reflector, Timing
from webhook.cluster.resources import Resource, config_map, mutating_webhook_configuration, secret

__all__ = [
    "ApiError",
    "Client",
    "Deadlines",
    "Reason",
    "Reflector",
    "Resource",
    "Timing",
    "ca_bundle_corrections",
    "ca_bundles",
    "config_map",
    "in_cluster",
    "mutating_webhook_configuration",
    "secret",
    "secret_data",
]
