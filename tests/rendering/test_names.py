"""Names that Go templates make and that Kubernetes refuses (contract section 3)."""

import pytest
import yaml

from webhook import catalog, errors, mutation, rendering, workload
from webhook.settings import Settings

AGENT = "deployment_templates: [{match_runtimes: [engine], container_template: {image: e:1}}]"


def render(template=None, spec=None):
    """Render a pod of model Qwen3_0.6B by a runtime template whose every string is a Go template."""
    templates = {"templates": [{"runtime": "engine", "renderAll": True, "podTemplate": template or {}}]}
    documents = [
        catalog.Document("templates", "t.yaml", yaml.safe_dump(templates)),
        catalog.Document("agent", "a.yaml", AGENT),
    ]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"labels": {"hydra.io/runtime": "engine", "hydra.io/model-id": "Qwen3_0.6B"}},
        "spec": {"containers": [{"name": "main"}], **(spec or {})},
    }
    state = rendering.State(catalog.build(documents, None), Settings())
    return mutation.mutate(pod, workload.POD, state, namespace="default").value


def with_container(**fields):
    return {"containerTemplate": fields}


MODEL = "{{ .MODEL_ID }}"
REFUSED = [
    ({"volumes": [{"name": MODEL, "emptyDir": {}}]}, "spec.volumes[0].name"),
    ({"volumes": [{"name": "v", "secret": {"secretName": MODEL}}]}, "spec.volumes[0].secret.secretName"),
    ({"volumes": [{"name": "v", "configMap": {"name": MODEL}}]}, "spec.volumes[0].configMap.name"),
    ({"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": MODEL}}]}}]}, "spec.volumes[0].projected.sources[0].secret.name"),
    ({"initContainers": [{"name": MODEL, "image": "i"}]}, "spec.initContainers[0].name"),
    ({"containers": [{"name": "side", "image": "i", "ports": [{"name": MODEL, "containerPort": 1}]}]}, "spec.containers[1].ports[0].name"),
    ({"hostname": MODEL}, "spec.hostname"),
    ({"subdomain": MODEL}, "spec.subdomain"),
    ({"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a", MODEL]}]}, "spec.hostAliases[0].hostnames[1]"),
    ({"serviceAccountName": MODEL}, "spec.serviceAccountName"),
    ({"runtimeClassName": MODEL}, "spec.runtimeClassName"),
    ({"nodeSelector": {"model": "{{ .MODEL_ID }}/x"}}, "spec.nodeSelector.model"),
    ({"resourceClaims": [{"name": "gpu", "resourceClaimName": MODEL}]}, "spec.resourceClaims[0].resourceClaimName"),
    (with_container(ports=[{"name": MODEL, "containerPort": 8000}]), "spec.containers[0].ports[0].name"),
    (with_container(env=[{"name": "{{ .MODEL_ID }}=", "value": "x"}]), "spec.containers[0].env[0].name"),
    (with_container(env=[{"name": "T", "valueFrom": {"secretKeyRef": {"name": MODEL, "key": "k"}}}]), "spec.containers[0].env[0].valueFrom.secretKeyRef.name"),
    (with_container(envFrom=[{"configMapRef": {"name": MODEL}}]), "spec.containers[0].envFrom[0].configMapRef.name"),
    (with_container(lifecycle={"preStop": {"httpGet": {"port": MODEL}}}), "spec.containers[0].lifecycle.preStop.httpGet.port"),
    ({"metadata": {"labels": {"model": "{{ .MODEL_ID }}/x"}}}, "metadata.labels.model"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "path"), REFUSED, ids=[path for _, path in REFUSED])
def test_a_name_made_by_a_template_is_denied_with_its_place_the_template_and_the_remedy(template, path):
    with pytest.raises(errors.Denied) as denial:
        render(template)

    assert denial.value.code == "invalid-name"
    assert f'{path} is "Qwen3_0.6B' in denial.value.message
    assert ", set by template engine/" in denial.value.message
    assert "use .MODEL_SLUG" in denial.value.message


ACCEPTED = [
    pytest.param({"template": {"hostname": "{{ .MODEL_SLUG }}"}}, id="the remedy"),
    pytest.param({"template": {"hostname": MODEL}, "spec": {"hostname": "mine"}}, id="the workload's own hostname wins"),
    pytest.param({"spec": {"hostname": "Not_A_Name"}}, id="the workload's own mistake is the API server's business"),
    pytest.param({"template": {"hostname": "Not_A_Name"}}, id="a name that is written out is refused for every workload"),
    pytest.param({"template": {"priorityClassName": MODEL}}, id="a field that is left out of a pod"),
    pytest.param({"template": {"volumes": [{"name": "v", "secret": {"secretName": MODEL, "optional": True}}]}}, id="a reference to what need not exist"),
    pytest.param({"template": with_container(readinessProbe={"tcpSocket": {"port": "{{ .MODEL_PORT }}"}})}, id="a port as a number"),
]  # fmt: skip


@pytest.mark.parametrize("given", ACCEPTED)
def test_other_names_pass(given):
    assert render(**given)["metadata"]["annotations"]["hydra.io/rendered"]


def test_a_template_that_does_not_read_the_model_is_to_be_corrected():
    with pytest.raises(errors.Denied) as denial:
        render({"hostname": "{{ .RUN_TIME }}_host"})

    assert denial.value.message.endswith("correct the template")


def test_a_name_that_is_only_too_long_is_to_be_shortened():
    with pytest.raises(errors.Denied) as denial:
        render(with_container(ports=[{"name": "port-of-{{ .MODEL_SLUG }}", "containerPort": 1}]))

    assert denial.value.message.endswith("print at most 15 characters")
