"""LeaderWorkerSets in a control plane: the CRD, the webhook configurations, and a controller.

The controller is the stand-in (see `lws`), or the real one if the variable LWS_MANAGER has the path of its program.
"""

import base64
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import certs
from tests.controlplane.objects import Object, leader_worker_set
from tests.controlplane.plane import ControlPlane
from tests.controlplane.processes import on_free_port

HERE = Path(__file__).parent
OWN_CRD = HERE / "leaderworkersets-crd.yaml"
PROJECTS_CRD = HERE.parents[2] / "shared" / "crds" / "leaderworkersets.yaml"
"""The CRD of the LeaderWorkerSet project, 1.3 MB, used if it is there."""

GROUP = "leaderworkerset.x-k8s.io"

#: Which controller runs, for the end of the test run.
CONTROLLER = pytest.StashKey[str]()


class LeaderWorkerSets:
    """LeaderWorkerSets in one control plane.

    Attributes:
        manager: path of the real controller's program, or None for the stand-in.
    """

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.manager = os.environ.get("LWS_MANAGER") or None
        self._folder = plane.folder / "lws"

    def install(self) -> None:
        """Install everything, and return once LeaderWorkerSets are served and the webhook fills in their defaults."""
        self._folder.mkdir()
        pair, self._authority = certs.self_signed(["127.0.0.1"], datetime.now(UTC), timedelta(days=1))
        (self._folder / "tls.crt").write_bytes(pair.certificate_pem)
        (self._folder / "tls.key").write_bytes(pair.key_pem)
        crd = PROJECTS_CRD if PROJECTS_CRD.exists() else OWN_CRD
        # Server-side, since the annotation of a client-side apply has no room for 1.3 MB.
        self.plane.kubectl("apply", "--server-side", "-f", crd)
        if self.manager:
            self.plane.apply(_further_crd("DisaggregatedSet"), _further_crd("DisaggregatedSetRoleScaler"))
        self.plane.until_served(f"leaderworkersets.{GROUP}")
        if self.plane.controllers:
            self.plane.restart_controllers()
        self.start()

    def start(self) -> None:
        """Start the controller, and return once its webhooks answer."""
        on_free_port(self._start)

    def stop(self) -> None:
        """Kill the controller. Its webhook configurations stay, so whatever they match is refused."""
        self.plane.end("lws")

    def _start(self, port: int) -> None:
        if self.manager:
            config = self._folder / "manager.json"
            config.write_text(json.dumps(_manager_configuration(port, self._folder)))
            command = [self.manager, f"--config={config}"]
        else:
            command = [sys.executable, "-m", "tests.controlplane.lws", f"--port={port}", f"--cert-dir={self._folder}"]
            command += [
                f"--server={self.plane.server}",
                f"--ca-file={self.plane.ca_file}",
                f"--token={self.plane.token}",
            ]
        self.plane.spawn("lws", command, {"KUBECONFIG": str(self.plane.kubeconfig)})
        kinds = {"MutatingWebhookConfiguration": "mutate"}
        if self.manager:
            kinds["ValidatingWebhookConfiguration"] = "validate"
        url = f"https://127.0.0.1:{port}"
        self.plane.apply(*(_webhook_configuration(kind, verb, url, self._authority) for kind, verb in kinds.items()))
        self.plane.until("lws", self._defaults)

    def _defaults(self) -> bool:
        """Return whether the webhook fills in a new LeaderWorkerSet: a field for which the CRD has no default shows it."""
        probe = leader_worker_set("probe", "default", size=1)
        asked = self.plane.request("POST", f"/apis/{GROUP}/v1/namespaces/default/leaderworkersets?dryRun=All", probe)
        return "networkConfig" in asked["spec"]


def _webhook_configuration(kind: str, verb: str, url: str, authority: bytes) -> Object:
    """Return a configuration as the LeaderWorkerSet project installs it, but with URLs. `lws-…` is called after `hydra-…`."""

    def webhook(name: str, path: str, rule: Object, selector: Object) -> Object:
        return {
            "name": f"{verb[0]}{name}.kb.io",
            "clientConfig": {"url": f"{url}/{verb}-{path}", "caBundle": base64.b64encode(authority).decode()},
            "rules": [{"apiVersions": ["v1"], **rule}],
            "objectSelector": selector,
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }

    sets = {"apiGroups": [GROUP], "resources": ["leaderworkersets"], "operations": ["CREATE", "UPDATE"]}
    pods = {"apiGroups": [""], "resources": ["pods"], "operations": ["CREATE"]}
    in_a_group = {"matchExpressions": [{"key": "leaderworkerset.sigs.k8s.io/name", "operator": "Exists"}]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": f"lws-{kind.lower()}"},
        "webhooks": [
            webhook("leaderworkerset", "leaderworkerset-x-k8s-io-v1-leaderworkerset", sets, {}),
            webhook("pod", "-v1-pod", pods, in_a_group),
        ],
    }


def _manager_configuration(port: int, folder: Path) -> Object:
    return {
        "apiVersion": "config.lws.x-k8s.io/v1alpha1",
        "kind": "Configuration",
        "webhook": {"host": "127.0.0.1", "port": port, "certDir": str(folder)},
        "metrics": {"bindAddress": "0"},
        "health": {"healthProbeBindAddress": "0"},
        "leaderElection": {"leaderElect": False},
        "internalCertManagement": {"enable": False},
    }


def _further_crd(kind: str) -> Object:
    """Return the CRD of a kind that no test uses, but without which the real controller exits."""
    group, plural = "disaggregatedset.x-k8s.io", f"{kind.lower()}s"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [version],
        },
    }
