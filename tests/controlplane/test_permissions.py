"""What the webhook's accounts may do: every permission is needed, since something fails without it, and no other is granted."""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import yaml

from tests.controlplane.installation import (
    AGENT,
    CACHE,
    CONFIGURATION,
    NAMESPACE,
    ROOT,
    SECRET,
    STATE,
    WEBHOOKS,
    Installation,
    config_map,
    templates,
)
from tests.controlplane.objects import Object
from tests.controlplane.plane import ControlPlane
from tests.controlplane.replica import Replica
from webhook import catalog

MANIFESTS = ROOT / "manifests"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


@dataclass(frozen=True)
class Permission:
    """One verb on one object."""

    verb: str
    group: str
    resource: str
    name: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} {self.name}"

    @property
    def message(self) -> str:
        """What the webhook reports if it is missing."""
        return f'(permission needed: {self.verb} on {self.resource} named "{self.name}")'

    @property
    def rule(self) -> Object:
        parts = {"apiGroups": self.group, "resources": self.resource, "resourceNames": self.name, "verbs": self.verb}
        return {key: [value] for key, value in parts.items()}


def permissions(rules: list[Object]) -> list[Permission]:
    """Return every single permission that some rules grant. Each rule must name its objects."""
    return [
        Permission(verb, group, resource, name)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule["resourceNames"]
        for verb in rule["verbs"]
    ]


def roles(text: str) -> dict[str, Object]:
    """Return the Roles and ClusterRoles of a manifest by their paths in the API, without the one for people."""
    found = {path(item): item for item in yaml.safe_load_all(text) if item["kind"] in {"Role", "ClusterRole"}}
    return {place: role for place, role in found.items() if place != FOR_PEOPLE}


FOR_PEOPLE = f"{RBAC}/clusterroles/hydra-webhook-reader"


def path(role: Object) -> str:
    metadata = role["metadata"]
    scope = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{RBAC}{scope}/{role['kind'].lower()}s/{metadata['name']}"


class Account:
    """A ServiceAccount of the namespace hydra-system, and the roles that it is bound to.

    Args:
        plane: its cluster.
        name: of the account.
        granted: its roles by path, as the manifests have them.
    """

    def __init__(self, plane: ControlPlane, name: str, granted: dict[str, Object]) -> None:
        self.plane = plane
        self.user = f"system:serviceaccount:{NAMESPACE}:{name}"
        self.roles = granted

    @property
    def applied(self) -> list[Permission]:
        """The permissions that its roles in the cluster grant."""
        return permissions([rule for path in self.roles for rule in self.plane.request("GET", path)["rules"]])

    def grant(self) -> None:
        """Give it every permission that the manifests grant."""
        self._put({path: permissions(role["rules"]) for path, role in self.roles.items()})

    @contextlib.contextmanager
    def without(self, *missing: Permission) -> Iterator[None]:
        """Take some permissions away until the context is left."""
        self._put(
            {
                path: [one for one in permissions(role["rules"]) if one not in missing]
                for path, role in self.roles.items()
            }
        )
        try:
            yield
        finally:
            self.grant()

    def may(self, permission: Permission) -> bool:
        attributes = {"namespace": NAMESPACE, "verb": permission.verb, "group": permission.group}
        attributes |= {"resource": permission.resource, "name": permission.name}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
        review["spec"] = {"user": self.user, "resourceAttributes": attributes}
        answer = self.plane.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return answer["status"]["allowed"]

    def _put(self, wanted: dict[str, list[Permission]]) -> None:
        for path, role in self.roles.items():
            self.plane.request("PUT", path, {**role, "rules": [one.rule for one in wanted[path]]})
        for path, role in self.roles.items():
            for one in permissions(role["rules"]):
                self.plane.wait(
                    lambda one=one, path=path: self.may(one) == (one in wanted[path]),
                    f"authorization has noticed: {one}",
                )

    def allowed(self, namespace: str) -> set[tuple[str, ...]]:
        """Return what `kubectl auth can-i --list` reports in addition to what every account may do."""
        return can_i(self.plane, self.user, namespace) - can_i(self.plane, f"{self.user}-without-roles", namespace)


def can_i(plane: ControlPlane, user: str, namespace: str) -> set[tuple[str, ...]]:
    """Return what a user may do in a namespace: tuples of resource with its group, URL, name of the object, and verb."""
    asked = ["auth", "can-i", "--list", "--no-headers", "--namespace", namespace, "--as", user]
    lines = plane.kubectl(*asked).stdout.splitlines()
    found = set()
    for line in lines:
        parts = re.fullmatch(r"(\S*)\s+\[(.*)\]\s+\[(.*)\]\s+\[(.*)\]\s*", line)
        assert parts, line
        resource, *several = parts.groups()
        urls, names, verbs = ([*filter(None, part.split())] or [""] for part in several)
        found |= {(resource, url, name, verb) for url in urls for name in names for verb in verbs}
    return found


def as_listed(granted: list[Permission]) -> set[tuple[str, ...]]:
    """Return permissions as `can_i` does."""
    return {(f"{one.resource}.{one.group}" if one.group else one.resource, "", one.name, one.verb) for one in granted}


OWN_ROLES = roles((MANIFESTS / "base" / "rbac.yaml").read_text())
READER_ROLES = roles((MANIFESTS / "global-cluster" / "reader.yaml").read_text())


def of(granted: dict[str, Object]) -> list[Permission]:
    return permissions([rule for role in granted.values() for rule in role["rules"]])


@pytest.fixture(scope="module")
def installed(site: Installation) -> Installation:
    """The webhook installed and configured."""
    site.reset()
    site.configure(templates=templates(one="work", **{"vllm-cpu": "serve"}), agent=AGENT)
    return site


@pytest.fixture
def hydra(installed: Installation) -> Iterator[Installation]:
    """The same, with an empty cache and state, no CA and no replica running."""
    for kept in (CACHE, STATE, SECRET):
        item = installed.plane.request("GET", kept)
        item.pop("data", None)
        item.pop("binaryData", None)
        installed.plane.request("PUT", kept, item)
    webhooks = installed.plane.request("GET", WEBHOOKS)
    for webhook in webhooks["webhooks"]:
        webhook["clientConfig"].pop("caBundle", None)
    installed.plane.request("PUT", WEBHOOKS, webhooks)
    yield installed
    installed.stop_all()


@pytest.fixture
def account(hydra: Installation) -> Account:
    return Account(hydra.plane, "hydra-webhook", OWN_ROLES)


@pytest.fixture(scope="module")
def reader_installed(global_plane: ControlPlane) -> ControlPlane:
    """The global cluster with the templates and the account that reads them."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    global_plane.put(namespace, config_map("hydra-runtime-template", templates(one="global")))
    global_plane.kubectl("apply", "-k", MANIFESTS / "global-cluster")
    return global_plane


@pytest.fixture
def reader(reader_installed: ControlPlane) -> Account:
    return Account(reader_installed, "hydra-webhook-reader", READER_ROLES)


@pytest.fixture
def away(hydra: Installation, reader: Account) -> Iterator[Callable[[], Replica]]:
    """Starts a replica as the overlay does: its role cannot read the templates, but it has the reader's kubeconfig."""
    overlay = roles(hydra.plane.kubectl("kustomize", MANIFESTS / "overlays" / "global-cluster").stdout)
    kubeconfig = reader.plane.kubeconfig_for_service_account(NAMESPACE, "hydra-webhook-reader")
    Account(hydra.plane, "hydra-webhook", overlay).grant()
    yield lambda: hydra.start(HYDRA_WEBHOOK_GLOBAL_KUBECONFIG=str(kubeconfig))
    Account(hydra.plane, "hydra-webhook", OWN_ROLES).grant()


def not_read(_hydra: Installation, replica: Replica, permission: Permission) -> bool:
    """Readiness waits for the ConfigMap."""
    status, detail = replica.health("/readyz")
    waiting = f"[-]configuration failed: ConfigMap {NAMESPACE}/{permission.name} has not been read yet"
    return status == 503 and waiting in detail


def not_followed(_hydra: Installation, replica: Replica, permission: Permission) -> bool:
    """The ConfigMap is used as it was read, and is known to be stale."""
    kinds: dict[str, str] = {row.config_map: kind for kind, row in catalog.KINDS.items()}
    stale = replica.metric("hydra_webhook_configuration_stale_seconds", kind=kinds[permission.name])
    return replica.ready and stale > 0


def not_kept(hydra: Installation, replica: Replica, _permission: Permission) -> bool:
    """The configuration is in use but not cached, so a restart would not find it."""
    return replica.ready and "data" not in hydra.plane.request("GET", CACHE)


def not_published(hydra: Installation, replica: Replica, _permission: Permission) -> bool:
    """The configuration is in use, but commands cannot find out."""
    return replica.ready and "data" not in hydra.plane.request("GET", STATE)


def not_certified(hydra: Installation, replica: Replica, _permission: Permission) -> bool:
    """Admissions are not served, since there is no CA."""
    status, detail = replica.health("/readyz")
    no_secret = "data" not in hydra.plane.request("GET", SECRET)
    return (
        (status, replica.port) == (503, 0)
        and "[-]certificate failed: there is no certificate yet" in detail
        and no_secret
    )


def not_trusted(hydra: Installation, replica: Replica, _permission: Permission) -> bool:
    """The caBundle is empty, so the API server does not trust the webhook."""
    return replica.ready and not hydra.ca_bundle


def not_watched(_hydra: Installation, replica: Replica, permission: Permission) -> bool:
    """The webhook configuration is not watched, so it is noticed late if the caBundle is reset."""
    failures = replica.metric("hydra_webhook_watch_failures_total", object=permission.name, reason="forbidden")
    return replica.ready and failures > 0


SYMPTOMS = {
    ("list", "hydra-runtime-template"): not_read,
    ("watch", "hydra-runtime-template"): not_followed,
    ("list", "hydra-agent"): not_read,
    ("watch", "hydra-agent"): not_followed,
    ("list", "hydra-gpu-configs"): not_read,
    ("watch", "hydra-gpu-configs"): not_followed,
    ("get", "hydra-webhook-cache"): not_kept,
    ("update", "hydra-webhook-cache"): not_kept,
    ("get", "hydra-webhook-state"): not_published,
    ("update", "hydra-webhook-state"): not_published,
    ("get", "hydra-webhook-ca"): not_certified,
    ("update", "hydra-webhook-ca"): not_certified,
    ("list", "hydra-webhook"): not_trusted,
    ("watch", "hydra-webhook"): not_watched,
    ("patch", "hydra-webhook"): not_trusted,
}
"""By verb and object: what can be observed if the permission is missing from the start."""


def assert_fails(hydra: Installation, replica: Replica, permission: Permission) -> None:
    hydra.plane.wait(lambda: permission.message in replica.health("/readyz?verbose")[1], "it reports what is missing")
    symptom = SYMPTOMS[permission.verb, permission.name]
    hydra.plane.wait(lambda: symptom(hydra, replica, permission), str(symptom.__doc__))
    assert_healthy(replica)
    # It is the only permission that is reported as missing.
    assert set(re.findall(r"\(permission needed: .*?\)", replica.output.replace("\\", ""))) == {permission.message}


def assert_healthy(replica: Replica) -> None:
    assert replica.process.poll() is None
    assert replica.health("/livez")[0] == 200
    assert "traceback" not in replica.output


def reports(replica: Replica, lost: list[Permission]) -> bool:
    """Return whether readiness reports every lost permission to list, which is the verb that is tried first."""
    detail = replica.health("/readyz?verbose")[1]
    return all(one.message in detail for one in lost if one.verb == "list")


@pytest.mark.thorough
@pytest.mark.parametrize("permission", of(OWN_ROLES), ids=str)
def test_without_one_permission_something_fails(hydra, account, permission):
    with account.without(permission):
        assert_fails(hydra, hydra.start(), permission)


@pytest.mark.thorough
@pytest.mark.parametrize("permission", of(READER_ROLES), ids=str)
def test_without_one_permission_in_the_global_cluster_something_fails(hydra, reader, away, permission):
    with reader.without(permission):
        assert_fails(hydra, away(), permission)


def assert_complete(hydra: Installation, replica: Replica) -> None:
    """Everything that needs one of the permissions works."""
    replica.until_ready()
    hydra.plane.wait(lambda: hydra.ca_bundle, "the caBundle is published")
    hydra.until_cached()
    hydra.plane.wait(
        lambda: not replica.metric("hydra_webhook_configuration_stale_seconds"), "every source is followed"
    )
    hydra.plane.wait(lambda: has_no_problem(replica), "readiness reports no problem")
    assert "permission needed" not in replica.output


def has_no_problem(replica: Replica) -> bool:
    status, detail = replica.health("/readyz?verbose")
    return status == 200 and "error" not in detail


def test_with_the_permissions_of_the_base_nothing_fails_and_nothing_else_is_allowed(hydra, account):
    assert set(account.applied) == set(of(OWN_ROLES))

    assert_complete(hydra, hydra.start())

    in_cluster = [one for one in account.applied if one.resource == "mutatingwebhookconfigurations"]
    assert account.allowed(NAMESPACE) == as_listed(account.applied)
    assert account.allowed("default") == account.allowed("kube-system") == as_listed(in_cluster)


def test_with_the_permissions_of_the_global_clusters_reader_nothing_fails_and_nothing_else_is_allowed(
    hydra, reader, away
):
    assert set(reader.applied) == set(of(READER_ROLES))

    replica = away()
    assert_complete(hydra, replica)
    hydra.plane.wait(lambda: hydra.command("one") == ["global"], "the API server reaches it")
    assert reader.allowed(NAMESPACE) == as_listed(reader.applied)
    assert reader.allowed("default") == reader.allowed("kube-system") == set()


def test_with_the_overlay_for_a_global_cluster_the_work_cluster_grants_everything_but_the_templates(hydra, away):
    overlaid = Account(hydra.plane, "hydra-webhook", OWN_ROLES)

    kept = [one for one in of(OWN_ROLES) if one.name != "hydra-runtime-template"]
    assert overlaid.allowed(NAMESPACE) == as_listed(kept)


def test_a_start_without_access_to_the_configuration_serves_what_is_cached(hydra, account):
    hydra.run()
    hydra.until_cached()
    hydra.stop_all()

    # The ConfigMap of the GPU table does not exist, so it is not cached.
    lost = [one for one in of(OWN_ROLES) if one.name in {"hydra-runtime-template", "hydra-agent", CONFIGURATION}]
    with account.without(*lost):
        (replica,) = hydra.run()
        assert hydra.command("one") == ["work"]
        hydra.plane.wait(lambda: reports(replica, lost), "it reports what is missing")
        assert_healthy(replica)


@pytest.mark.thorough
def test_a_webhook_that_loses_every_permission_serves_the_configuration_it_has_and_recovers(hydra, account):
    (replica,) = hydra.run()
    assert hydra.command("one") == ["work"]
    everything = of(OWN_ROLES)

    with account.without(*everything):
        hydra.plane.stop_api_server()  # and with it every watch that was allowed before
        hydra.plane.start_api_server()
        hydra.plane.wait(lambda: reports(replica, everything), "it reports what is missing")
        hydra.plane.put(config_map("hydra-runtime-template", templates(one="edited", **{"vllm-cpu": "serve"})))
        hydra.plane.wait(lambda: hydra.command("one"), "the API server calls the webhook again")
        assert (hydra.command("one"), replica.ready) == (["work"], True)
        assert_healthy(replica)

    hydra.plane.wait(lambda: hydra.command("one") == ["edited"], "the edit is in effect")
    hydra.plane.put(config_map("hydra-runtime-template", templates(one="work", **{"vllm-cpu": "serve"})))
