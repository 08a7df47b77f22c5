"""A resolution: the layers of the configuration with their origin, and the verdict on every agent entry."""

import json

from webhook import catalog, rendering, workload
from webhook.settings import Settings

TEMPLATES = {
    "templates": [
        {
            "runtime": "r",
            "renderAll": True,
            "podTemplate": {
                "hostNetwork": True,
                "containerTemplate": {
                    "env": [{"name": "A", "value": "template"}, {"name": "B", "value": "{{ .MODEL_ID }}"}],
                    "workingDir": "/template",
                },
            },
        }
    ]
}
AGENT = {
    "deployment_templates": [
        {"match_runtimes": ["other"], "match_gpu_types": ["g"], "container_template": {"image": "example/other:1"}},
        {"match_runtimes": ["r"], "match_gpu_types": ["g", "h"], "container_template": {"image": "example/gpu:1"}},
        {
            "match_runtimes": ["r"],
            "container_template": {
                "image": "example/r:1",
                "env": [{"name": "A", "value": "agent"}],
                "workingDir": "/agent",
            },
        },
    ]
}
STATE = rendering.State(
    catalog.build(
        [catalog.Document("templates", "t", json.dumps(TEMPLATES)), catalog.Document("agent", "a", json.dumps(AGENT))],
        None,
    ),
    Settings(),
)
POD = {
    "metadata": {"labels": {"hydra.io/runtime": "r", "hydra.io/model-id": "m"}},
    "spec": {"containers": [{"name": "main", "image": "auto"}]},
}


def resolved():
    (pod_template,) = workload.pod_templates(POD, workload.POD)
    return rendering.resolve(pod_template, STATE, namespace="ns")


def test_every_agent_entry_has_a_verdict_in_file_order():
    verdicts = [(one.agent_entry.image, one.matches, one.mismatches) for one in resolved().candidates()]

    assert verdicts == [
        ("example/other:1", False, ("runtime other", "GPU type g")),
        ("example/gpu:1", False, ("GPU type g, h",)),
        ("example/r:1", True, ()),
    ]


def test_the_layers_keep_their_origin_and_the_agent_entry_wins():
    layers = resolved().layers

    assert [(part.origin, part.path) for part in layers.parts] == [
        ("agent", "deployment_templates[2]"),
        ("template", "templates[0]"),
    ]
    configured = layers.render(resolved().variables, rendering.budget.new())
    assert configured.image == "example/r:1"
    assert configured.pod == {"hostNetwork": True}
    assert configured.container == {
        "image": "example/r:1",
        "workingDir": "/agent",
        "env": [{"name": "B", "value": "m"}, {"name": "A", "value": "agent"}],
    }


def test_a_pair_of_agent_entry_and_runtime_template_is_merged_once_for_each_state():
    assert resolved().layers is resolved().layers
