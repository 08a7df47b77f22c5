"""Which configuration a file is, by its content."""

import pytest

from webhook import catalog

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata:\n  KEY: |\n    VALUE\n"


def manifest(name, key, value):
    return MANIFEST.replace("NAME", name).replace("KEY", key).replace("VALUE", value)


ENTRY = "templates: [{runtime: a}]"
KINDS = {
    "runtime templates": (ENTRY, ["templates"]),
    "no runtime templates yet": ("templates: []", ["templates"]),
    "a key without a value": ("templates:", ["templates"]),
    "a map where a list belongs": ("templates: {runtime: a, podTemplate: {}}", ["templates"]),
    "agent entries": ("deployment_templates: [{}]", ["agent"]),
    "a wrong value of a key that is nobody else's": ("deployment_templates: 1", ["agent"]),
    "agent entries in Helm values": ("global: {config: {deployment_templates: []}}", ["agent"]),
    "agent entries below configmap": ("configmap: {deployment_templates: []}", ["agent"]),
    "a GPU table": ("gpu_configs: []", ["gpu-configs"]),
    "a misspelt key": ("deploymentTemplates: [{match_runtimes: [a]}]", ["agent"]),
    "a misspelt key of runtime templates": ("template: [{runtime: a}]", ["templates"]),
    "a bare list of runtime templates": ("- {runtime: a, podTemplate: {}}", ["templates"]),
    "a bare list of agent entries": ("- {match_runtimes: [a]}", ["agent"]),
    "a single row of the GPU table": ("{gpu_type: a}", ["gpu-configs"]),
    "JSON": ('{"deployment_templates": []}', ["agent"]),
    "a byte order mark": ("\ufeff" + ENTRY, ["templates"]),
    "a manifest by its name": (manifest("hydra-agent", "x", "y"), ["agent"]),
    "a manifest of another name by its content": (manifest("other", "config.yaml", ENTRY), ["templates"]),
    "a manifest with agent entries under any key": (manifest("o", "x.yaml", "deployment_templates: []"), ["agent"]),
    "a manifest whose data key is the list": (manifest("o", "deployment_templates", "[]"), ["agent"]),
    "a manifest by its data key": (manifest("o", "gpu-configs.yaml", "wrong"), ["gpu-configs"]),
    "a manifest whose value cannot be parsed": (manifest("o", "config.yaml", "templates: [{runtime: a"), ["templates"]),
    "a Secret with the name of a ConfigMap": (
        manifest("hydra-agent", "x", "y").replace("ConfigMap", "Secret"),
        ["agent"],
    ),
    "a ConfigMap without apiVersion": (manifest("hydra-agent", "x", "y").replace("apiVersion: v1\n", ""), ["agent"]),
    "two manifests": (
        manifest("hydra-agent", "a", "b") + "---\n" + manifest("hydra-runtime-template", "a", "b"),
        ["templates", "agent"],
    ),
    "a list of manifests": (
        "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: hydra-agent}}]}",
        ["agent"],
    ),
    "two kinds in one document": (f"{ENTRY}\ndeployment_templates: []", ["templates", "agent"]),
    "invalid YAML": ("templates:\n- runtime: a\n  podTemplate: {\n", ["templates"]),
    "an invalid manifest": ("kind: ConfigMap\nmetadata:\n  name: hydra-gpu-configs\ndata: {", ["gpu-configs"]),
    "invalid UTF-8": (b"deployment_templates: [\xff]", ["agent"]),
}
OTHERS = {
    "nothing": ("# nothing", "is empty"),
    "a Deployment": ("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}", 'is a Deployment named "a"'),
    "a Deployment with the name of a ConfigMap": (
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: hydra-agent}}",
        'is a Deployment named "hydra-agent"',
    ),
    "another ConfigMap": (manifest("a", "b", "c"), 'is a ConfigMap named "a"'),
    "a test file": ("templates: a.yaml\nagent: b.yaml\ncases: []", "has the keys agent, cases, templates"),
    "templates of something else": ("templates: [{url: a}]", "has the keys templates"),
    "a text": ("hello", 'holds the string "hello"'),
    "invalid YAML": ("a: {", "is not valid YAML"),
    "an invalid test file": ("templates: a.yaml\ncases: [", "is not valid YAML"),
}


@pytest.mark.parametrize(("content", "kinds"), KINDS.values(), ids=KINDS)
def test_a_configuration_is_recognised(content, kinds):
    assert list(catalog.recognise(content).kinds) == kinds


@pytest.mark.parametrize(("content", "found"), OTHERS.values(), ids=OTHERS)
def test_what_is_something_else_is_described(content, found):
    assert catalog.recognise(content).kinds == ()
    assert catalog.described(content).startswith(found)


def test_two_kinds_in_one_document_are_mixed_and_in_two_manifests_are_not():
    one, two = (KINDS[name][0] for name in ("two kinds in one document", "two manifests"))

    assert (catalog.recognise(one).mixed, catalog.recognise(two).mixed) == (True, False)


def test_the_built_in_configuration_is_recognised():
    assert [catalog.recognise(one.content).kinds for one in catalog.embedded()] == [("templates",), ("agent",)]
