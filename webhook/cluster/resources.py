"""Which object a request is about."""

import urllib.parse
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """One named object of the Kubernetes API, whether it exists or not.

    Attributes:
        kind: as manifests write it, ``ConfigMap``.
        collection: path of the objects of its kind beside it, ``/api/v1/namespaces/hydra-system/configmaps``.
        name: its ``metadata.name``.
        namespace: its namespace; empty for kinds that have none.
    """

    kind: str
    collection: str
    name: str
    namespace: str = ""

    @property
    def human(self) -> str:
        """How messages name it: ``ConfigMap hydra-system/hydra-agent``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def path(self) -> str:
        """Path of the object itself."""
        return f"{self.collection}/{urllib.parse.quote(self.name, safe='')}"

    @property
    def plural(self) -> str:
        """The name that RBAC rules use: ``configmaps``."""
        return self.collection.rpartition("/")[2]


def config_map(namespace: str, name: str) -> Resource:
    """Return the ConfigMap of this name."""
    return Resource("ConfigMap", _namespaced(namespace, "configmaps"), name, namespace)


def secret(namespace: str, name: str) -> Resource:
    """Return the Secret of this name."""
    return Resource("Secret", _namespaced(namespace, "secrets"), name, namespace)


def mutating_webhook_configuration(name: str) -> Resource:
    """Return the MutatingWebhookConfiguration of this name."""
    collection = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
    return Resource("MutatingWebhookConfiguration", collection, name)


def _namespaced(namespace: str, plural: str) -> str:
    return f"/api/v1/namespaces/{urllib.parse.quote(namespace, safe='')}/{plural}"
