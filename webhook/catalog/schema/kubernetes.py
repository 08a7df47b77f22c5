"""Field names, types and merge keys of Kubernetes 1.36: of PodSpec, Container, and the lists that are merged item by item.

``tests/controlplane/test_kubernetes_facts.py`` checks them against a running API server and LeaderWorkerSet's CRD.
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
#: Fields of a Container.
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
#: Fields of an item of ``volumes``.
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
#: Fields of an item of ``env``.
ENV: dict[str, type] = {
    **dict.fromkeys(("valueFrom",), dict),
    **dict.fromkeys(("name", "value"), str),
}
#: Fields of an item of ``ports``.
PORT: dict[str, type] = {
    **dict.fromkeys(("containerPort", "hostPort"), int),
    **dict.fromkeys(("hostIP", "name", "protocol"), str),
}
#: Fields of an item of ``volumeMounts``.
VOLUME_MOUNT: dict[str, type] = {
    **dict.fromkeys(("readOnly",), bool),
    **dict.fromkeys(("mountPath", "mountPropagation", "name", "recursiveReadOnly", "subPath", "subPathExpr"), str),
}
#: Fields of an item of ``volumeDevices``.
VOLUME_DEVICE: dict[str, type] = {
    **dict.fromkeys(("devicePath", "name"), str),
}

#: Fields by which Kubernetes identifies the items of a list (``x-kubernetes-list-map-keys``, or
#: ``x-kubernetes-patch-merge-key`` where both exist and differ). All are required but those in ``OPTIONAL_KEYS``.
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
#: Defaults of merge keys that may be absent.
OPTIONAL_KEYS = {"protocol": "TCP"}

#: Fields on which admission has already acted before a webhook sees a pod (contract section 7).
SETTLED_ON_PODS = ("priorityClassName", "priority", "preemptionPolicy", "nodeName")

#: Fields that are integers, below the field that holds them; those of the pod spec itself are below ``spec``.
INTEGERS: frozenset[tuple[str, str]] = frozenset(
    {
        *(
            (probe, key)
            for probe in ("livenessProbe", "readinessProbe", "startupProbe")
            for key in (
                "failureThreshold",
                "initialDelaySeconds",
                "periodSeconds",
                "successThreshold",
                "terminationGracePeriodSeconds",
                "timeoutSeconds",
            )
        ),
        *(("spec", key) for key in ("activeDeadlineSeconds", "priority", "terminationGracePeriodSeconds")),
        *(("securityContext", key) for key in ("fsGroup", "runAsGroup", "runAsUser", "supplementalGroups")),
        *((volume, "defaultMode") for volume in ("configMap", "downwardAPI", "projected", "secret")),
        *((volume, "partition") for volume in ("awsElasticBlockStore", "gcePersistentDisk")),
        *((volume, "lun") for volume in ("fc", "iscsi")),
        *(("topologySpreadConstraints", key) for key in ("maxSkew", "minDomains")),
        *(("ports", key) for key in ("containerPort", "hostPort")),
        ("exitCodes", "values"),
        ("grpc", "port"),
        ("items", "mode"),
        ("podCertificate", "maxExpirationSeconds"),
        ("preferredDuringSchedulingIgnoredDuringExecution", "weight"),
        ("serviceAccountToken", "expirationSeconds"),
        ("sleep", "seconds"),
        ("tolerations", "tolerationSeconds"),
    }
)
#: Those of them that are lists of integers.
INTEGER_LISTS = frozenset({("exitCodes", "values"), ("securityContext", "supplementalGroups")})
#: Fields that are an integer or a string, likewise.
INTEGERS_OR_STRINGS = frozenset({("httpGet", "port"), ("tcpSocket", "port")})

#: Lists of strings; every other list of PodSpec and Container holds maps.
STRING_LISTS = frozenset({"args", "command"})

_ACTIONS: dict[str, type] = dict.fromkeys(("exec", "httpGet", "sleep", "tcpSocket"), dict)
_PROBE: dict[str, type] = dict.fromkeys(("exec", "grpc", "httpGet", "tcpSocket"), dict)
_PREFERRED, _REQUIRED = (f"{kind}DuringSchedulingIgnoredDuringExecution" for kind in ("preferred", "required"))

#: Maps and lists inside the maps of a PodSpec or Container, which are merged key by key, by the field that holds them.
NESTED: dict[str, dict[str, type]] = {
    "affinity": dict.fromkeys(("nodeAffinity", "podAffinity", "podAntiAffinity"), dict),
    "nodeAffinity": {_REQUIRED: dict, _PREFERRED: list},
    "podAffinity": {_REQUIRED: list, _PREFERRED: list},
    "podAntiAffinity": {_REQUIRED: list, _PREFERRED: list},
    _REQUIRED: {"nodeSelectorTerms": list},
    "dnsConfig": dict.fromkeys(("nameservers", "options", "searches"), list),
    "securityContext": {
        **dict.fromkeys(
            ("appArmorProfile", "capabilities", "seLinuxOptions", "seccompProfile", "windowsOptions"), dict
        ),
        "sysctls": list,
    },
    "capabilities": {"add": list, "drop": list},
    "resources": {"claims": list, "limits": dict, "requests": dict},
    "lifecycle": {"postStart": dict, "preStop": dict},
    **dict.fromkeys(("postStart", "preStop"), _ACTIONS),
    **dict.fromkeys(("livenessProbe", "readinessProbe", "startupProbe"), _PROBE),
    "exec": {"command": list},
    "httpGet": {"httpHeaders": list},
}
#: Lists of strings among those.
NESTED_STRING_LISTS = frozenset({"add", "command", "drop", "nameservers", "searches"})

#: Fields that Kubernetes requires of a list's items beyond their merge keys.
REQUIRED: dict[str, tuple[str, ...]] = {"volumeMounts": ("name",), "volumeDevices": ("name",)}

#: Known fields of the items of lists; the items of other lists are not checked.
ITEMS: dict[str, dict[str, type]] = {
    "containers": CONTAINER,
    "initContainers": CONTAINER,
    "ephemeralContainers": {**CONTAINER, "targetContainerName": str},
    "volumes": VOLUME,
    "env": ENV,
    "ports": PORT,
    "volumeMounts": VOLUME_MOUNT,
    "volumeDevices": VOLUME_DEVICE,
}
