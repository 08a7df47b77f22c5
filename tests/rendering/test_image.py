"""The image of the inference container and its pull policy (contract sections 6 and 7)."""

import pytest

from webhook.rendering import image

IMAGES = [
    pytest.param({"image": "auto", "imagePullPolicy": "Always"}, {"image": "i"}, {"image": "i"}, id="the policy goes with the placeholder"),
    pytest.param({"image": "auto", "imagePullPolicy": "Always"}, {"image": "i", "imagePullPolicy": "Never"}, {"image": "i", "imagePullPolicy": "Never"}, id="the configuration's policy"),
    pytest.param({"image": "auto", "imagePullPolicy": "IfNotPresent"}, {"image": "i"}, {"image": "i", "imagePullPolicy": "IfNotPresent"}, id="a policy of the user's own"),
    pytest.param({"imagePullPolicy": "IfNotPresent"}, {"image": "i", "imagePullPolicy": "Always"}, {"image": "i", "imagePullPolicy": "Always"}, id="what the API server gives an absent image"),
    pytest.param({"image": " ", "imagePullPolicy": "IfNotPresent"}, {"image": "i", "imagePullPolicy": "Never"}, {"image": "i", "imagePullPolicy": "Never"}, id="and a blank one"),
    pytest.param({"imagePullPolicy": "IfNotPresent"}, {"image": "i"}, {"image": "i", "imagePullPolicy": "IfNotPresent"}, id="which stays without a policy of the configuration"),
    pytest.param({"image": " ", "imagePullPolicy": "Always"}, {"image": "i"}, {"image": "i"}, id="spaces are a placeholder"),
    pytest.param({}, {"image": "i"}, {"image": "i"}, id="no image"),
    pytest.param({"image": "own", "imagePullPolicy": "Always"}, {"image": "i", "imagePullPolicy": "Never"}, {"image": "own", "imagePullPolicy": "Always"}, id="an image of its own"),
    pytest.param({"image": "auto", "imagePullPolicy": "Always"}, {}, {"image": "auto", "imagePullPolicy": "Always"}, id="nothing to put in its place"),
]  # fmt: skip


@pytest.mark.parametrize(("own", "other", "expected"), IMAGES)
def test_a_placeholder_is_replaced_together_with_its_pull_policy(own, other, expected):
    assert image.fill(own, other.get("image"), other.get("imagePullPolicy"), is_pod=True) == expected


def test_outside_a_pod_the_pull_policy_is_always_the_users():
    filled = image.fill({"image": "auto", "imagePullPolicy": "Always"}, "i", None, is_pod=False)

    assert filled == {"image": "i", "imagePullPolicy": "Always"}
