"""Programs that stand in for the engines, and a kubelet that runs a rendered container with them and real bash."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Prints its own name and arguments as JSON.
_ENGINE = """#!{python} -IS
import json, sys
print(json.dumps(sys.argv))
"""

#: Looks names up like the C library's program: ``ADDRESS NAME``.
_GETENT = """#!/bin/sh
echo "{address}      $2"
"""

#: MindIE's daemon, which prints the configuration that it was given.
_DAEMON = """#!/bin/sh
cat "$MIES_CONFIG_JSON_PATH"
"""
_MINDIE_CONFIG = {
    "ServerConfig": {"ipAddress": "127.0.0.1", "port": 1025, "managementIpAddress": "127.0.0.2"},
    "BackendConfig": {"ModelDeployConfig": {"maxSeqLen": 2560, "ModelConfig": [{}]}, "ScheduleConfig": {}},
}

#: As the kubelet reads references (k8s.io/kubernetes third_party/forked/golang/expansion): ``$$`` is a dollar sign, and the name in
#: ``$(NAME)`` ends at the first parenthesis.
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")

#: What LeaderWorkerSet sets in the pods of a group.
GROUP = {"LWS_LEADER_ADDRESS": "qwen3-0.qwen3.default", "LWS_GROUP_SIZE": "2"}


@dataclass(frozen=True)
class Run:
    """What a container printed, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def argv(self) -> list[str]:
        """Return what the last engine was started with; the first word is its name."""
        found: list[str] = json.loads(self.out.splitlines()[-1])
        return [Path(found[0]).name, *found[1:]]


def install(folder: Path, *engines: str, address: str = "10.0.0.5") -> Path:
    """Write the stubs into a folder; return it."""
    for engine in engines:
        _program(folder / engine, _ENGINE.format(python=sys.executable))
    _program(folder / "getent", _GETENT.format(address=address))
    _program(folder / "bin" / "mindieservice_daemon", _DAEMON)
    (folder / "conf").mkdir(exist_ok=True)
    (folder / "conf" / "config.json").write_text(json.dumps(_MINDIE_CONFIG))
    return folder


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def _expanded(text: str, environment: dict[str, str]) -> str:
    def value(reference: re.Match[str]) -> str:
        return "$" if reference[0] == "$$" else environment.get(reference[1], reference[0])

    return _REFERENCE.sub(value, text)


def start(container: dict[str, Any], folder: Path, role: str = "lone", **more: str) -> Run:
    """Run command and args of a container as the kubelet does, in the folder of the stubs, which is first on the path."""
    environment = dict(more)
    if role != "lone":
        environment |= GROUP | {"LWS_WORKER_INDEX": "0" if role == "leader" else "1"}
    argv = [_expanded(text, environment) for text in (*container["command"], *container.get("args", ()))]
    environment |= {"PATH": f"{folder}:{os.environ['PATH']}", "MIES_INSTALL_PATH": str(folder), "POD_IP": "10.0.0.7"}
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return Run(done.returncode, done.stdout, done.stderr)
