"""Which cluster and namespace a command asks: kubectl's rules."""

import json
import os
from pathlib import Path

import pytest

from tests.cluster.apiserver import ApiServer, kubeconfig
from webhook import cluster
from webhook.cluster import contexts, credentials


def written(path: Path, *, context: str, namespace: str = "", current: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    of_context = {"cluster": context} | ({"namespace": namespace} if namespace else {})
    root = {
        "contexts": [{"name": context, "context": of_context}],
        "clusters": [{"name": context, "cluster": {"server": f"https://{context}"}}],
    }
    path.write_text(json.dumps(root | ({"current-context": context} if current else {})))
    return path


def find(*arguments: object, home: Path, **environ: str) -> contexts.Context:
    return contexts.find(*arguments, environ=environ, home=home)


def test_without_anything_it_is_the_file_in_the_home_folder(tmp_path):
    path = written(tmp_path / ".kube" / "config", context="home", namespace="team-a")
    assert find(home=tmp_path) == contexts.Context(cluster.Kubeconfig((path,)), "home", "team-a")


def test_the_variable_goes_before_the_home_folder_and_the_option_before_the_variable(tmp_path):
    written(tmp_path / ".kube" / "config", context="home")
    variable, option = written(tmp_path / "v", context="variable"), written(tmp_path / "o", context="option")
    assert find(home=tmp_path, KUBECONFIG=str(variable)).name == "variable"
    assert find(option, home=tmp_path, KUBECONFIG=str(variable)).name == "option"


def test_the_variable_lists_files_of_which_some_may_be_missing(tmp_path):
    one = written(tmp_path / "one", context="one", current=False)
    two = written(tmp_path / "two", context="two", namespace="team-b")
    listed = os.pathsep.join(["", str(tmp_path / "missing"), str(one), str(two), str(one)])
    assert find(home=tmp_path, KUBECONFIG=listed).name == "two"
    found = find(None, "one", home=tmp_path, KUBECONFIG=listed)
    assert found.source == cluster.Kubeconfig((tmp_path / "missing", one, two), "one")
    assert (found.name, found.namespace) == ("one", "default")


@pytest.mark.parametrize(
    ("arguments", "environ", "message"),
    [
        (
            (),
            {},
            "no cluster: kubeconfig {folder}/.kube/config does not exist; name one with --kubeconfig or $KUBECONFIG",
        ),
        ((), {"KUBECONFIG": "/no/a:/no/b"}, "no cluster: kubeconfig /no/a:/no/b does not exist; name one with "),
        ((Path("/no/such"),), {}, "/no/such: No such file or directory"),
        ((None, "x"), {"KUBECONFIG": "{folder}/one"}, 'kubeconfig {folder}/one: has no context "x"; there are: one'),
        ((None,), {"KUBECONFIG": "{folder}/bad"}, "kubeconfig {folder}/bad: is not valid YAML"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, arguments, environ, message):
    written(tmp_path / "one", context="one")
    (tmp_path / "bad").write_text("{")
    environ = {name: value.format(folder=tmp_path) for name, value in environ.items()}
    with pytest.raises(cluster.ApiError) as caught:
        find(*arguments, home=tmp_path, **environ)
    assert caught.value.code == "credentials"
    assert message.format(folder=tmp_path) in str(caught.value)


def test_in_a_pod_without_a_kubeconfig_it_is_the_service_account_and_its_namespace(tmp_path, monkeypatch):
    monkeypatch.setattr(credentials, "SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    (tmp_path / "token").touch()
    assert find(home=tmp_path) == contexts.Context(None, "", "default")
    (tmp_path / "namespace").write_text("team-c\n")
    assert find(home=tmp_path) == contexts.Context(None, "", "team-c")
    with pytest.raises(cluster.ApiError, match="no cluster"):
        find(None, "a-context", home=tmp_path)
    written(tmp_path / ".kube" / "config", context="home")
    assert find(home=tmp_path).name == "home"


async def test_a_client_asks_as_the_user_whom_the_kubeconfig_impersonates(server: ApiServer, tmp_path):
    await server.put("x")
    user = {"token": "admin", "as": "jane", "as-groups": ["dev", "ops"]}
    client = cluster.Client(kubeconfig(tmp_path, server.url, user=user))
    await client.get(cluster.config_map("hydra-system", "hydra-agent"))
    await client.close()
    (request,) = server.requests
    assert request.headers["impersonate-user"] == "jane"
    assert request.headers["impersonate-group"] == "ops"  # the last of two headers
