"""Runs what a container would start, with bash itself and with programs in place of engines that only note their arguments."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

#: The programs that built-in runtimes start, and what others answer. Nothing that a script waits for ever comes.
ENGINES = ("vllm", "sglang", "python3", "mindieservice_daemon", "ray")
_NOTES = """#!{python} -IS
import json, os, sys
with open({log!r}, "a") as file:
    print(json.dumps(sys.argv), file=file)
"""
_ANSWERS = {"getent": "echo 127.0.0.1 leader", "sleep": "kill $PPID", "hostname": "echo 127.0.0.1"}
_VARIABLE = re.compile(r"\$(?:(\$)|\(([^()]*)\))")

#: What the controller and the kubelet set in the pods of a group.
OF_GROUP = {"LWS_LEADER_ADDRESS": "127.0.0.1", "LWS_WORKER_INDEX": "1", "LWS_GROUP_SIZE": "2"}


@dataclass(frozen=True)
class Machine:
    """A folder with the programs, in which containers run. Something in it matches every `*`."""

    folder: Path

    @classmethod
    def build(cls, folder, engines=ENGINES):
        """Return a machine with these engines in a new folder."""
        programs, there = folder / "programs", folder / "there"
        for path in (programs, there, folder / "bin"):
            path.mkdir(parents=True)
        (there / "a-file").touch()
        (folder / "ranks.json").write_text("{}")
        notes = _NOTES.format(python=sys.executable, log=str(folder / "log"))
        texts = dict.fromkeys(engines, notes) | {name: f"#!/bin/sh\n{text}\n" for name, text in _ANSWERS.items()}
        for name, text in texts.items():
            for path in (programs / name, folder / "bin" / name):
                path.write_text(text)
                path.chmod(0o755)
        return cls(folder)

    def run(self, container):
        """Start what a container would start; return the arguments of each engine that was started, its name first."""
        (self.folder / "log").write_text("")
        variables = {entry["name"]: entry.get("value", "127.0.0.1") for entry in container.get("env", ())}
        variables |= {**OF_GROUP, "RANK_TABLE_FILE": str(self.folder / "ranks.json")}
        environment = {
            **variables,
            "PATH": f"{self.folder / 'programs'}:/usr/bin:/bin",
            "HOME": "/nonexistent",
            "LC_ALL": "C.UTF-8",
            "MIES_INSTALL_PATH": str(self.folder),
        }
        started = [expanded(each, variables) for each in (*container["command"], *container.get("args", ()))]
        subprocess.run(
            started,
            cwd=self.folder / "there",
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        lines = (self.folder / "log").read_text().splitlines()
        return [[Path(name).name, *arguments] for name, *arguments in map(json.loads, lines)]

    @property
    def files(self):
        """Return the names of the files in the folder in which containers run."""
        return sorted(path.name for path in (self.folder / "there").iterdir())


def expanded(text, variables):
    """Return what the kubelet makes of an argument."""
    return _VARIABLE.sub(lambda found: found[1] or variables.get(found[2], found[0]), text)


def receives(calls, arguments):
    """Return whether one engine was started with these arguments, one after the other and nothing between them."""
    count = len(arguments)
    return any(call[at : at + count] == arguments for call in calls for at in range(1, len(call) - count + 1))
