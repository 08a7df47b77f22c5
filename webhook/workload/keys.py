"""The labels and annotations by which a workload speaks to the webhook, and Kubernetes' own that matter here.

Contract sections 2, 3 and 9. No other module spells them.
"""

#: What our own keys begin with. The platform has further keys of its own below it.
PREFIX = "hydra.io/"

RUNTIME = "hydra.io/runtime"
MODEL_ID = "hydra.io/model-id"
INJECT = "hydra.io/inject"
MODEL_NAME = "hydra.io/model-name"
GPU_TYPE = "hydra.io/gpu-type"
GPU_COUNT = "hydra.io/gpu-count"
TENSOR_PARALLEL_SIZE = "hydra.io/tensor-parallel-size"
PIPELINE_PARALLEL_SIZE = "hydra.io/pipeline-parallel-size"
DATA_PARALLEL_SIZE = "hydra.io/data-parallel-size"
MODEL_PATH = "hydra.io/model-path"
MODEL_PORT = "hydra.io/model-port"
DATASET = "hydra.io/dataset"
CONTAINER = "hydra.io/container"
REFRESH = "hydra.io/refresh"
RECORD = "hydra.io/rendered"

#: Our keys by what they are; as the other they mean nothing.
LABELS = frozenset({RUNTIME, MODEL_ID, INJECT})
ANNOTATIONS = frozenset(
    {
        MODEL_NAME,
        GPU_TYPE,
        GPU_COUNT,
        TENSOR_PARALLEL_SIZE,
        PIPELINE_PARALLEL_SIZE,
        DATA_PARALLEL_SIZE,
        MODEL_PATH,
        MODEL_PORT,
        DATASET,
        CONTAINER,
        REFRESH,
        RECORD,
    }
)

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
MIRROR = "kubernetes.io/config.mirror"

GROUP_NAME = "leaderworkerset.sigs.k8s.io/name"
GROUP_SIZE = "leaderworkerset.sigs.k8s.io/size"
GROUP_INDEX = "leaderworkerset.sigs.k8s.io/group-index"
WORKER_INDEX = "leaderworkerset.sigs.k8s.io/worker-index"

#: Labels of pods that tell from which state of their controller's pod template they were made, the one of LeaderWorkerSet first.
TEMPLATE_HASHES = (
    "leaderworkerset.sigs.k8s.io/template-revision-hash",
    "pod-template-hash",
    "controller-revision-hash",
)

#: The labels that identify a rendered pod; those of a LeaderWorkerSet are copied into its pod templates.
IDENTITY_LABELS = (RUNTIME, MODEL_ID)

_READ_PREFIXES = (PREFIX, GROUP_NAME.partition("/")[0] + "/")


def is_read(key: str) -> bool:
    """Return whether rendering reads the value of this label or annotation; of any other it only sees that it is there."""
    return key.startswith(_READ_PREFIXES) or key == DEFAULT_CONTAINER
