"""A workload as the rest of the program sees it: its pod templates, their roles, and what they declare.

The room's rule: read, check, and nothing else; rendering happens elsewhere.

::

    keys            the labels and annotations, by name
    object_kinds    which kinds of object hold pod templates, and where; the objects in a List
    pod_templates   an object to its pod templates, each with place, role and metadata
    shape           is everything that the code walks the map, list or string that it should be, and are there not too many?
    declarations    what a pod template declares by its labels and annotations
    mistaken_keys   labels and annotations that were probably meant for us, but are misspelt or of the wrong kind
    overlooked      objects in files that are left as they are, though their author may want them rendered
    names           what Kubernetes accepts as a name
"""

from webhook.workload import keys, mistaken_keys, names, overlooked
from webhook.workload.declarations import Declaration, check_label, declaration
from webhook.workload.keys import (
    ANNOTATIONS,
    CONTAINER,
    DEFAULT_CONTAINER,
    GPU_COUNT,
    GPU_TYPE,
    GROUP_INDEX,
    GROUP_NAME,
    GROUP_SIZE,
    IDENTITY_LABELS,
    INJECT,
    LABELS,
    MODEL_ID,
    PREFIX,
    RECORD,
    REFRESH,
    RUNTIME,
    TEMPLATE_HASHES,
    WORKER_INDEX,
    is_read,
)
from webhook.workload.object_kinds import (
    INTERCEPTED,
    LEADER_WORKER_SET,
    POD,
    POD_TEMPLATE_PLACES,
    GroupVersionKind,
    is_list,
    is_object,
    items,
    kind_of,
)
from webhook.workload.pod_templates import (
    GROUP_ROLES,
    ROLES,
    PodTemplate,
    Role,
    completed,
    display_name,
    exclusion,
    opted_out,
    pod_templates,
    says_no,
)
from webhook.workload.shape import check as check_shape
from webhook.workload.shape import check_pod_spec, check_pod_template, check_values

__all__ = [
    "ANNOTATIONS",
    "CONTAINER",
    "DEFAULT_CONTAINER",
    "GPU_COUNT",
    "GPU_TYPE",
    "GROUP_INDEX",
    "GROUP_NAME",
    "GROUP_ROLES",
    "GROUP_SIZE",
    "IDENTITY_LABELS",
    "INJECT",
    "INTERCEPTED",
    "LABELS",
    "LEADER_WORKER_SET",
    "MODEL_ID",
    "POD",
    "POD_TEMPLATE_PLACES",
    "PREFIX",
    "RECORD",
    "REFRESH",
    "ROLES",
    "RUNTIME",
    "TEMPLATE_HASHES",
    "WORKER_INDEX",
    "Declaration",
    "GroupVersionKind",
    "PodTemplate",
    "Role",
    "check_label",
    "check_pod_spec",
    "check_pod_template",
    "check_shape",
    "check_values",
    "completed",
    "declaration",
    "display_name",
    "exclusion",
    "is_list",
    "is_object",
    "is_read",
    "items",
    "keys",
    "kind_of",
    "mistaken_keys",
    "names",
    "opted_out",
    "overlooked",
    "pod_templates",
    "says_no",
]
