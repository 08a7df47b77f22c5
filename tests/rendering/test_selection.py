"""Which runtime template and agent entry serve a pod template (contract section 6)."""

import json

import pytest

from webhook import catalog, errors, workload
from webhook.rendering import containers, gpus, selection

RUNTIMES = [
    {"runtime": "engine"},
    {"runtime": "own-image", "podTemplate": {"containerTemplate": {"image": "example/own:1"}}},
]
GPUS = [("a100", "example.com/gpu"), ("h100", "example.com/gpu"), ("slice", "example.com/slice")]


def entry(image, runtimes=(), gpu_types=(), **fields):
    matches = {"match_runtimes": list(runtimes), "match_gpu_types": list(gpu_types)}
    return {**matches, "container_template": {"image": f"example/{image}", **fields}}


def documents(entries, runtimes=RUNTIMES):
    rows = [
        {"gpu_type": name, "gpu_resource_template_config": {"gpu_per_node": {"key": resource}}}
        for name, resource in GPUS
    ]
    return [
        catalog.Document("templates", "t.yaml", json.dumps({"templates": runtimes})),
        catalog.Document("agent", "a.yaml", json.dumps({"deployment_templates": entries})),
        catalog.Document("gpu-configs", "g.yaml", json.dumps({"gpu_configs": rows})),
    ]


def select(entries, runtime="engine", gpu_type="", limits=None, image="auto", snapshot=None, spec=None):
    declaration = workload.Declaration(runtime, "m", gpu_type=gpu_type)
    value = {"name": "main", "image": image, "resources": {"limits": limits or {}}}
    container = containers.InferenceContainer(value, "spec.containers[0]", 0, "the first")
    snapshot = snapshot or catalog.build(documents(entries), None)
    template = selection.runtime_template(declaration, snapshot)
    asked = gpus.request(declaration, container, spec or {}, snapshot.gpu_types)
    return selection.select(declaration, "lone", container, snapshot, template, asked)


ANY, ENGINE, OTHER = entry("any"), entry("engine", ["engine"]), entry("other", ["other"])
H100, A100, CPU = entry("h100", gpu_types=["h100"]), entry("a100", gpu_types=["a100"]), entry("cpu", gpu_types=["cpu"])
GPU = {"example.com/gpu": 2}

CHOSEN = [
    pytest.param([OTHER, ENGINE, ANY], {}, "engine", "cpu", 0, id="the first whose runtime matches"),
    pytest.param([ANY, ENGINE], {}, "any", "cpu", 0, id="absent matches are any, in file order"),
    pytest.param([H100, CPU], {}, "cpu", "cpu", 0, id="no resource is cpu"),
    pytest.param([H100, CPU], {"limits": {"example.com/gpu": "0"}}, "cpu", "cpu", 0, id="an amount of 0 never counts"),
    pytest.param([H100, CPU], {"limits": {"example.com/gpu": "0m"}}, "cpu", "cpu", 0, id="an amount of 0, spelled differently"),
    pytest.param([CPU, A100], {"limits": GPU}, "a100", "a100", 2, id="the type of the resource"),
    pytest.param([CPU, H100], {"limits": GPU}, "h100", "h100", 2, id="of two types of a resource the one that has an entry"),
    pytest.param([H100, A100], {"limits": GPU}, "a100", "a100", 2, id="of two types that have entries the first of the table"),
    pytest.param([ANY], {"limits": GPU}, "any", "a100", 2, id="an entry for any type takes the first of the table"),
    pytest.param([A100, H100], {"limits": GPU, "gpu_type": "h100"}, "h100", "h100", 2, id="the annotation overrides the type, not the count"),
    pytest.param([CPU, entry("x", gpu_types=["x"])], {"gpu_type": "x"}, "x", "x", 0, id="an annotated type needs no row"),
    pytest.param([ANY], {"limits": {"nvidia.com/gpu": 1}}, "any", "nvidia-gpu", 1, id="a built-in row"),
    pytest.param([OTHER], {"runtime": "other"}, "other", "cpu", 0, id="a runtime that only an agent entry knows"),
    pytest.param([OTHER], {"image": "mine"}, None, "cpu", 0, id="no entry, but an image of the workload"),
    pytest.param([OTHER], {"image": "mine", "limits": GPU}, None, "a100", 2, id="no entry: the first type of the resource"),
    pytest.param([OTHER], {"runtime": "own-image"}, None, "cpu", 0, id="no entry, but an image of the runtime template"),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "asked", "image", "gpu_type", "count"), CHOSEN)
def test_the_first_agent_entry_that_matches_is_used(entries, asked, image, gpu_type, count):
    chosen = select(entries, **asked)

    assert (chosen.agent_entry.image if chosen.agent_entry else None) == (image and f"example/{image}")
    assert (chosen.gpu_type, chosen.choice.count) == (gpu_type, count)


def test_a_selection_holds_the_runtime_template_and_the_rows_that_were_looked_at():
    chosen = select([ANY], limits={**GPU, "example.com/slice": 1})

    assert chosen.runtime_template.runtime == "engine"
    assert [row.name for row in chosen.gpu_rows] == ["a100", "h100", "slice"]
    assert select([OTHER], runtime="other").runtime_template is None


TYPED = [{"runtime": "engine", "podTemplate": {"containerTemplate": {"argsTemplate": ["{{ .GPU_TYPE }}"]}}}]
BOTH = entry("both", gpu_types=["a100", "h100"])


@pytest.mark.parametrize(
    ("entries", "runtimes", "asked", "rivals"),
    [
        pytest.param([A100, H100], RUNTIMES, {}, [("a100", "h100")], id="another agent entry"),
        pytest.param([BOTH], RUNTIMES, {}, [], id="the same agent entry and the same rendering"),
        pytest.param([BOTH], TYPED, {}, [("a100", "h100")], id="another rendering"),
        pytest.param(
            [OTHER], TYPED, {"image": "mine"}, [("a100", "h100")], id="another rendering without any agent entry"
        ),
        pytest.param([OTHER], RUNTIMES, {"image": "mine"}, [], id="no agent entry at all"),
        pytest.param([H100], TYPED, {}, [], id="no agent entry for the other type"),
        pytest.param([A100, H100], TYPED, {"gpu_type": "a100"}, [], id="the annotation settles it"),
    ],
)
def test_of_several_types_of_a_resource_a_notice_names_those_that_would_lead_elsewhere(
    entries, runtimes, asked, rivals
):
    chosen = select([], limits=GPU, snapshot=catalog.build(documents(entries, runtimes), None), **asked)

    assert [notice.cases[0] for notice in chosen.gpu_notices if notice.code == "several-gpu-types"] == rivals


BROKEN = {**ENGINE, "container_template": {"image": "example/engine", "env": "?"}}
BAD_RUNTIME = [{"runtime": "engine", "podTemplate": {"containerTemplate": {"argsTemplate": ["{{ if }}"]}}}]
NO_IMAGE = 'container "main" (spec.containers[0], the first) has no image, and no agent entry is for runtime "engine" on GPU type '
NO_GPU = "; the type is cpu because the container asks for no accelerator"
OF_ANNOTATION = "; the type is that of annotation hydra.io/gpu-type"
REMEDY = "; give the container an image, ask for another resource or set annotation hydra.io/gpu-type"
UNREAD = {**ENGINE, "match_runtimes": 1}

DENIED = [
    pytest.param([ANY], {"runtime": "engin"}, "unknown-runtime", 'label hydra.io/runtime: there is no runtime "engin"; did you mean "engine"? known: engine, own-image', id="an unknown runtime"),
    pytest.param([ANY, OTHER], {"runtime": "x"}, "unknown-runtime", 'label hydra.io/runtime: there is no runtime "x"; known: engine, other, own-image', id="the known ones are those of agent entries too"),
    pytest.param([BROKEN, ANY], {}, "broken-agent-entry", 'deployment_templates[0] of ConfigMap hydra-agent serves runtime "engine" here but cannot be used: a.yaml:1:', id="a broken entry that matches"),
    pytest.param([ANY], {"limits": {"example.com/gpu": "1500m"}}, "invalid-gpu-count", 'spec.containers[0].resources: example.com/gpu is "1500m"; it must be a whole number of GPUs', id="half a GPU"),
    pytest.param([], {}, "no-agent-entry", f'{NO_IMAGE}"cpu" (there are none){NO_GPU}{REMEDY}', id="no entries at all"),
    pytest.param([OTHER, A100, entry("o", ["o", "p"], ["a100", "h100"])], {}, "no-agent-entry",
        f'{NO_IMAGE}"cpu" (deployment_templates[0] is for runtime other; deployment_templates[1] is for GPU type a100; '
        f"deployment_templates[2] is for runtime o, p and GPU type a100, h100){NO_GPU}{REMEDY}", id="each entry with its reasons"),
    pytest.param([A100], {"gpu_type": "a10"}, "no-agent-entry", f'{NO_IMAGE}"a10", did you mean "a100"? (deployment_templates[0] is for GPU type a100){OF_ANNOTATION}{REMEDY}', id="a GPU type near a known one"),
    pytest.param([CPU], {"gpu_type": "h100"}, "no-agent-entry", f'{NO_IMAGE}"h100" (deployment_templates[0] is for GPU type cpu){OF_ANNOTATION}{REMEDY}', id="a known GPU type is not corrected"),
    pytest.param([CPU], {"limits": GPU}, "no-agent-entry",
        f'{NO_IMAGE}"a100" (deployment_templates[0] is for GPU type cpu) and none for h100 either; '
        f"the type is that of example.com/gpu in row gpu_configs[0] of ConfigMap hydra-gpu-configs{REMEDY}", id="the row that the type comes from"),
    pytest.param([CPU], {"limits": {"nvidia.com/gpu": 1}}, "no-agent-entry",
        "; the type is that of nvidia.com/gpu in a built-in row of the GPU table, before which ConfigMap hydra-gpu-configs may have others; ", id="a built-in row"),
    pytest.param([OTHER] * 52, {}, "no-agent-entry", f"deployment_templates[49] is for runtime other; and 2 more entries){NO_GPU}{REMEDY}", id="beyond 50 entries the rest is counted"),
    pytest.param([OTHER, UNREAD], {}, "no-agent-entry", "deployment_templates[0] is for runtime other; a.yaml:1:", id="an entry whose match cannot be read is a reason as well"),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "asked", "code", "message"), DENIED)
def test_a_workload_that_nothing_serves_is_denied(entries, asked, code, message):
    with pytest.raises(errors.Denied) as denial:
        select(entries, **asked)

    assert denial.value.code == code
    assert message in denial.value.message


def test_a_broken_runtime_is_denied_with_its_problem():
    snapshot = catalog.build(documents([ANY], BAD_RUNTIME), None)

    with pytest.raises(
        errors.Denied, match=r'^runtime "engine" of ConfigMap hydra-runtime-template .*t\.yaml:1'
    ) as denial:
        select([], snapshot=snapshot)

    assert denial.value.code == "broken-runtime"


def test_a_broken_agent_entry_that_is_not_the_first_to_match_does_no_harm():
    assert select([ANY, BROKEN]).agent_entry.image == "example/any"


def test_a_configuration_that_has_never_been_read_asks_to_try_again():
    templates, agent, _ = documents([ANY])
    snapshot = catalog.build([templates, catalog.Document("agent", "ConfigMap ns/hydra-agent", None)], None)

    with pytest.raises(errors.NotReady, match=r"hydra-agent.*; try again once this is fixed") as denial:
        select([], runtime="unknown", snapshot=snapshot)

    assert (denial.value.code, denial.value.http_status) == ("configuration-missing", 503)
    assert select([], snapshot=catalog.build([templates, agent], None)).agent_entry.image == "example/any"


STALE = [
    pytest.param(RUNTIMES, [ENGINE], {}, id="nothing is stale"),
    pytest.param(BAD_RUNTIME, [ENGINE], {"last-good-template": "t.yaml:1:"}, id="the runtime template"),
    pytest.param(RUNTIMES, [BROKEN], {"last-good-entry": "a.yaml:1:"}, id="the agent entry"),
    pytest.param(BAD_RUNTIME, [BROKEN], {"last-good-template": "t.yaml:1:", "last-good-entry": "a.yaml:1:"}, id="both"),
]  # fmt: skip


@pytest.mark.parametrize(("runtimes", "entries", "places"), STALE)
def test_each_part_whose_last_good_version_is_in_use_earns_a_notice(runtimes, entries, places):
    snapshot = catalog.build(documents(entries, runtimes), catalog.build(documents([ENGINE]), None))

    found = select([], snapshot=snapshot).last_good_notices()

    assert [notice.code for notice in found] == list(places)
    assert all(notice.cases[0][0].startswith(places[notice.code]) for notice in found)


def test_without_runtime_template_or_agent_entry_nothing_is_stale():
    assert selection.Selection(None, None, gpus.Choice("cpu")).last_good_notices() == []


VERDICTS = [
    pytest.param(ANY, (), id="an entry for any"),
    pytest.param(entry("x", ["engine"], ["cpu"]), (), id="an entry for both"),
    pytest.param(OTHER, ("runtime other",), id="another runtime"),
    pytest.param(A100, ("GPU type a100",), id="another GPU type"),
    pytest.param(entry("x", ["p", "o"], ["h100", "a100"]), ("runtime o, p", "GPU type a100, h100"), id="neither"),
]


@pytest.mark.parametrize(("agent_entry", "mismatches"), VERDICTS)
def test_a_verdict_names_what_an_entry_is_for_instead(agent_entry, mismatches):
    entries = catalog.build(documents([agent_entry]), None).agent_entries

    (candidate,) = selection.candidates(entries, "engine", "cpu")

    assert candidate.mismatches == mismatches
    assert candidate.matches == (not mismatches)
