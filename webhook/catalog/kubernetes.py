"""Field names and types of Kubernetes 1.36: the PodSpec that a LeaderWorkerSet's CRD spells out (v1, generated from k8s.io/api 0.36).

Only what the catalog checks is here: PodSpec, Container, and the entries of the lists that are merged entry by entry.
"""

#: Fields of a PodSpec.
POD_SPEC: dict[str, type] = {
    **dict.fromkeys(
        (
            "automountServiceAccountToken",
            "enableServiceLinks",
            "hostIPC",
            "hostNetwork",
            "hostPID",
            "hostUsers",
            "setHostnameAsFQDN",
            "shareProcessNamespace",
        ),
        bool,
    ),
    **dict.fromkeys(
        ("affinity", "dnsConfig", "nodeSelector", "os", "overhead", "resources", "schedulingGroup", "securityContext"),
        dict,
    ),
    **dict.fromkeys(("activeDeadlineSeconds", "priority", "terminationGracePeriodSeconds"), int),
    **dict.fromkeys(
        (
            "containers",
            "ephemeralContainers",
            "hostAliases",
            "imagePullSecrets",
            "initContainers",
            "readinessGates",
            "resourceClaims",
            "schedulingGates",
            "tolerations",
            "topologySpreadConstraints",
            "volumes",
        ),
        list,
    ),
    **dict.fromkeys(
        (
            "dnsPolicy",
            "hostname",
            "hostnameOverride",
            "nodeName",
            "preemptionPolicy",
            "priorityClassName",
            "restartPolicy",
            "runtimeClassName",
            "schedulerName",
            "serviceAccount",
            "serviceAccountName",
            "subdomain",
        ),
        str,
    ),
}
#: Fields of a Container; an ephemeral container has one more.
CONTAINER: dict[str, type] = {
    **dict.fromkeys(("stdin", "stdinOnce", "tty"), bool),
    **dict.fromkeys(
        ("lifecycle", "livenessProbe", "readinessProbe", "resources", "securityContext", "startupProbe"), dict
    ),
    **dict.fromkeys(
        (
            "args",
            "command",
            "env",
            "envFrom",
            "ports",
            "resizePolicy",
            "restartPolicyRules",
            "volumeDevices",
            "volumeMounts",
        ),
        list,
    ),
    **dict.fromkeys(
        (
            "image",
            "imagePullPolicy",
            "name",
            "restartPolicy",
            "terminationMessagePath",
            "terminationMessagePolicy",
            "workingDir",
        ),
        str,
    ),
}
#: Fields of an entry of ``volumes``.
VOLUME: dict[str, type] = {
    **dict.fromkeys(
        (
            "awsElasticBlockStore",
            "azureDisk",
            "azureFile",
            "cephfs",
            "cinder",
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "fc",
            "flexVolume",
            "flocker",
            "gcePersistentDisk",
            "gitRepo",
            "glusterfs",
            "hostPath",
            "image",
            "iscsi",
            "nfs",
            "persistentVolumeClaim",
            "photonPersistentDisk",
            "portworxVolume",
            "projected",
            "quobyte",
            "rbd",
            "scaleIO",
            "secret",
            "storageos",
            "vsphereVolume",
        ),
        dict,
    ),
    **dict.fromkeys(("name",), str),
}
#: Fields of an entry of ``env``.
ENV: dict[str, type] = {
    **dict.fromkeys(("valueFrom",), dict),
    **dict.fromkeys(("name", "value"), str),
}
#: Fields of an entry of ``ports``.
PORT: dict[str, type] = {
    **dict.fromkeys(("containerPort", "hostPort"), int),
    **dict.fromkeys(("hostIP", "name", "protocol"), str),
}
#: Fields of an entry of ``volumeMounts``.
VOLUME_MOUNT: dict[str, type] = {
    **dict.fromkeys(("readOnly",), bool),
    **dict.fromkeys(("mountPath", "mountPropagation", "name", "recursiveReadOnly", "subPath", "subPathExpr"), str),
}
#: Fields of an entry of ``volumeDevices``.
VOLUME_DEVICE: dict[str, type] = {
    **dict.fromkeys(("devicePath", "name"), str),
}

#: Fields by which Kubernetes tells the entries of a list apart (``x-kubernetes-list-map-keys``); all must be present
#: but those of ``OPTIONAL_KEYS``, which have a default.
MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "resourceClaims": ("name",),
    "schedulingGates": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "env": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "claims": ("name",),
}
#: What an absent merge key stands for.
OPTIONAL_KEYS = {"protocol": "TCP"}

#: Fields on which admission has acted before a webhook sees a pod (contract section 7).
SETTLED_ON_PODS = ("priorityClassName", "priority", "preemptionPolicy", "nodeName")

#: Lists of strings; every other list of PodSpec and Container holds maps.
STRING_LISTS = frozenset({"args", "command"})

#: Fields that Kubernetes requires of a list's entries beyond their merge keys.
REQUIRED: dict[str, tuple[str, ...]] = {"volumeMounts": ("name",), "volumeDevices": ("name",)}

#: Known fields of the entries of lists; lists that are not here are not looked into.
ENTRIES: dict[str, dict[str, type]] = {
    "containers": CONTAINER,
    "initContainers": CONTAINER,
    "ephemeralContainers": {**CONTAINER, "targetContainerName": str},
    "volumes": VOLUME,
    "env": ENV,
    "ports": PORT,
    "volumeMounts": VOLUME_MOUNT,
    "volumeDevices": VOLUME_DEVICE,
}
