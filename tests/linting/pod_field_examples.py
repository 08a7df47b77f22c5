"""Fields of Kubernetes in a runtime template: mistakes with what lint says about each, and what has no finding.

Lint is held against them, and so is a real API server: whatever is an error here it must refuse, and what has no finding it must
admit. Each example is the fields of ``containerTemplate``, or of ``podTemplate`` if it says so.
"""

from typing import Any, NamedTuple


class Mistake(NamedTuple):
    """Attributes: the fields, the finding's severity, code and key path below the fields, and words of its remedy."""

    fields: dict[str, Any]
    severity: str
    code: str
    path: str
    remedy: str
    pod: bool = False


def env(**fields):
    return {"env": [{"name": "A", **fields}]}


def limits(**amounts):
    return {"resources": {"limits": amounts}}


def volume(**source):
    return {"volumes": [{"name": "v", **source}]}


def terms(**term):
    return {
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}
            }
        }
    }


_TERM = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]"
_PORT = [{"name": "http", "containerPort": 8000}]

MISTAKES = {
    # values of which the API server knows only some
    "a pull policy in lower case": Mistake(
        {"imagePullPolicy": "always"}, "error", "unknown-value", "imagePullPolicy", 'did you mean "Always"?'
    ),
    "a misspelt pull policy": Mistake(
        {"imagePullPolicy": "IfNotPresnt"}, "error", "unknown-value", "imagePullPolicy", 'did you mean "IfNotPresent"?'
    ),
    "an unknown pull policy": Mistake(
        {"imagePullPolicy": "Sometimes"}, "warning", "unknown-value", "imagePullPolicy", "known: Always, IfNotPresent, Never"
    ),
    "a protocol in lower case": Mistake(
        {"ports": [{"containerPort": 1, "protocol": "tcp"}]}, "error", "unknown-value", "ports[0].protocol", 'did you mean "TCP"?'
    ),
    "a scheme in lower case": Mistake(
        {"readinessProbe": {"httpGet": {"path": "/", "port": 1, "scheme": "https"}}},
        "error", "unknown-value", "readinessProbe.httpGet.scheme", 'did you mean "HTTPS"?',
    ),
    "a misspelt effect": Mistake(
        {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoSchedul"}]},
        "error", "unknown-value", "tolerations[0].effect", 'did you mean "NoSchedule"?', pod=True,
    ),
    "an operator in lower case": Mistake(
        terms(key="a", operator="in", values=["b"]), "error", "unknown-value", f"{_TERM}.operator", 'did you mean "In"?', pod=True
    ),
    "a DNS policy in lower case": Mistake(
        {"dnsPolicy": "clusterFirst"}, "error", "unknown-value", "dnsPolicy", 'did you mean "ClusterFirst"?', pod=True
    ),
    "a type of seccomp profile": Mistake(
        {"securityContext": {"seccompProfile": {"type": "runtimeDefault"}}},
        "error", "unknown-value", "securityContext.seccompProfile.type", 'did you mean "RuntimeDefault"?',
    ),
    # quantities
    "an amount with a space": Mistake(limits(memory="32 Gi"), "error", "bad-quantity", "resources.limits.memory", "write 32Gi"),
    "an amount in GB": Mistake(
        limits(memory="16GB"), "error", "bad-quantity", "resources.limits.memory",
        "write 16Gi (powers of 1024) or 16G (powers of 1000)",
    ),
    "an amount in lower case": Mistake(limits(memory="16gi"), "error", "bad-quantity", "resources.limits.memory", "write 16Gi"),
    "an amount in GiB": Mistake(limits(memory="1.5GiB"), "error", "bad-quantity", "resources.limits.memory", "write 1.5Gi"),
    "an amount with a comma": Mistake(limits(memory="1,5Gi"), "error", "bad-quantity", "resources.limits.memory", "write 1.5Gi"),
    "an amount in cores": Mistake(limits(cpu="4 cores"), "error", "bad-quantity", "resources.limits.cpu", "write 4"),
    "no amount at all": Mistake(limits(cpu="all"), "error", "bad-quantity", "resources.limits.cpu", 'such as "16Gi"'),
    "a negative amount": Mistake(limits(cpu=-1), "error", "bad-quantity", "resources.limits.cpu", "write 0 or more"),
    "half a device": Mistake(
        limits(**{"example.com/a": 0.5}), "error", "bad-quantity", "resources.limits.example.com/a", "a whole number"
    ),
    "an amount that is a boolean": Mistake(limits(cpu=True), "error", "wrong-type", "resources.limits.cpu", ""),
    "memory without a unit": Mistake(
        limits(memory=16), "warning", "tiny-quantity", "resources.limits.memory", "write 16Gi or 16Mi"
    ),
    "memory in thousandths": Mistake(
        limits(memory="400m"), "warning", "tiny-quantity", "resources.limits.memory", "write 400Gi or 400Mi"
    ),
    "a size with a space": Mistake(
        volume(emptyDir={"sizeLimit": "1 Gi"}), "error", "bad-quantity", "volumes[0].emptyDir.sizeLimit", "write 1Gi", pod=True
    ),
    "a resource in upper case": Mistake(
        limits(Memory="1Gi"), "error", "unknown-resource", "resources.limits.Memory", 'did you mean "memory"?'
    ),
    "a resource without a domain": Mistake(
        limits(gpu=1), "error", "unknown-resource", "resources.limits.gpu", "DOMAIN/NAME, such as nvidia.com/gpu"
    ),
    # names
    "a volume with an underscore": Mistake(
        {"volumes": [{"name": "my_vol", "emptyDir": {}}]}, "error", "bad-name", "volumes[0].name", 'write "my-vol"', pod=True
    ),
    "a container in upper case": Mistake(
        {"initContainers": [{"name": "Init", "image": "i"}]}, "error", "bad-name", "initContainers[0].name", 'write "init"',
        pod=True,
    ),
    "a port with a long name": Mistake(
        {"ports": [{"containerPort": 1, "name": "metrics-of-the-engine"}]}, "error", "bad-name", "ports[0].name", ""
    ),
    "a port as a string": Mistake(
        {"ports": _PORT, "readinessProbe": {"httpGet": {"path": "/", "port": "8000"}}},
        "error", "bad-name", "readinessProbe.httpGet.port", "write the number without quotes: 8000",
    ),
    "a label with a space": Mistake(
        {"metadata": {"labels": {"a": "b c"}}}, "error", "bad-name", "metadata.labels.a", 'write "b-c"', pod=True
    ),
    "a label with a space in its key": Mistake(
        {"metadata": {"labels": {"a b": "c"}}}, "error", "bad-name", "metadata.labels.a b", "NAME or DOMAIN/NAME", pod=True
    ),
    "a node selector with two slashes": Mistake(
        {"nodeSelector": {"a.b/c/d": "e"}}, "error", "bad-name", "nodeSelector.a.b/c/d", "NAME or DOMAIN/NAME", pod=True
    ),
    "a negative delay": Mistake(
        {"readinessProbe": {"tcpSocket": {"port": 1}, "initialDelaySeconds": -1}},
        "error", "bad-value", "readinessProbe.initialDelaySeconds", "write 0 or more",
    ),
    "a negative user": Mistake(
        {"securityContext": {"runAsUser": -1}}, "error", "bad-value", "securityContext.runAsUser", "write 0 or more"
    ),
    "a variable with its value": Mistake(
        {"env": [{"name": "A=1"}]}, "error", "bad-name", "env[0].name", 'its value as "value:" beside it'
    ),
    "a variable with a space": Mistake(
        {"env": [{"name": "A B", "value": "1"}]}, "warning", "env-name", "env[0].name", "use letters, digits and _"
    ),
    "a ConfigMap in upper case": Mistake(
        volume(configMap={"name": "Config"}), "warning", "bad-name", "volumes[0].configMap.name", 'write "config"', pod=True
    ),
    "a ConfigMap in upper case, of a variable": Mistake(
        env(valueFrom={"configMapKeyRef": {"name": "Config", "key": "a", "optional": True}}),
        "error", "bad-name", "env[0].valueFrom.configMapKeyRef.name", 'write "config"',
    ),
    # types
    "a list of numbers where strings belong": Mistake(
        terms(key="a", operator="In", values=[1]), "error", "wrong-type", f"{_TERM}.values[0]", 'quote it: "1"', pod=True
    ),
    "a boolean in quotes, deep down": Mistake(
        volume(configMap={"name": "c", "optional": "true"}),
        "error", "wrong-type", "volumes[0].configMap.optional", "write it without quotes", pod=True,
    ),
    "a label selector with a number": Mistake(
        {"topologySpreadConstraints": [{
            "maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"a": 1}},
        }]},
        "error", "wrong-type", "topologySpreadConstraints[0].labelSelector.matchLabels.a", 'quote it: "1"', pod=True,
    ),
    "a port that is a boolean": Mistake(
        {"readinessProbe": {"tcpSocket": {"port": True}}}, "error", "wrong-type", "readinessProbe.tcpSocket.port", ""
    ),
    "a port that cannot be": Mistake(
        {"readinessProbe": {"tcpSocket": {"port": 80000}}}, "error", "bad-value", "readinessProbe.tcpSocket.port", ""
    ),
    "a list where a map belongs": Mistake(
        volume(emptyDir=[]), "error", "wrong-type", "volumes[0].emptyDir", "", pod=True
    ),
    # keys
    "a misspelt key of a probe": Mistake(
        {"readinessProbe": {"tcpSocket": {"port": 1}, "periodseconds": 5}},
        "warning", "unknown-key", "readinessProbe.periodseconds", 'did you mean "periodSeconds"?',
    ),
    "a key of a probe's request beside it": Mistake(
        {"readinessProbe": {"path": "/health", "tcpSocket": {"port": 1}}},
        "warning", "unknown-key", "readinessProbe.path", "move it into httpGet",
    ),
    "a key of a probe in its request": Mistake(
        {"readinessProbe": {"httpGet": {"path": "/", "port": 1, "periodSeconds": 5}}},
        "warning", "unknown-key", "readinessProbe.httpGet.periodSeconds", 'move it up, beside "httpGet"',
    ),
    "a misspelt key at the bottom": Mistake(
        {"tolerations": [{"key": "a", "operator": "Exists", "tolerationSecond": 1}]},
        "warning", "unknown-key", "tolerations[0].tolerationSecond", 'did you mean "tolerationSeconds"?', pod=True,
    ),
    "a key of ours in a claim": Mistake(
        volume(ephemeral={"volumeClaimTemplate": {"metadata": {"label": {}}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}),
        "warning", "unknown-key", "volumes[0].ephemeral.volumeClaimTemplate.metadata.label", 'did you mean "labels"?', pod=True,
    ),
    "a key that an item needs": Mistake(
        volume(configMap={"name": "c", "items": [{"key": "a"}]}),
        "error", "missing-key", "volumes[0].configMap.items[0]", 'add "path:"', pod=True,
    ),
    "a source without its key": Mistake(
        env(valueFrom={"secretKeyRef": {"name": "s"}}),
        "error", "missing-key", "env[0].valueFrom.secretKeyRef", 'add "key:"',
    ),
    "a probe without its port": Mistake(
        {"readinessProbe": {"httpGet": {"path": "/"}}}, "warning", "missing-key", "readinessProbe.httpGet", 'add "port:"'
    ),
    # keys that exclude each other
    "a value beside valueFrom": Mistake(
        env(value="1", valueFrom={"fieldRef": {"fieldPath": "metadata.name"}}),
        "error", "exclusive-fields", "env[0].valueFrom", "keep one of them",
    ),
    "two sources of a value": Mistake(
        env(valueFrom={"fieldRef": {"fieldPath": "metadata.name"}, "secretKeyRef": {"name": "a", "key": "b"}}),
        "error", "exclusive-fields", "env[0].valueFrom.secretKeyRef", "keep one of them",
    ),
    "two kinds of a probe": Mistake(
        {"livenessProbe": {"tcpSocket": {"port": 1}, "exec": {"command": ["true"]}}},
        "error", "exclusive-fields", "livenessProbe.exec", "keep one of them",
    ),
    "two kinds of a volume": Mistake(
        volume(emptyDir={}, hostPath={"path": "/a"}), "error", "exclusive-fields", "volumes[0].hostPath", "keep one of them",
        pod=True,
    ),
    # what is started
    "a command line as a command": Mistake(
        {"command": ["vllm serve"]}, "warning", "command-with-spaces", "command[0]", "[vllm, serve]"
    ),
    "a command line as a probe": Mistake(
        {"livenessProbe": {"exec": {"command": ["curl -f localhost"]}}},
        "warning", "command-with-spaces", "livenessProbe.exec.command[0]", "[curl, -f, localhost]",
    ),
    "an image in upper case": Mistake(
        {"image": "docker.io/Foo/bar:V1"}, "warning", "image-reference", "image", "docker.io/foo/bar:V1"
    ),
    "an image with a scheme": Mistake(
        {"image": "https://docker.io/a/b"}, "warning", "image-reference", "image", "leave out https://"
    ),
    "a sidecar's image with two tags": Mistake(
        {"containers": [{"name": "a", "image": "a/b:1:2"}]}, "warning", "image-reference", "containers[0].image",
        "write one tag", pod=True,
    ),
}  # fmt: skip

#: No finding above info, and the API server admits a pod with these fields.
FLAWLESS = {
    "amounts": limits(
        cpu="500m", memory="1.5Gi", **{"ephemeral-storage": "1e9", "hugepages-2Mi": "4Mi", "example.com/a": 2}
    ),
    "more amounts": limits(cpu=4, memory="32G"),
    "an image with port and digest": {"image": f"registry.example.com:5000/a_b/c__d/e-f:V1.0@sha256:{'0' * 64}"},
    "an image on this machine": {"image": "localhost/a"},
    "a program whose path has a space": {"command": ["/opt/my engine/bin/serve"]},
    "a value that is empty beside another source": env(
        value="", valueFrom={"fieldRef": {"fieldPath": "metadata.name"}}
    ),
    "values from resources and from a file": {
        "env": [
            {"name": "a.b-c", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
            {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "lower", "key": "a", "optional": True}}},
        ]
    },
    "probes by name and number": {
        "ports": _PORT,
        "readinessProbe": {"httpGet": {"path": "/", "port": "http", "httpHeaders": [{"name": "a", "value": ""}]}},
        "livenessProbe": {"tcpSocket": {"port": 8000}, "terminationGracePeriodSeconds": 5},
        "startupProbe": {"grpc": {"port": 8000}},
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
    },
    "a security context": {
        "securityContext": {
            "runAsUser": 0,
            "procMount": "Default",
            "capabilities": {"add": ["SYS_ADMIN"], "drop": ["ALL"]},
            "seccompProfile": {"type": "Localhost", "localhostProfile": "a/b"},
            "appArmorProfile": {"type": "Unconfined"},
        }
    },
}

#: The same for fields of a pod.
FLAWLESS_PODS = {
    "tolerations of all kinds": {
        "tolerations": [
            {"operator": "Exists"},
            {"key": "a", "value": "b", "effect": "", "operator": ""},
            {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1},
        ]
    },
    "an affinity": terms(key="a", operator="DoesNotExist"),
    "volumes": {
        "volumes": [
            {"name": "a"},
            {"name": "o", "configMap": {"name": "UPPER", "optional": True}},
            {"name": "b", "hostPath": {"path": "/a", "type": ""}},
            {"name": "c", "hostPath": {"path": "/a", "type": "DirectoryOrCreate"}},
            {"name": "d", "emptyDir": {"medium": "Memory", "sizeLimit": "64Gi"}},
            {"name": "e", "projected": {"sources": [{"serviceAccountToken": {"path": "a", "expirationSeconds": 600}}]}},
            {"name": "f", "persistentVolumeClaim": {"claimName": "a.b", "readOnly": True}},
            {"name": "g", "image": {"reference": "a/b:c", "pullPolicy": "IfNotPresent"}},
            {
                "name": "h",
                "ephemeral": {
                    "volumeClaimTemplate": {
                        "metadata": {"labels": {"a": "b"}},
                        "spec": {
                            "accessModes": ["ReadWriteOnce"],
                            "volumeMode": "Filesystem",
                            "resources": {"requests": {"storage": "1Ti"}},
                        },
                    }
                },
            },
            {"name": "i", "nfs": {"server": "s", "path": "/"}},
            {"name": "j", "csi": {"driver": "d.example.com", "volumeAttributes": {"a": "b"}}},
        ]
    },
    "a pod's own fields": {
        "securityContext": {"fsGroup": 1, "fsGroupChangePolicy": "OnRootMismatch", "sysctls": [{"name": "kernel.shm_rmid_forced", "value": "1"}]},
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "nodeTaintsPolicy": "Honor"}
        ],
        "dnsConfig": {"options": [{"name": "ndots", "value": "2"}]},
        "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["a.b"]}],
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "os": {"name": "linux"},
        "metadata": {"labels": {"a": ""}, "annotations": {"a": "b c", "a.b/C_d": ""}},
    },
}  # fmt: skip
