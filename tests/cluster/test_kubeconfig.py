"""The error for an unusable kubeconfig names what is missing, and never shows a key."""

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


def select(**changes) -> kubeconfig.Selected:
    return kubeconfig.select(json.dumps(WHOLE | changes).encode())


def test_the_current_context_selects_cluster_and_user():
    others = {
        "contexts": [{"name": "other", "context": {"cluster": "x", "user": "x"}}, *WHOLE["contexts"]],
        "clusters": [{"name": "other", "cluster": {}}, *WHOLE["clusters"]],
    }
    assert select(**others) == kubeconfig.Selected({"server": "https://there:6443"}, {"token": "secret"})


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
        kubeconfig.select(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"current-context": "gone"}, 'has no context "gone"'),
        ({"contexts": "it"}, 'has no context "it"'),
        ({"contexts": [{"name": "it", "context": {}}]}, 'has no cluster "None"'),
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
    user = {"tokenFile": "token", "client-key": "/keys/key"}
    selected = select(users=[{"name": "me", "user": user}])
    assert selected.files(Path("/config")) == [Path("/keys/key"), Path("/config/token")]


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
