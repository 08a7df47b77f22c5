"""Several ConfigMaps in one file: each configuration finds its own by its name (contract section 10)."""

import json
import textwrap
from pathlib import Path

import pytest
import yaml

from webhook import catalog

ROOT = Path(__file__).parents[2]
BUILTIN = ROOT / "webhook" / "catalog" / "builtin"
TABLE = "gpu_configs:\n- gpu_type: my-gpu\n  gpu_resource_template_config: {gpu_per_node: {key: example.com/gpu}}\n"
KINDS = ("templates", "agent", "gpu-configs")


def manifest(name, text, key="config.yaml"):
    head = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  {key}: |\n"
    return head + textwrap.indent(text, " " * 4)


TEMPLATES = manifest("hydra-runtime-template", (BUILTIN / "hydra-runtime-template.yaml").read_text())
AGENT = manifest("hydra-agent", (BUILTIN / "hydra-agent.yaml").read_text())
GPUS = manifest("hydra-gpu-configs", TABLE, "gpu-configs.yaml")
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: hydra-system}\n"
DOCUMENTS = (NAMESPACE, TEMPLATES, AGENT, GPUS)

FORMS = {
    "documents": "---\n".join(DOCUMENTS),
    "documents in another order": "---\n".join(reversed(DOCUMENTS)),
    "a List as YAML": yaml.safe_dump(
        {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(one) for one in DOCUMENTS]}
    ),
    "a List as JSON": json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(one) for one in DOCUMENTS]}
    ),
    "a ConfigMapList whose items have no kind": json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMapList",
            "items": [
                {key: value for key, value in yaml.safe_load(one).items() if key in ("metadata", "data")}
                for one in DOCUMENTS[1:]
            ],
        }
    ),
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_each_is_found_by_its_name(text):
    together = catalog.build([catalog.Document(kind, "all.yaml", text) for kind in KINDS], None)
    apart = catalog.build(
        [catalog.Document(kind, "one.yaml", one) for kind, one in zip(KINDS, (TEMPLATES, AGENT, GPUS), strict=True)],
        None,
    )

    assert together.problems == ()
    for kind in KINDS:
        assert catalog.history.digest(kind, together) == catalog.history.digest(kind, apart)


def test_a_problem_has_its_place_in_the_whole_file():
    text = f"{NAMESPACE}---\n{AGENT}---\n{manifest('hydra-runtime-template', 'templates: 7')}"

    (problem,) = catalog.build([catalog.Document("templates", "all.yaml", text)], None).problems

    assert text.splitlines()[problem.line - 1][problem.column - 1 :] == "7"


WRONG = {
    "two of one name": (
        f"{AGENT}---\n{NAMESPACE}---\n{AGENT}",
        "several-documents",
        'found 2 ConfigMaps named "hydra-agent"',
    ),
    "none of this name": (
        f"{GPUS}---\n{TEMPLATES}",
        "absent",
        'none of the ConfigMaps in it is named "hydra-agent"; found: hydra-gpu-configs, hydra-runtime-template',
    ),
    "no ConfigMap at all": (f"{NAMESPACE}---\n{NAMESPACE}", "absent", "found: none"),
    "a manifest beside bare YAML": (f"{AGENT}---\ndeployment_templates: []\n", "several-documents", "2 YAML documents"),
}


@pytest.mark.parametrize(("text", "code", "cause"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_chosen_is_an_error(text, code, cause):
    (problem,) = catalog.build([catalog.Document("agent", "all.yaml", text)], None).problems

    assert (problem.code, problem.severity) == (code, "error")
    assert cause in problem.cause
    assert problem.remedy


def test_the_only_configmap_among_other_objects_is_used_whatever_its_name():
    text = f"{NAMESPACE}---\n{AGENT.replace('hydra-agent', 'mine')}"

    snapshot = catalog.build([catalog.Document("agent", "all.yaml", text)], None)

    assert [problem.code for problem in snapshot.problems] == ["configmap-name"]
    assert snapshot.agent_entries
