"""The names of the variables of contract section 5. Golden cases test their values."""

from webhook import catalog, workload
from webhook.rendering import containers, gpus, selection, variables
from webhook.settings import Settings


def test_the_variables_are_those_of_the_contract():
    snapshot = catalog.build(catalog.embedded(), None)
    declared = workload.Declaration("vllm-cpu", "m")
    container = containers.InferenceContainer({"name": "main"}, "spec.containers[0]", 0, "the first")
    pod_template = workload.PodTemplate((), {}, {}, {})
    asked = gpus.request(declared, container, {}, snapshot.gpu_types)
    template = selection.runtime_template(declared, snapshot)
    chosen = selection.select(declared, "lone", container, snapshot, template, asked)

    data = variables.variables(
        declared,
        pod_template,
        container,
        chosen,
        namespace="ns",
        cluster_name=None,
        settings=Settings(),
    )

    assert sorted(data) == [
        "CLUSTER", "CONTAINER_NAME", "CUSTOM_ARGS", "DP_SIZE", "GPU_COUNT", "GPU_TYPE", "GROUP_SIZE", "IS_DISTRIBUTED", "IS_LEADER",
        "MODEL_HOST", "MODEL_ID", "MODEL_NAME", "MODEL_PATH", "MODEL_PORT", "MODEL_SLUG", "NAMESPACE", "PP_SIZE", "RAY_PORT", "ROLE",
        "RUN_TIME", "TOTAL_GPU_COUNT", "TP_SIZE",
    ]  # fmt: skip
