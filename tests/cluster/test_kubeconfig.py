"""kubectl's rules for kubeconfigs. The error for an unusable one names what is missing, and never shows a key."""

import base64
import json
from pathlib import Path

import pytest

from webhook.cluster import kubeconfig

WHOLE = {
    "current-context": "it",
    "contexts": [{"name": "it", "context": {"cluster": "there", "user": "me"}}],
    "clusters": [{"name": "there", "cluster": {"server": "https://there:6443"}}],
    "users": [{"name": "me", "user": {"token": "secret"}}],
}

PATH = Path("/config/kubeconfig")


def select(**changes) -> kubeconfig.Selected:
    return kubeconfig.select([(PATH, json.dumps(WHOLE | changes).encode())])


def test_the_current_context_selects_cluster_and_user():
    others = {
        "contexts": [{"name": "other", "context": {"cluster": "x", "user": "x"}}, *WHOLE["contexts"]],
        "clusters": [{"name": "other", "cluster": {}}, *WHOLE["clusters"]],
    }
    assert select(**others) == kubeconfig.Selected({"server": "https://there:6443"}, {"token": "secret"}, "it")


@pytest.mark.parametrize("users", [[{"name": "me", "user": None}], [{"name": "me"}]])
def test_a_user_may_be_empty(users):
    assert select(users=users).user == {}


def test_a_context_may_have_no_user():
    assert select(contexts=[{"name": "it", "context": {"cluster": "there"}}]).user == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: [", "is not valid YAML, line 1"),
        (b"\x00", "is not valid YAML"),
        (b"\xff\xfe\xff", "is not valid YAML"),
        (b"!!python/object/apply:os.system [ls]", "is not valid YAML, line 1"),
        (b"", "is not a kubeconfig"),
        (b"- 1", "is not a kubeconfig"),
        (b"kind: Config", "has no current-context"),
    ],
)
def test_anything_but_a_kubeconfig_is_refused(text, message):
    with pytest.raises(kubeconfig.Unusable) as caught:
        kubeconfig.select([(PATH, text)])
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"current-context": "gone"}, 'has no context "gone"; there are: it'),
        ({"contexts": "it"}, 'has no context "it"'),
        ({"contexts": [{"name": "it", "context": {}}]}, 'has no cluster "None"; there are: there'),
        ({"clusters": None}, 'has no cluster "there"'),
        ({"users": ["me"]}, 'has no user "me"'),
        ({"clusters": [{"name": "there"}]}, 'cluster "there" needs a server with an http or https URL'),
        (
            {"clusters": [{"name": "there", "cluster": {"server": "there:6443"}}]},
            'cluster "there" needs a server with an http or https URL',
        ),
    ],
)
def test_a_missing_entry_is_named(changes, message):
    with pytest.raises(kubeconfig.Unusable) as caught:
        select(**changes)
    assert str(caught.value) == message


def test_relative_paths_start_from_the_folder_of_the_kubeconfig():
    user = {"tokenFile": "token", "client-key": "/keys/key", "exec": {"command": "bin/login"}}
    selected = select(users=[{"name": "me", "user": user}])
    assert selected.files() == [Path("/keys/key"), Path("/config/token")]
    assert selected.user["exec"] == {"command": "/config/bin/login"}


def test_a_plugin_without_a_path_is_searched_for():
    assert select(users=[{"name": "me", "user": {"exec": {"command": "login"}}}]).user["exec"] == {"command": "login"}


def test_inline_keys_are_removed_and_decoded():
    text = base64.encodebytes(b"a key" * 40).decode()  # in several lines
    selected = select(users=[{"name": "me", "user": {"client-key-data": text, "token": "secret"}}])
    assert selected.inline() == {"client-key": b"a key" * 40}
    assert selected.user == {"token": "secret"}


@pytest.mark.parametrize("value", ["-----BEGIN", 3])
def test_an_inline_key_that_is_not_base64_is_named_but_not_shown(value):
    selected = select(users=[{"name": "me", "user": {"client-key-data": value}}])
    with pytest.raises(kubeconfig.Unusable) as caught:
        selected.inline()
    assert str(caught.value) == "client-key-data is not base64"


FIRST = {
    "current-context": "",
    "contexts": [{"name": "both", "context": {"cluster": "there", "user": "me", "namespace": "team-a"}}],
    "users": [{"name": "me", "user": {"tokenFile": "token"}}],
}
SECOND = {
    "current-context": "both",
    "contexts": [
        {"name": "both", "context": {"cluster": "other"}},
        {"name": "second", "context": {"cluster": "there"}},
    ],
    "clusters": [{"name": "there", "cluster": {"server": "https://there", "certificate-authority": "ca.crt"}}],
    "users": [{"name": "me", "user": {"token": "of the second file", "username": "me"}}],
}
THIRD = {"current-context": "second", "clusters": [{"name": "there", "cluster": {"server": "https://elsewhere"}}]}


def merged(context: str = "") -> kubeconfig.Selected:
    files = {"/a/config": FIRST, "/b/config": SECOND, "/c/config": THIRD}
    return kubeconfig.select([(Path(path), json.dumps(root).encode()) for path, root in files.items()], context)


def test_of_several_files_the_first_that_sets_an_entry_or_the_current_context_counts():
    assert merged() == kubeconfig.Selected(
        {"server": "https://there", "certificate-authority": "/b/ca.crt"},
        {"tokenFile": "/a/token"},  # nothing of the second file's entry, also where it does not conflict
        "both",
        "team-a",
    )


def test_another_context_than_the_current_one():
    assert merged("second") == kubeconfig.Selected(
        {"server": "https://there", "certificate-authority": "/b/ca.crt"}, {}, "second"
    )


def test_a_context_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(kubeconfig.Unusable, match='has no context "third"; there are: both, second'):
        merged("third")


def test_of_several_files_the_invalid_one_is_named():
    with pytest.raises(kubeconfig.Unusable, match=r"^/b/config is not valid YAML, line 1$"):
        kubeconfig.select([(PATH, json.dumps(WHOLE).encode()), (Path("/b/config"), b"{")])


def test_impersonation_becomes_headers():
    user = {"as": "jane", "as-uid": "7", "as-groups": ["dev", "ops"], "as-user-extra": {"example.org/Team": ["a", "b"]}}
    assert select(users=[{"name": "me", "user": user}]).impersonation() == [
        ("Impersonate-User", "jane"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Group", "dev"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Extra-example.org%2FTeam", "a"),
        ("Impersonate-Extra-example.org%2FTeam", "b"),
    ]
