"""On a terminal of any width nothing is wrapped or cut: the terminal wraps by itself, and then names can be copied whole."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "manifests" / "examples"
BUILTIN = ROOT / "webhook" / "catalog" / "builtin"
IMAGE = "registry.cn-south-1.example.com/platform/inference-engines/vllm-openai-with-a-long-name:v0.11.2-cuda12.8-ubuntu24.04"
AGENT = f"deployment_templates: [{{container_template: {{image: {IMAGE}}}}}]\n"

pytestmark = pytest.mark.slow


def on_terminal(*arguments, columns):
    """Run the command on a terminal of this many columns; return what it prints there, without colours."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    command = [sys.executable, "-m", "webhook", *map(str, arguments)]
    process = subprocess.Popen(
        command, stdin=child, stdout=child, stderr=child, env={**environ, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    )
    os.close(child)
    shown = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:  # Linux says so at the end
            break
        if not part:
            break
        shown += part
    process.wait()
    os.close(parent)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).replace("\r\n", "\n")


@pytest.fixture
def agent(tmp_path):
    (tmp_path / "agent.yaml").write_text(AGENT)
    return tmp_path / "agent.yaml"


SHORT = "registry.example.com/platform/vllm:v0.11.2"  # explain shortens long values in their place, but breaks no line


POD, GROUP = EXAMPLES / "pod.yaml", EXAMPLES / "leaderworkerset-cpu.yaml"
COMMANDS = {
    "runtimes": ["runtimes"],
    "render": ["render", "-f", POD],
    "diff": ["render", "-f", POD, "-o", "diff"],
    "plan": ["plan", "-f", POD, GROUP, "--from-agent", BUILTIN / "hydra-agent.yaml"],
}


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_image_names_are_whole(agent, command, columns):
    shown = on_terminal(*command, "--agent", agent, columns=columns)

    assert IMAGE in shown
    assert "…" not in shown


@pytest.mark.parametrize("columns", [80, 40])
def test_the_tree_of_an_explanation_is_not_wrapped(agent, columns):
    agent.write_text(AGENT.replace(IMAGE, SHORT))

    shown = on_terminal("explain", "-f", POD, "--agent", agent, columns=columns)

    assert f'image: "{SHORT}" (was "auto") ← agent, {agent}:1:' in shown


@pytest.mark.parametrize("columns", [80, 40])
def test_findings_are_whole(tmp_path, columns):
    cause = "x" * 100
    (tmp_path / "templates.yaml").write_text(f"templates:\n- runtime: r\n  {cause}: 1\n")

    shown = on_terminal("lint", "--templates", tmp_path / "templates.yaml", columns=columns)

    assert f'unknown key "{cause}"' in shown
    assert str(tmp_path / "templates.yaml") in shown
