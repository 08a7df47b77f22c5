"""Explanations of single decisions, of denied objects, and of objects that are stored."""

import json

import pytest

from tests.explaining import field_cases
from webhook import catalog, mutation, rendering, workload

TEMPLATES = """\
templates:
  - runtime: engine
    podTemplate:
      metadata: {labels: {tier: inference}}
      podSecurityContext: {fsGroup: 7}
      containerTemplate:
        commandTemplate: [serve, "{{ .MODEL_ID }}"]
        argsTemplate: ["--tp={{ .TP_SIZE }}", "{{ range .CUSTOM_ARGS }}{{ . }}{{ end }}"]
        env:
          - {name: A, value: template}
          - {name: B, value: template}
        leader: {ports: [{containerPort: 8000}]}
"""
AGENT = """\
cluster_name: work-1
deployment_templates:
  - match_runtimes: [other]
    match_gpu_types: [h100]
    container_template: {image: example/other:1}
  - match_runtimes: [engine]
    container_template:
      image: {registry: example, repository: engine, tag: "1"}
      args: [--agent]
      env: [{name: A, value: agent}]
      worker: {args: [--worker], workingDir: /worker}
  - container_template: {image: example/any:1}
"""
LABELS = {"hydra.io/runtime": "engine", "hydra.io/model-id": "Qwen3"}


def pod(labels=LABELS, annotations=None, **container):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "labels": labels, **({"annotations": annotations} if annotations else {})},
        "spec": {"containers": [{"name": "main", "image": "auto", **container}]},
    }


def group(size=2, leader=None, **container):
    worker = {"spec": {"containers": [{"name": "main", "image": "auto", **container}]}}
    templates = {"workerTemplate": worker, **({"leaderTemplate": leader} if leader is not None else {})}
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": "g", "labels": LABELS},
        "spec": {"leaderWorkerTemplate": {"size": size, **templates}},
    }


def configured(templates=TEMPLATES, agent=AGENT, rows=(), **settings):
    documents = [catalog.Document("templates", "t.yaml", templates), catalog.Document("agent", "a.yaml", agent)]
    if rows:
        documents.append(catalog.Document("gpu-configs", "g.yaml", json.dumps({"gpu_configs": list(rows)})))
    return field_cases.configuration(*documents, **settings)


def row(name, resource, **selector):
    found = {"gpu_type": name, "gpu_resource_template_config": {"gpu_per_node": {"key": resource}}}
    return {**found, "node_selector": selector} if selector else found


def explain(value, configuration=None, **more):
    return field_cases.explain(value, configuration or configured(), **more)


def stored(value, configuration=None):
    """Return an object as the webhook stores it."""
    kind = workload.POD if value["kind"] == "Pod" else workload.LEADER_WORKER_SET
    return json.loads(
        json.dumps(mutation.mutate(value, kind, (configuration or configured()).state, namespace="team-a").value)
    )


def fields(value, name="", configuration=None):
    """Return who set each field of a pod template, with the place, by path."""
    (one,) = [one for one in explain(value, configuration).pod_templates if one.name == name]
    return {field.path: f"{field.set_by} {field.written or ''}".strip() for field in one.fields}


def test_every_field_has_a_setter_and_a_place():
    assert fields(pod(args=["--own"], env=[{"name": "B", "value": "own"}])) == {
        "metadata.labels.hydra.io/runtime": "workload",
        "metadata.labels.hydra.io/model-id": "workload",
        "metadata.labels.tier": "template t.yaml:4:27",
        "metadata.annotations": "webhook",
        "spec.containers[0].name": "workload",
        "spec.containers[0].image": "agent a.yaml:8:7",
        "spec.containers[0].command": "template t.yaml:7:9",
        "spec.containers[0].args": "template t.yaml:8:9",
        "spec.containers[0].env[0]": "agent a.yaml:10:13",
        "spec.containers[0].env[1]": "workload",
        "spec.securityContext": "template t.yaml:5:7",
    }


def test_role_overlays_and_what_comes_from_the_worker_template_are_told_apart():
    leader, worker = fields(group(), "leaderTemplate"), fields(group(), "workerTemplate")

    assert leader["spec.containers[0].ports"] == "template role overlay t.yaml:12:18"
    assert leader["spec.containers[0].name"] == "worker template"
    assert worker["spec.containers[0].workingDir"] == "agent role overlay a.yaml:11:34"
    assert worker["spec.containers[0].name"] == "workload"


def test_a_completed_leader_template_has_fields_of_its_own_and_of_the_worker_template():
    leader = {"metadata": {"labels": {"role": "leader"}}, "spec": {"nodeSelector": {"a": "b"}}}
    found = fields(group(leader=leader, workingDir="/w"), "leaderTemplate")

    assert found["metadata.labels.role"] == found["spec.nodeSelector"] == "workload"
    assert found["spec.containers[0].workingDir"] == "worker template"
    explanation = explain(group(leader=leader))
    assert [one.origin for one in explanation.pod_templates] == ["completed from workerTemplate", "as written"]
    assert explain(group()).pod_templates[0].origin == "created from workerTemplate"


def test_each_argument_leads_to_who_gave_it():
    templates = TEMPLATES.replace('        commandTemplate: [serve, "{{ .MODEL_ID }}"]\n', "").replace(
        ', "{{ range .CUSTOM_ARGS }}{{ . }}{{ end }}"', ', "--a\\n--b"'
    )
    (worker,) = [
        one
        for one in explain(group(args=["--own"]), configured(templates)).pod_templates
        if one.name == "workerTemplate"
    ]
    args = field_cases.inference_fields(worker)["args"]

    assert [(one.value, one.set_by, str(one.written)) for one in args.elements] == [
        ("--tp=1", "template", "t.yaml:7:24"),
        ("--a", "template", "t.yaml:7:47"),
        ("--b", "template", "t.yaml:7:47"),
        ("--agent", "agent", "a.yaml:9:14"),
        ("--worker", "agent role overlay", "a.yaml:11:23"),
        ("--own", "workload", "spec.leaderWorkerTemplate.workerTemplate.spec.containers[0].args[0]"),
    ]


def test_a_removed_pull_policy_and_the_image_of_an_added_container_are_the_webhooks():
    templates = TEMPLATES.replace(
        "      podSec", "      initContainers: [{name: fetch, command: [fetch]}]\n      podSec"
    )
    found = fields(pod(imagePullPolicy="Always"), configuration=configured(templates))

    assert found["spec.containers[0].imagePullPolicy"] == "webhook"
    assert found["spec.initContainers[0].image"] == "webhook"
    assert found["spec.initContainers[0].command"] == "template t.yaml:5:38"


def test_places_are_found_inside_the_block_scalar_of_a_manifest():
    text = "".join(f"    {line}\n" for line in AGENT.splitlines())
    manifest = f"kind: ConfigMap\napiVersion: v1\nmetadata: {{name: hydra-agent}}\ndata:\n  any.yaml: |\n{text}"
    found = fields(pod(), configuration=configured(agent=manifest))

    assert found["spec.containers[0].image"] == "agent a.yaml:13:11"


def test_places_are_found_inside_an_escaped_scalar():
    written = f"  any.yaml: {json.dumps(AGENT)}"
    manifest = f"kind: ConfigMap\napiVersion: v1\ndata:\n{written}\n"
    found = fields(pod(), configuration=configured(agent=manifest))["spec.containers[0].image"]

    assert found == f"agent a.yaml:4:{written.index('image: {registry') + 1}"


VARIABLES = [
    pytest.param(pod(), {}, "MODEL_NAME", "Qwen3", "MODEL_ID", id="another variable"),
    pytest.param(pod(), {}, "MODEL_SLUG", "qwen3", "MODEL_ID as a DNS label", id="a slug"),
    pytest.param(pod(annotations={"hydra.io/model-name": "n"}), {}, "MODEL_NAME", "n", "annotation hydra.io/model-name", id="an annotation"),
    pytest.param(pod(annotations={"hydra.io/model-port": "9"}), {"model_port": 7}, "MODEL_PORT", 9, "annotation hydra.io/model-port", id="an annotation over a setting"),
    pytest.param(pod(), {"model_port": 7}, "MODEL_PORT", 7, "setting model-port", id="a setting"),
    pytest.param(pod(), {}, "MODEL_PORT", 8000, "default", id="a default"),
    pytest.param(pod(), {"cluster": "c"}, "CLUSTER", "work-1", "cluster_name in ConfigMap hydra-agent", id="the agent configuration"),
    pytest.param(pod(), {}, "NAMESPACE", "team-a", "the request", id="the request"),
    pytest.param(pod(), {}, "RUN_TIME", "engine", "label hydra.io/runtime", id="a label"),
    pytest.param(pod(resources={"limits": {"nvidia.com/gpu": 2}}), {}, "GPU_COUNT", 2, "nvidia.com/gpu: 2", id="a resource"),
    pytest.param(pod(resources={"limits": {"nvidia.com/gpu": 2}}), {}, "TP_SIZE", 2, "GPU_COUNT", id="a number of GPUs"),
    pytest.param(pod(resources={"limits": {"nvidia.com/mig-1g.10gb": 2}}), {}, "TP_SIZE", 1, "one MIG slice for each process", id="slices"),
    pytest.param(pod(), {}, "TP_SIZE", 1, "default", id="no GPU"),
    pytest.param(pod(), {}, "GPU_COUNT", 0, "no row of the GPU table counts any", id="no row"),
    pytest.param(pod(), {}, "GPU_TYPE", "cpu", "cpu because the container asks for no accelerator", id="no accelerator"),
    pytest.param(pod(), {}, "CUSTOM_ARGS", ["--agent"], "args of the agent entry", id="arguments of the agent entry"),
    pytest.param(pod(args=["x"]), {}, "CUSTOM_ARGS", ["--agent", "x"], "args of the agent entry, then of the workload", id="arguments of both"),
    pytest.param(group(), {}, "PP_SIZE", 2, "GROUP_SIZE", id="a group"),
    pytest.param(group(), {}, "ROLE", "leader", "place in the group", id="a place in a group"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "settings", "name", "wanted", "source"), VARIABLES)
def test_a_variable_says_where_its_value_comes_from(value, settings, name, wanted, source):
    first = explain(value, configured(**settings)).pod_templates[0]
    (found,) = [one for one in first.variables if one.name == name]

    assert (found.value, found.source) == (wanted, source)


def test_every_agent_entry_has_its_verdict_in_file_order():
    (one,) = explain(pod()).pod_templates

    assert [(entry.used, entry.written.key_path, entry.reason) for entry in one.agent_entries] == [
        (False, "deployment_templates[0]", "is for runtime other and GPU type h100"),
        (True, "deployment_templates[1]", "is the first for runtime engine on GPU type cpu"),
        (False, "deployment_templates[2]", "matches too, but deployment_templates[1] comes first"),
    ]


def test_an_entry_that_cannot_be_used_is_in_its_place():
    agent = AGENT.replace('tag: "1"', "tag: [1]").replace("[other]", "{a: b}")
    found = explain(pod(), configured(agent=agent))

    assert found.denial.code == "broken-agent-entry"
    entries = found.pod_templates[0].agent_entries
    assert [(entry.used, entry.written.key_path) for entry in entries] == [
        (True, "deployment_templates[1]"),
        (False, "deployment_templates[2]"),
        (False, "deployment_templates[0].match_runtimes"),
    ]
    assert "but it cannot be used: a.yaml:8:" in entries[0].reason
    assert entries[2].reason.startswith("cannot be read: a.yaml:3:")


def test_gpu_types_that_fit_too_and_rows_that_were_passed_over_are_named():
    rows = [
        row("a100", "nvidia.com/gpu", gpu="a"),
        row("h100", "nvidia.com/gpu", gpu="h"),
        row("any", "nvidia.com/gpu"),
    ]
    value = pod(resources={"limits": {"nvidia.com/gpu": 1}})
    value["spec"]["nodeSelector"] = {"gpu": "h"}
    (one,) = explain(value, configured(rows=rows)).pod_templates

    found = [(choice.gpu_type, choice.used, choice.reason) for choice in one.gpu_types]
    assert found[0][:2] == ("h100", True)
    assert found[0][2] == "that of nvidia.com/gpu in row gpu_configs[1] of ConfigMap hydra-gpu-configs"
    assert found[1][2].startswith("fits too, that of nvidia.com/gpu in row gpu_configs[2] of")
    assert found[1][2].endswith(", but h100 is used")
    assert found[-1] == (
        "a100",
        False,
        "gpu_configs[0] (a100) is for nodes with gpu=a, which nodeSelector or node affinity exclude",
    )
    assert str(one.gpu_types[0].row) == "g.yaml:1:148"


def test_a_last_good_version_is_named_with_the_problem_of_the_newest():
    broken = TEMPLATES.replace("fsGroup: 7", "fsGroup: {").replace("{fsGroup: {}", "7")
    documents = [catalog.Document("templates", "t.yaml", TEMPLATES), catalog.Document("agent", "a.yaml", AGENT)]
    newest = catalog.Document("templates", "new.yaml", broken)
    state = rendering.State(catalog.history.rebuilt([*documents, newest]), configured().state.settings)
    found = explain(pod(), field_cases.Configuration(state, catalog.Places([*documents, newest])))

    template = found.pod_templates[0].template
    assert template.last_good.startswith("new.yaml:5:")
    assert str(template.written) == "t.yaml:2:5"


# Denied


def test_what_was_decided_before_a_denial_is_there_in_the_words_of_the_denial():
    agent = AGENT.replace("[engine]", "[third]").replace("  - container_template: {image: example/any:1}\n", "")
    found = explain(pod(), configured(agent=agent))
    (one,) = found.pod_templates

    assert (found.outcome, found.denial.code, one.outcome) == ("denied", "no-agent-entry", "denied")
    assert f'container "main" ({one.container.path}, {one.container.reason})' in found.denial.message
    for entry in one.agent_entries:
        assert f"{entry.written.key_path} {entry.reason}" in found.denial.message
    assert f"the type is {one.gpu_types[0].reason}" in found.denial.message
    assert one.template is not None
    assert found.next_steps == (
        "add an agent entry to a.yaml: {match_runtimes: [engine], match_gpu_types: [cpu], container_template: {image: IMAGE}}",
        'or give container "main" an image of its own',
        "see: hydra-webhook runtimes --templates t.yaml --agent a.yaml",
    )


def test_fields_are_there_if_only_the_result_would_not_run():
    value = pod(volumeMounts=[{"name": "none", "mountPath": "/m"}])
    found = explain(value)

    assert found.denial.code == "undefined-volume"
    assert fields(value)["spec.containers[0].image"] == "agent a.yaml:8:7"
    assert found.pod_templates[0].revision == ""


def test_a_template_that_fails_leaves_the_decisions():
    found = explain(pod(), configured(TEMPLATES.replace(".MODEL_ID }}", ".NOTHING }}")))
    (one,) = found.pod_templates

    assert found.denial.code == "no-value"
    assert (one.fields, bool(one.variables)) == ((), True)
    assert str(found.denial.written) == str(one.denial.written) == "t.yaml:7:38"
    assert one.denial.written.key_path == "templates[0].podTemplate.containerTemplate.commandTemplate[1]"
    assert found.next_steps[0].startswith("correct the Go template at t.yaml:7:38")


def test_the_place_of_what_fails_is_inside_the_go_template():
    template = "commandTemplate:\n          - |\n            first\n              {{ index .CUSTOM_ARGS 9 }}"
    found = explain(pod(), configured(TEMPLATES.replace('commandTemplate: [serve, "{{ .MODEL_ID }}"]', template)))

    assert (found.denial.code, str(found.denial.written)) == ("template-failed", "t.yaml:10:18")


def test_a_go_template_of_another_field_has_its_place():
    templates = TEMPLATES.replace("podTemplate:", "renderAll: true\n    podTemplate:", 1)
    templates = templates.replace("{name: A, value: template}", '{name: A, value: "{{ .NO }}"}')
    found = explain(pod(), configured(templates))

    assert found.denial.code == "no-value"
    assert found.denial.written.key_path == "templates[0].podTemplate.containerTemplate.env[0].value"
    assert str(found.denial.written) == "t.yaml:11:34"


def test_the_other_template_of_a_denied_group_is_explained_too():
    leader = {"spec": {"containers": [{"name": "main", "volumeMounts": [{"name": "none", "mountPath": "/m"}]}]}}
    found = explain(group(leader=leader))
    denied, other = found.pod_templates

    assert [one.outcome for one in found.pod_templates] == ["denied", "rendered"]
    assert (denied.denial.code, other.denial) == ("undefined-volume", None)
    assert found.denial.message == f"LeaderWorkerSet team-a/g: {denied.denial.message}"
    assert (other.revision != "", other.fields != ()) == (True, True)


def test_each_denied_template_has_its_reason():
    mount = {"volumeMounts": [{"name": "none", "mountPath": "/m"}]}
    found = explain(group(leader={"spec": {"containers": [{"name": "main", **mount}]}}, **mount))

    assert [one.denial.message.partition(":")[0] for one in found.pod_templates] == ["leaderTemplate", "workerTemplate"]
    denials = [line.partition(' "')[0] for line in field_cases.lines(found) if "[undefined-volume]" in line]
    assert denials == ["✗ LeaderWorkerSet team-a/g: leaderTemplate: container", "✗ and then workerTemplate: container"]


def test_a_malformed_object_is_denied_without_pod_templates():
    found = explain({**pod(), "spec": 7})

    assert (found.denial.code, found.pod_templates) == ("malformed-object", ())


# Left alone


LEFT = [
    pytest.param(pod(labels={"a": "b"}), "not-labelled", id="no label"),
    pytest.param(pod(labels={**LABELS, "hydra.io/inject": "false"}), "opted-out", id="opted out"),
    pytest.param(pod(annotations={"kubernetes.io/config.mirror": "x"}), "mirror-pod", id="a mirror pod"),
    pytest.param({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}, "not-intercepted", id="another kind"),
    pytest.param({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"template": {"spec": {"containers": []}}}}, "not-labelled", id="a Deployment whose template has no label"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "outcome"), LEFT)
def test_what_is_left_alone_is_explained_so(value, outcome):
    found = explain(value)

    assert (found.outcome, found.denial, found.next_steps) == (outcome, None, ())
    assert found.reason.startswith("left alone: ")


def test_the_pod_template_of_a_deployment_is_explained():
    template = {"metadata": {"labels": LABELS}, "spec": pod()["spec"]}
    found = explain(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"template": template}}
    )

    assert (found.outcome, found.pod_templates[0].path) == ("rendered", "spec.template")


def test_a_template_that_opts_out_is_named():
    leader = {"metadata": {"labels": {"hydra.io/inject": "false"}}, "spec": pod(image="own")["spec"]}

    assert [one.outcome for one in explain(group(leader=leader)).pod_templates] == ["opted-out", "rendered"]


# Stored


def test_a_stored_object_of_the_newest_revision_needs_nothing():
    found = explain(stored(group()))

    assert found.outcome == "rendered"
    assert [one.stored.revision == one.revision for one in found.pod_templates] == [True, True]
    assert {(one.stored.newest, one.stored.same_result, one.stored.untouched) for one in found.pod_templates} == {
        (True, True, True)
    }
    assert found.next_steps == ()
    assert found.pod_templates[0].origin == "created from workerTemplate"


def test_a_stored_object_of_an_older_revision_says_how_to_get_the_newest():
    newer = configured(agent=AGENT.replace('tag: "1"', 'tag: "2"'))
    found = explain(stored(group()), newer)

    assert {(one.stored.newest, one.stored.same_result) for one in found.pod_templates} == {(False, False)}
    annotate = 'kubectl annotate --overwrite leaderworkerset g -n team-a hydra.io/refresh="$(date)"'
    assert found.next_steps == (f"to get the newest revision: {annotate}, which rolls its groups",)


def test_an_older_revision_with_the_same_result_needs_nothing():
    newer = configured(TEMPLATES.replace("runtime: engine", "runtime: engine\n    runtimeZH: Engine"))
    found = explain(stored(group()), newer)

    assert {(one.stored.newest, one.stored.same_result) for one in found.pod_templates} == {(False, True)}
    assert found.next_steps == ()


def test_hand_edits_are_named_with_how_to_give_them_up():
    before = stored(group())
    edited = json.loads(json.dumps(before))
    edited["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"]["containers"][0]["workingDir"] = "/edited"
    kept = mutation.update(edited, before, configured().state, namespace="team-a").value
    found = explain(kept)

    worker = found.pod_templates[1].stored
    assert worker.edits == ("spec.leaderWorkerTemplate.workerTemplate.spec/containers/name=main/workingDir",)
    assert (worker.newest, worker.untouched) == (True, False)
    assert found.next_steps[0].startswith(
        "to give up edits of rendered fields: kubectl annotate --overwrite leaderworkerset g"
    )


def test_a_stored_pod_has_a_remark_about_what_cannot_be_separated():
    found = explain(stored(pod()), configured(agent=AGENT.replace('tag: "1"', 'tag: "2"')))

    assert found.remarks == (
        "of a stored pod, what the API server and other webhooks filled in cannot be told from what its author wrote",
    )
    assert found.next_steps == ("to get the newest revision: kubectl delete pod p -n team-a, and create it again",)


@pytest.mark.parametrize(
    ("value", "renewal"),
    [(group(), "kubectl annotate --overwrite leaderworkerset g"), (pod(), "kubectl delete pod p")],
    ids=["LeaderWorkerSet", "pod"],
)
def test_what_is_stored_without_a_record_has_never_been_rendered(value, renewal):
    value["metadata"] = {**value["metadata"], "uid": "705ab4f5"}
    found = explain(value)

    assert found.remarks[-1] == (
        "it is stored without a record, as if it had never been rendered; this is what rendering it now would give"
    )
    assert found.next_steps[0].startswith(f"to render it: {renewal}")


def test_the_record_of_a_pod_counts_where_its_controller_is_explained():
    template = {"metadata": {"labels": LABELS}, "spec": pod()["spec"]}
    value = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"template": template}}
    found = explain(value, configured(agent=AGENT.replace('tag: "1"', 'tag: "2"')), pod=stored(pod()))

    (one,) = found.pod_templates
    assert (one.stored.newest, one.stored.same_result) == (False, False)
    assert found.next_steps == ("to get the newest revision: kubectl rollout restart deployment d -n team-a",)


def test_a_record_that_cannot_be_read_is_denied_with_the_remedy():
    found = explain(pod(annotations={"hydra.io/rendered": "{"}))

    assert found.denial.code == "invalid-record"
    assert found.next_steps[-1] == "see: hydra-webhook restore -f FILE"
