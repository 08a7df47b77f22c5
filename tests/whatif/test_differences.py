"""What differs between two objects, for people."""

import json

import pytest
from hypothesis import given, settings

from tests import json_values
from tests.examples import tried
from webhook import patch
from webhook.whatif import differences
from webhook.whatif.differences import Change


def lines(before, after):
    return list(differences.lines(differences.between(before, after)))


def pod(**container):
    return {"metadata": {}, "spec": {"containers": [{"name": "main", **container}]}}


@tried(25, 300)
def test_two_values_differ_if_and_only_if_there_is_a_change(examples):
    @settings(max_examples=examples)
    @given(json_values.values(20), json_values.values(20))
    def hold(one, other):
        assert (differences.between(one, other) == ()) == patch.same(one, other)

    hold()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"image": "a"}, {"image": "b"}, [("image", ["a"], ["b"], "value")], id="a scalar"),
        pytest.param({}, {"workingDir": "/x"}, [("workingDir", [], ["/x"], "value")], id="added"),
        pytest.param({"workingDir": "/x"}, {}, [("workingDir", ["/x"], [], "value")], id="removed"),
        pytest.param({"stdin": None}, {}, [("stdin", [None], [], "value")], id="null is not absent"),
        pytest.param(
            {"args": ["--a", "--b", "--c"]}, {"args": ["--a", "--x", "--c"]}, [("args", ["--b"], ["--x"], "items")],
            id="items of a list",
        ),
        pytest.param(
            {"args": ["a\nb\nc", "x"]}, {"args": ["a\nb\nd", "x"]}, [("args", ["a\nb\nc"], ["a\nb\nd"], "items")],
            id="a script in a list",
        ),
        pytest.param({"x": "a\nb\nc\n"}, {"x": "a\nB\nc\n"}, [("x", ["b"], ["B"], "lines")], id="lines of a string"),
        pytest.param({"x": "a\n"}, {"x": "a"}, [("x", ["a\n"], ["a"], "value")], id="a newline at the end"),
        pytest.param(
            {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"env": [{"name": "A", "value": "3"}, {"name": "C", "value": "4"}]},
            [
                ("env/name=A/value", ["1"], ["3"], "value"),
                ("env/name=B", [{"name": "B", "value": "2"}], [], "value"),
                ("env/name=C", [], [{"name": "C", "value": "4"}], "value"),
            ],
            id="items with a merge key",
        ),
        pytest.param(
            {"env": [{"name": "A"}, {"name": "B"}]}, {"env": [{"name": "B"}, {"name": "A"}]},
            [("env", ["name=A", "name=B"], ["name=B", "name=A"], "order")],
            id="another order",
        ),
        pytest.param(
            {"env": [{"name": "A"}, {"name": "A"}]}, {"env": [{"name": "A"}]}, [("env", [{"name": "A"}], [], "items")],
            id="a merge key twice",
        ),
        pytest.param(
            {}, {"env": [{"name": "A"}]}, [("env/name=A", [], [{"name": "A"}], "value")], id="a whole list with merge keys"
        ),
        pytest.param({"args": []}, {}, [("args", [[]], [], "value")], id="an empty list"),
    ],
)  # fmt: skip
def test_a_change_says_what_only_one_side_has(before, after, expected):
    found = differences.between(pod(**before), pod(**after))

    prefix = "/spec/containers/name=main/"
    assert [(one.path.removeprefix(prefix), list(one.removed), list(one.added), one.unit) for one in found] == expected


@pytest.mark.parametrize(
    ("stored", "fresh"),
    [
        pytest.param({"ports": [{"containerPort": 1, "protocol": "TCP"}]}, {"ports": [{"containerPort": 1}]}, id="a protocol"),
        pytest.param({"resources": {}}, {}, id="empty resources"),
        pytest.param({"image": "a:1", "imagePullPolicy": "IfNotPresent"}, {"image": "a:1"}, id="a pull policy"),
        pytest.param(
            {"resources": {"limits": {"x/gpu": "1"}, "requests": {"x/gpu": "1"}}}, {"resources": {"limits": {"x/gpu": 1}}},
            id="requests from limits",
        ),
        pytest.param({"readinessProbe": {"exec": {}, "periodSeconds": 10}}, {"readinessProbe": {"exec": {}}}, id="a probe"),
    ],
)  # fmt: skip
def test_what_others_fill_in_is_not_a_change_of_a_pod_template(stored, fresh):
    assert differences.between_templates(pod(**stored), pod(**fresh)) == ()
    assert differences.between(pod(**stored), pod(**fresh))


def test_values_are_shown_as_they_are_though_they_are_compared_without_defaults():
    stored = pod(readinessProbe={"exec": {"command": ["x"]}, "periodSeconds": 10})
    fresh = pod(readinessProbe={"exec": {"command": ["x"]}, "periodSeconds": 5})

    path = "/spec/containers/name=main/readinessProbe/periodSeconds"
    assert differences.between_templates(stored, fresh) == (Change(path, (10,), (5,)),)


def test_at_paths_only_what_differs_there_is_a_change_and_inner_paths_are_not_named_twice():
    before = pod(image="a", env=[{"name": "A", "value": "1"}, {"name": "OTHER", "value": "x"}])
    after = pod(image="b", env=[{"name": "A", "value": "2"}])

    places = ["/spec/containers/name=main/image", "/spec/containers/name=main/env/name=A",
              "/spec/containers/name=main/env/name=A/value"]  # fmt: skip
    assert [change.path.rpartition("/")[2] for change in differences.at_paths(before, after, places)] == [
        "value",
        "image",
    ]


def test_a_record_is_one_word():
    records = [json.dumps({"revision": revision, "added": ["/x"] * 50}) for revision in ("aaa", "bbb")]
    before, after = ({"metadata": {"annotations": {"hydra.io/rendered": record}}} for record in records)

    assert lines(before, after) == ["/metadata/annotations/hydra.io~1rendered", "  - aaa", "  + bbb"]
    assert lines({"hydra.io/rendered": "{"}, {}) == ["/hydra.io~1rendered", "  - unreadable"]


def test_a_long_string_is_cut_where_both_sides_are_the_same():
    shown = lines({"x": f"{'a' * 400}OLD{'b' * 400}"}, {"x": f"{'a' * 400}NEW{'b' * 400}"})

    assert all(len(line) < 100 for line in shown)
    assert ["OLD" in shown[1], "NEW" in shown[2]] == [True, True]


def test_a_long_value_of_one_side_is_cut_in_its_middle():
    (_, line) = lines({}, {"x": f"begin{'-' * 1000}end"})

    assert len(line) < 180
    assert line.startswith("  + begin")
    assert line.endswith("end")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("8000", '"8000"'), (8000, "8000"), ("", '""'), (" a", '" a"'), ("a\tb", '"a\\tb"'), ("plain", "plain"), ("null", '"null"'),
     ({"a": 1}, '{"a":1}')],
)  # fmt: skip
def test_strings_have_no_quotes_unless_they_could_be_taken_for_something_else(value, shown):
    assert lines({}, {"x": value}) == ["/x", f"  + {shown}"]
