"""What an operator may set, with the defaults of the contract. Values only: nothing here reads or decides."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Constants of contract section 5 that an installation may change.

    Attributes:
        model_path: ``MODEL_PATH``, the folder in the container that holds the model.
        model_host: ``MODEL_HOST``, the address the engine listens on.
        model_port: ``MODEL_PORT``, TCP port of the engine.
        ray_port: ``RAY_PORT``, TCP port of Ray's head.
        cluster: ``CLUSTER`` where the agent configuration has no ``cluster_name``.
    """

    model_path: str = "/data/serving-model"
    model_host: str = "0.0.0.0"  # noqa: S104 - the engine in its pod must be reachable from outside
    model_port: int = 8000
    ray_port: int = 6379
    cluster: str = ""
