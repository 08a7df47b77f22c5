"""Two values are alike where they differ only in what others fill in, whichever way that is found out."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook import patch
from webhook.rendering import filled_in

NAMES = st.sampled_from(
    ["name", "image", "imagePullPolicy", "hostPort", "containerPort", "protocol", "requests", "limits", "resources",
     "env", "containers", "volumeMounts", "tolerations", "tolerationSeconds", "metadata", "futureField", "sizeLimit"]
)  # fmt: skip
SCALARS = st.sampled_from(
    [None, "", "TCP", "a", "a:1", "Always", "IfNotPresent", "1", "1000m", 0, 1, True, 1.0, "kube-api-access-x"]
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
PLACES = st.sampled_from(
    [("", ""), ("spec", ""), ("", "containers"), ("resources", ""), ("tolerations", ""), ("limits", "resources")]
)


def edited(value, data):
    """Return a copy of a value in which something was edited, filled in or left out."""
    value = copy.deepcopy(value)
    holder = value
    while (
        isinstance(holder, dict)
        and holder
        and isinstance(inner := holder[data.draw(st.sampled_from(sorted(holder)))], dict | list)
    ):
        holder = inner
        if isinstance(holder, list):
            holder = data.draw(st.sampled_from(holder)) if holder else holder
    if isinstance(holder, dict):
        holder[data.draw(NAMES)] = data.draw(SCALARS)
    return value


@settings(max_examples=600)
@given(VALUES, PLACES, st.booleans(), st.data())
def test_values_are_alike_if_their_normal_forms_are_the_same(value, place, unknown, data):
    other = edited(value, data) if data.draw(st.booleans()) else data.draw(VALUES)
    forms = [filled_in.normal(one, *place, unknown=unknown) for one in (value, other)]

    assert filled_in.alike(value, other, *place, unknown=unknown) == patch.same(*forms)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}, {"limits": {"cpu": "1"}}, True),
        ({"requests": {"cpu": "1"}, "limits": {"cpu": "1"}}, {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}, False),
        ({"image": "a", "imagePullPolicy": "Always"}, {"image": "a"}, True),
        ({"image": "a", "imagePullPolicy": "Always"}, {"image": "a:1", "imagePullPolicy": "Always"}, False),
        ({"hostPort": 1, "containerPort": 1}, {"hostPort": 1, "containerPort": 2}, False),
        ({"a": {"protocol": "TCP"}, "b": 1}, {"b": 1}, True),
    ],
)
def test_fields_that_decide_about_each_other_are_compared_together(one, other, expected):
    assert filled_in.alike(one, other, "", "") == expected


def test_only_what_differs_is_brought_into_its_normal_form(monkeypatch):
    normal, looked_at = filled_in.normal, []
    monkeypatch.setattr(
        filled_in, "normal", lambda value, *args, **options: looked_at.append(value) or normal(value, *args, **options)
    )
    volumes = [{"name": f"v{at}", "emptyDir": {"sizeLimit": f"{at}"}} for at in range(1000)]
    one = {"volumes": volumes, "containers": [{"name": "main", "image": "a:1"}]}
    other = copy.deepcopy(one)
    other["volumes"][500]["emptyDir"]["sizeLimit"] = "500000m"

    assert filled_in.alike({"spec": one}, {"spec": other}, "", "")
    assert len(looked_at) < 10
