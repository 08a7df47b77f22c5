"""Kubernetes' fields at every depth: what lint says about each mistake, and that it leaves everything else alone."""

import functools
import json
import operator
import re
from collections import Counter
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.linting.configurations import entry, found, lint
from tests.linting.pod_field_examples import FLAWLESS, FLAWLESS_PODS, MISTAKES
from webhook.catalog.schema import kubernetes, pod_fields

JSON_TYPES = {"string": str, "integer": int, "boolean": bool}
TABLES = {
    "PodSpec": kubernetes.POD_SPEC,
    "Container": kubernetes.CONTAINER,
    "EphemeralContainer": kubernetes.ITEMS["ephemeralContainers"],
    "Volume": kubernetes.VOLUME,
    "EnvVar": kubernetes.ENV,
    "ContainerPort": kubernetes.PORT,
    "VolumeMount": kubernetes.VOLUME_MOUNT,
    "VolumeDevice": kubernetes.VOLUME_DEVICE,
}


def in_template(fields, *, pod):
    """Return a runtime template with these fields, beside what keeps other findings away."""
    container = {} if pod else fields
    return entry(pod={**(fields if pod else {}), "containerTemplate": {"args": None, **container}})


def above_info(problems):
    return [problem for problem in problems if problem.severity != "info"]


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_found_once_at_its_place_with_what_would_be_right(mistake):
    base = "templates[0].podTemplate." + ("" if mistake.pod else "containerTemplate.")

    [problem] = above_info(lint(in_template(mistake.fields, pod=mistake.pod)))

    assert (problem.severity, problem.code, problem.path) == (mistake.severity, mistake.code, base + mistake.path)
    assert mistake.remedy in problem.remedy
    assert problem.line == 1
    assert problem.column > 1


#: Remedies that give a value or a key to write instead.
TO_WRITE = re.compile(
    r'(?:did you mean|write(?: the number without quotes:)?) "?([\w./:-]*[A-Za-z0-9][\w./:-]*)"?(?:\?| \(|$)'
)
OF_KEYS = {"unknown-key", "unknown-resource"}
FOLLOWED = {name: one for name, one in MISTAKES.items() if TO_WRITE.match(one.remedy)}


def instead(fields, path, new, *, key):
    """Return fields with the value or the key at a path replaced."""
    copy = json.loads(json.dumps(fields))
    *above, last = [int(step) if step.isdecimal() else step for step in re.findall(r"[^.\[\]]+", path)]
    holder = functools.reduce(operator.getitem, above, copy)
    if key:
        holder[new] = holder.pop(last)
    else:
        holder[last] = int(new) if path.endswith("port") else new
    return copy


@pytest.mark.parametrize("mistake", FOLLOWED.values(), ids=FOLLOWED)
def test_whoever_follows_the_remedy_has_no_such_finding(mistake):
    new = TO_WRITE.match(mistake.remedy)[1]
    right = instead(mistake.fields, mistake.path, new, key=mistake.code in OF_KEYS)

    assert above_info(lint(in_template(right, pod=mistake.pod))) == []


@pytest.mark.parametrize("fields", FLAWLESS.values(), ids=FLAWLESS)
def test_fields_of_a_container_without_a_mistake(fields):
    assert above_info(lint(in_template(fields, pod=False))) == []


@pytest.mark.parametrize("fields", FLAWLESS_PODS.values(), ids=FLAWLESS_PODS)
def test_fields_of_a_pod_without_a_mistake(fields):
    assert above_info(lint(in_template(fields, pod=True))) == []


OF_PODS = {name: one for name, one in MISTAKES.items() if one.pod}


@pytest.mark.parametrize("mistake", OF_PODS.values(), ids=OF_PODS)
def test_the_same_mistakes_in_role_overlays_and_in_agent_entries(mistake):
    template = entry(pod={"leader": mistake.fields})
    agent = json.dumps(
        {"deployment_templates": [{"container_template": {"image": "i"}, "pod_template": mistake.fields}]}
    )

    assert [(one.severity, one.code) for one in above_info(lint(template))] == [(mistake.severity, mistake.code)]
    assert [(one.severity, one.code) for one in above_info(lint(agent=agent))] == [(mistake.severity, mistake.code)]


WITH_ACTIONS = {
    "an enumeration": ({"imagePullPolicy": "{{ if .IS_LEADER }}Always{{ else }}Never{{ end }}"}, []),
    "an enumeration, wrongly": (
        {"imagePullPolicy": "{{ if .IS_LEADER }}always{{ end }}"},
        [("warning", "unknown-value")],
    ),
    "a quantity": ({"resources": {"limits": {"memory": "{{ .TP_SIZE }}Gi"}}}, []),
    "a quantity, wrongly": ({"resources": {"limits": {"memory": "{{ .TP_SIZE }} Gi"}}}, [("warning", "bad-quantity")]),
    "an image": ({"image": "registry/{{ .RUN_TIME }}:{{ .GPU_TYPE }}"}, []),
    "an image, wrongly": ({"image": "registry/{{ .ROLE }}:1:2"}, [("warning", "image-reference")]),
    "an image that some models have": ({"image": "registry/{{ .MODEL_NAME }}:1"}, []),
    "a name": ({"env": [{"name": "{{ .ROLE }}", "value": "{{ .MODEL_NAME }}"}]}, []),
    "a port of a probe": ({"readinessProbe": {"httpGet": {"path": "/", "port": "{{ .MODEL_PORT }}"}}}, []),
    "an integer": ({"readinessProbe": {"tcpSocket": {"port": 1}, "periodSeconds": "{{ .TP_SIZE }}"}}, []),
    "a boolean": ({"stdin": "{{ .IS_LEADER }}"}, [("error", "wrong-type")]),
}


@pytest.mark.parametrize(("fields", "expected"), WITH_ACTIONS.values(), ids=WITH_ACTIONS)
def test_a_go_template_is_judged_by_what_trials_print(fields, expected):
    text = entry(pod={"containerTemplate": fields}, renderAll=True)

    assert [(one.severity, one.code) for one in above_info(lint(text))] == expected


def test_a_name_that_is_good_for_some_models_is_remarked():
    text = entry(pod={"hostname": "{{ .MODEL_ID }}"}, renderAll=True)
    [problem] = lint(text)

    assert (problem.severity, problem.code) == ("info", "bad-name")
    assert problem.remedy == "use .MODEL_SLUG instead of .MODEL_ID"


def test_a_go_template_that_is_not_rendered_is_not_judged_as_a_value():
    text = entry(pod={"containerTemplate": {"imagePullPolicy": "{{ .ROLE }}"}})

    assert [one.code for one in lint(text)] == ["unrendered"]


def test_places_are_those_of_the_value_or_the_key():
    problems = lint("""\
        templates:
        - runtime: r
          podTemplate:
            containerTemplate:
              readinessProbe:
                httpGet: {path: /, port: 1}
                periodseconds: 5
              imagePullPolicy: always
              env:
              - name: A
                value: a
                valueFrom: {fieldRef: {fieldPath: metadata.name}}
    """)

    assert found(problems) == [
        ("warning", "unknown-key", 7, 9),
        ("error", "unknown-value", 8, 24),
        ("error", "exclusive-fields", 12, 9),
    ]


def test_what_reading_reports_is_not_reported_again():
    problems = lint("""\
        templates:
        - runtime: r
          podTemplate:
            volumes: [{emptydir: {}}]
            containerTemplate:
              env: [{name: A, value: 1}, {nam: B}]
              ports: [{containerPort: 70000}]
              securityContext: []
    """)

    assert sorted((one.code, one.line, one.column) for one in problems) == [
        ("bad-value", 7, 31),
        ("missing-key", 4, 15),
        ("missing-key", 6, 34),
        ("unknown-key", 4, 16),
        ("unknown-key", 6, 35),
        ("wrong-type", 6, 30),
        ("wrong-type", 8, 24),
    ]


def test_a_required_field_may_come_from_elsewhere_where_maps_are_merged():
    agent = "deployment_templates: [{container_template: {image: i, readinessProbe: {httpGet: {path: /a}}}}]"
    template = entry(pod={"containerTemplate": {"worker": {"readinessProbe": {"httpGet": {"path": "/a"}}}}})

    assert lint(agent=agent) == ()
    assert lint(template) == ()


def test_nulls_are_absent_fields_or_remove_some():
    fields = {"readinessProbe": {"httpGet": None, "exec": {"command": ["a"]}}, "resources": {"limits": {"cpu": None}}}
    text = entry(pod={"containerTemplate": {"worker": fields, "livenessProbe": None}})

    assert above_info(lint(text)) == []


@pytest.mark.parametrize("image", ["{registry: R.example.com, repository: Org/model}", "R.example.com/Org/model"])
@pytest.mark.parametrize("role", ["", "leader: "])
def test_the_image_of_an_agent_entry_may_be_a_map(image, role):
    part = f"{{image: {image}}}"
    template = f"{{image: i, {role}{part}}}" if role else part
    [problem] = lint(agent=f"deployment_templates: [{{container_template: {template}}}]")

    assert (problem.severity, problem.code) == ("warning", "image-reference")
    assert problem.path == f"deployment_templates[0].container_template.{'leader.' if role else ''}image"
    assert "R.example.com/org/model" in problem.remedy


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_that_requests_need_say_the_same(name):
    shapes = {pod_fields.ListType: list, pod_fields.MapType: dict, pod_fields.ObjectType: dict}
    types = {
        key: JSON_TYPES[one.kind] if isinstance(one, pod_fields.ValueType) else shapes[type(one)]
        for key, one in pod_fields.objects()[name].fields.items()
    }

    assert types == TABLES[name]


def test_the_file_is_of_the_kubernetes_that_the_tables_are_of():
    written = json.loads((resources.files("webhook.catalog.schema") / "pod_fields.json").read_text())

    assert written["kubernetes"] == "1.36"


KEYS = sorted({key for one in pod_fields.objects().values() for key in one.fields})
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 99_999) | st.floats(allow_nan=False) | st.sampled_from(["", "{{ .ROLE }}", "a b", "Always"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@pytest.mark.slow
@settings(derandomize=True, max_examples=20)
@given(st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=6), st.booleans(), st.booleans())
def test_lint_has_an_answer_to_whatever_the_fields_hold(fields, pod, render_all):
    found = lint(entry(pod=fields if pod else {"containerTemplate": fields}, renderAll=render_all))
    places = Counter((one.code, one.path, one.cause) for one in found)

    assert all(one.cause and one.line for one in found)
    assert [place for place, times in places.items() if times > 1] == []
