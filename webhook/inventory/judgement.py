"""Does the configuration still say the same as a record does? A record answers that without the workload being rendered.

The rows of the GPU table and the settings are not judged: which of them a rendering reads is known only once it is made again. Nor is
an equal result of another configuration seen. ``older`` therefore means that the runtime template or the agent entry has changed.
"""

from typing import Literal

from webhook import catalog, rendering
from webhook.inventory.bases import Basis

State = Literal["current", "unknown", "older", "unserved", "unrendered"]

#: From the best to the worst. A workload whose pods differ is in the worst state of them.
STATES: tuple[State, ...] = ("current", "unknown", "older", "unserved", "unrendered")


def judge(basis: Basis, snapshot: catalog.Snapshot) -> State:
    """Return in which state a pod template is, given the configuration in use.

    - ``current``: its runtime template, and the agent entry that its runtime and GPU type select today, are those of its record.
    - ``older``: one of them differs, or an agent entry that was used no longer exists.
    - ``unserved``: the configuration has no usable version of its runtime.
    - ``unrendered``: it has no record.
    - ``unknown``: its record cannot be judged by, or no configuration has been read yet.
    """
    if basis.unjudged:
        return basis.unjudged
    if snapshot.missing:
        return "unknown"
    runtime = basis.runtime
    agent_entry = rendering.selection.entry_for(snapshot.agent_entries_for(runtime), basis.gpu_type)
    is_broken = runtime in snapshot.broken or (agent_entry is not None and agent_entry.broken is not None)
    if is_broken or not snapshot.knows(runtime):
        return "unserved"
    template = rendering.record.template_digest(snapshot.runtime_templates.get(runtime))
    chosen = agent_entry.digest if agent_entry is not None else ""
    return "current" if (template, chosen) == (basis.template, basis.agent_entry) else "older"
