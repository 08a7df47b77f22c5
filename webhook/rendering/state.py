"""Everything that a request reads, as one value: the configuration, the settings, and what follows from them alone."""

from webhook import catalog
from webhook.rendering import layers
from webhook.settings import Settings
from webhook.workload import Role


class State:
    """One state of the configuration. A request takes it once, so it never sees half of an edit.

    The owner of the state in use replaces it by a plain attribute assignment.

    Attributes:
        snapshot: the configuration.
        settings: the constants.
    """

    __slots__ = ("__weakref__", "_layers", "settings", "snapshot")

    def __init__(self, snapshot: catalog.Snapshot, settings: Settings) -> None:
        self.snapshot = snapshot
        self.settings = settings
        self._layers: dict[tuple[str | None, str | None, Role], layers.Layers] = {}

    def layers(
        self, agent_entry: catalog.AgentEntry | None, runtime_template: catalog.RuntimeTemplate | None, role: Role
    ) -> layers.Layers:
        """Return the fields that an agent entry and a runtime template of this snapshot give together to a role.

        They are merged the first time that a workload needs the pair, and at most once for each state: a catalog of
        thousands of runtimes has far more pairs than a cluster uses.
        """
        key = (
            agent_entry.path if agent_entry is not None else None,
            runtime_template.runtime if runtime_template is not None else None,
            role,
        )
        found = self._layers.get(key)
        if found is None:
            found = self._layers[key] = layers.merged(agent_entry, runtime_template, role)
        return found
