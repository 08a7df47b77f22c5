"""Settings that an operator can change, with the defaults of the contract. They are plain values: no I/O, no decisions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The constants of contract section 5 that an installation can change, and what it adds to section 3.

    Attributes:
        model_path: ``MODEL_PATH``, the model's folder in the container.
        model_host: ``MODEL_HOST``, the address that the engine listens on.
        model_port: ``MODEL_PORT``, TCP port of the engine.
        ray_port: ``RAY_PORT``, TCP port of Ray's head.
        cluster: ``CLUSTER`` if the agent configuration has no ``cluster_name``.
        known_keys: labels and annotations under ``hydra.io/`` that others read, so they are not misspelt ones of ours.
    """

    model_path: str = "/data/serving-model"
    model_host: str = "0.0.0.0"  # noqa: S104 - the engine in its pod must be reachable from outside
    model_port: int = 8000
    ray_port: int = 6379
    cluster: str = ""
    known_keys: tuple[str, ...] = ()
