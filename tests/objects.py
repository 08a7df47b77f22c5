"""Hypothesis strategies for Pods and LeaderWorkerSets, both as people and API servers write them and with surprises."""

from hypothesis import strategies as st

from tests import json_values

RUNTIMES = ["rich", "plain", "args-only", "agent-only", "rendered-whole", "roles", "roles"]


def _builds(make, *parts):
    """``make`` applied to a value of each part. The name is short because Hypothesis often prints strategies."""

    @st.composite
    def drawn(draw):
        return make(*map(draw, parts))

    return drawn()


def _some(**fields):
    """A map with some of the fields."""
    return _builds(dict, st.fixed_dictionaries({}, optional=fields))


_names = st.sampled_from(["main", "sidecar", "engine", "inference"])
_volume_names = st.sampled_from(["models", "shm", "scratch", "claim"])
_texts = st.sampled_from(["a", "x y", "", "$(A)/b", "$(LWS_LEADER_ADDRESS)", "$$(A)", "$(SLUG)$(B)"])
_images = st.sampled_from([None, "", " ", "auto", "registry.example/engine:1", "redis"])
_words = st.sampled_from(["a", "b", "--dtype=half", "--max-model-len=8192", "x y", "", "$(LWS_LEADER_ADDRESS)", "é\n"])
_unknown = st.dictionaries(st.sampled_from(["futureField", "x-vendor", "zz"]), json_values.values(5), max_size=2)


def _keyed(entries, key):
    """A list of entries, mostly with different keys."""
    unique = st.lists(entries, max_size=3, unique_by=lambda entry: str(entry.get(key)))
    return st.one_of(unique, unique, unique, st.lists(entries, max_size=3))


_env = _builds(
    lambda name, rest: {"name": name, **rest},
    st.sampled_from(["HF_HOME", "A", "B", "LWS_LEADER_ADDRESS"]),
    st.one_of(
        st.fixed_dictionaries({"value": _words | _texts}),
        st.just({"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
    ),
)
_env_from = _builds(
    lambda name, rest: {"configMapRef": {"name": name, **rest}},
    st.sampled_from(["engine", "own"]),
    _some(optional=st.booleans()),
)
_port = _builds(
    lambda number, rest: {"containerPort": number, **rest},
    st.sampled_from([8000, 8080, 9090]),
    _some(protocol=st.sampled_from(["TCP", "UDP"]), name=st.sampled_from(["http", "metrics", "web"])),
)
_mount = _builds(
    lambda path, name, rest: {"mountPath": path, "name": name, **rest},
    st.sampled_from(["/data/serving-model", "/dev/shm", "/dev/shm/", "/tmp", "/a/b~c"]),
    _volume_names,
    _some(readOnly=st.booleans(), subPath=_words),
)
_volume = _builds(
    lambda name, rest: {"name": name, **rest},
    _volume_names,
    st.sampled_from(
        [{"emptyDir": {}}, {"hostPath": {"path": "/models"}}, {"persistentVolumeClaim": {"claimName": "c"}}]
    ),
)
_quantities = st.sampled_from(["1", "2", "500m", "16Gi", 4])
_gpus = st.sampled_from(["0", "1", "8", 2])
_resource_lists = _some(cpu=_quantities, memory=st.sampled_from(["1Gi", "16Gi"])) | _builds(
    lambda rest, name, count: {**rest, name: count},
    _some(cpu=_quantities),
    st.sampled_from(["nvidia.com/gpu", "nvidia.com/gpu", "nvidia.com/mig-1g.10gb", "nvidia.com/gpumem", "amd.com/gpu"]),
    _gpus,
)
_devices = st.sampled_from(
    ["nvidia.com/gpu", "nvidia.com/mig-1g.10gb", "huawei.com/Ascend910", "amd.com/gpu", "rdma/hca"]
)
_resource_lists |= st.dictionaries(_devices, _gpus, max_size=2)
_resources = _some(limits=_resource_lists, requests=_resource_lists) | st.just({})
_security = _some(
    runAsUser=st.integers(0, 1000),
    privileged=st.booleans(),
    capabilities=_some(
        add=st.lists(st.sampled_from(["IPC_LOCK", "NET_RAW", "SYS_ADMIN"]), max_size=3),
        drop=st.lists(st.sampled_from(["ALL", "SYS_PTRACE", "NET_RAW"]), max_size=2),
    ),
    seccompProfile=st.sampled_from([{"type": "RuntimeDefault"}, {"type": "Localhost", "localhostProfile": "p"}]),
)
_probe = _some(
    exec=st.just({"command": ["true"]}),
    periodSeconds=st.sampled_from([5, 10]),
    failureThreshold=st.sampled_from([3, 30]),
)
_container_fields = _some(
    image=_images,
    command=st.lists(_words, max_size=2),
    args=st.lists(_words, max_size=3),
    env=_keyed(_env, "name"),
    envFrom=st.lists(_env_from, max_size=3),
    ports=_keyed(_port, "containerPort"),
    volumeMounts=_keyed(_mount, "mountPath"),
    resources=_resources,
    securityContext=_security,
    readinessProbe=_probe,
    imagePullPolicy=st.sampled_from(["Always", "IfNotPresent", "Never"]),
    terminationMessagePolicy=st.sampled_from(["File", "FallbackToLogsOnError"]),
    workingDir=st.just("/srv"),
)


def _container(names):
    return _builds(lambda name, rest, unknown: {"name": name, **rest, **unknown}, names, _container_fields, _unknown)


_toleration = st.sampled_from(
    [
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
        {"key": "nvidia.com/gpu", "operator": "Exists"},
        {"operator": "Exists"},
    ]
)


def _node_affinity(operator):
    expressions = [{"key": "gpu", "operator": operator, "values": ["a"]}]
    terms = [{"matchExpressions": expressions}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


_spec_fields = _some(
    initContainers=_keyed(_container(st.sampled_from(["fetch", "warm", "own-init"])), "name"),
    volumes=_keyed(_volume, "name"),
    tolerations=st.lists(_toleration, max_size=3),
    nodeSelector=st.dictionaries(st.sampled_from(["gpu", "zone"]), st.sampled_from(["a", "b"]), max_size=2),
    securityContext=_security,
    imagePullSecrets=_keyed(_builds(lambda name: {"name": name}, st.sampled_from(["pull", "own"])), "name"),
    terminationGracePeriodSeconds=st.sampled_from([30, 60]),
    dnsPolicy=st.sampled_from(["ClusterFirst", "Default"]),
    restartPolicy=st.sampled_from(["Always", "Never"]),
    serviceAccountName=st.sampled_from(["default", "runner"]),
    schedulerName=st.sampled_from(["default-scheduler", "volcano"]),
    affinity=st.sampled_from([{"nodeAffinity": {}}, _node_affinity("In"), _node_affinity("NotIn")]),
    hostNetwork=st.booleans(),
)
_labels = _builds(
    lambda runtime, rest: {"hydra.io/runtime": runtime, "hydra.io/model-id": "qwen3-0.6b", **rest},
    st.sampled_from(RUNTIMES),
    _some(app=st.just("x")),
)
_annotations = _some(
    **{
        "hydra.io/model-name": st.just("Qwen3"),
        "hydra.io/gpu-type": st.sampled_from(["cpu", "nvidia-gpu"]),
        "hydra.io/tensor-parallel-size": st.sampled_from(["1", "8"]),
        "hydra.io/data-parallel-size": st.sampled_from(["1", "2"]),
        "hydra.io/gpu-count": st.sampled_from(["0", "4"]),
        "hydra.io/model-port": st.sampled_from(["8000", "9000"]),
        "hydra.io/model-path": st.just("/models/qwen"),
        "hydra.io/container": st.just("main"),
        "kubectl.kubernetes.io/default-container": st.just("main"),
        "note": _words,
    }
)


def _metadata(labels, annotations):
    present = st.fixed_dictionaries({"labels": labels}, optional={"annotations": annotations | st.none()})
    extra = _some(name=st.just("pod"), generateName=st.just("pod-"), finalizers=st.just(["x/y"]))
    return _builds(lambda own, rest, unknown: {**own, **rest, **unknown}, present, extra, _unknown)


def _with_defined_volumes(spec):
    """Most workloads define what they mount."""
    mounted = [
        mount["name"]
        for field in ("containers", "initContainers")
        for container in spec.get(field) or ()
        for mount in container.get("volumeMounts") or ()
    ]
    volumes = list(spec.get("volumes") or ())
    missing = dict.fromkeys(mounted).keys() - {volume["name"] for volume in volumes}
    if not missing:
        return spec
    return {**spec, "volumes": [*volumes, *({"name": name, "emptyDir": {}} for name in sorted(missing))]}


_specs = _builds(
    lambda containers, rest, unknown: _with_defined_volumes({**containers, **rest, **unknown}),
    st.one_of(
        st.fixed_dictionaries(
            {"containers": st.lists(_container(_names), max_size=3, unique_by=lambda one: one["name"])}
        ),
        st.just({}),
    ),
    _spec_fields,
    _unknown,
)


def pods():
    return _builds(
        lambda metadata, spec, unknown: {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": spec,
            **unknown,
        },
        _metadata(_labels, _annotations),
        _specs,
        _unknown,
    )


def _pod_templates():
    overrides = _some(
        **{"hydra.io/runtime": st.sampled_from(RUNTIMES), "hydra.io/inject": st.just("false"), "role": st.just("x")}
    )
    return _builds(
        lambda metadata, spec, unknown: {**metadata, "spec": spec, **unknown},
        _some(metadata=_metadata(overrides, _annotations)),
        _specs,
        _unknown,
    )


def _leader_templates():
    """Leader templates; some hold only metadata, or a spec without containers."""
    without_containers = _some(metadata=_metadata(_some(role=st.just("leader")), _annotations), spec=_spec_fields)
    return st.one_of(_pod_templates(), without_containers)


def leader_worker_sets():
    group = _builds(
        lambda worker, rest, unknown: {"workerTemplate": worker, **rest, **unknown},
        _pod_templates(),
        _some(
            size=st.integers(1, 4),
            leaderTemplate=_leader_templates(),
            restartPolicy=st.just("RecreateGroupOnPodRestart"),
            volumeClaimTemplates=st.just([{"metadata": {"name": "claim"}}]),
        ),
        _unknown,
    )
    return _builds(
        lambda metadata, group, replicas: {
            "apiVersion": "leaderworkerset.x-k8s.io/v1",
            "kind": "LeaderWorkerSet",
            "metadata": metadata,
            "spec": {"leaderWorkerTemplate": group, "replicas": replicas},
        },
        _metadata(_labels, _annotations),
        group,
        st.integers(0, 3),
    )
