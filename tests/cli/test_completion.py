"""Completion in a shell: in a real bash, by the script that the program prints."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from webhook import cli

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture
def bash(tmp_path):
    """Return what bash completes a line to, after it has read the script as the documentation says."""
    program = tmp_path / "hydra-webhook"
    program.write_text(f"#!{sys.executable}\nimport sys\nfrom webhook.cli import main\nsys.exit(main())\n")
    program.chmod(0o755)
    shell = shutil.which("bash")
    assert shell

    def completed(line: str) -> list[str]:
        words = line.split(" ")
        script = f"""
            eval "$(hydra-webhook --show-completion)"
            COMP_WORDS=({" ".join(f"'{word}'" for word in words)}); COMP_CWORD={len(words) - 1}
            COMP_LINE='{line}'; COMP_POINT={len(line)}
            how=$(complete -p hydra-webhook)
            function=${{how#*-F }}; function=${{function%% *}}
            "$function" hydra-webhook
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
        done = subprocess.run([shell, "--norc", "-c", script], env=environ, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split()

    return completed


@pytest.mark.thorough
def test_commands_options_and_values_are_completed(bash):
    assert bash("hydra-webhook re") == ["render", "restore", "refresh"]
    assert set(bash("hydra-webhook ")) == set(cli._COMMANDS)
    assert bash("hydra-webhook render --warn") == ["--warnings-as-errors"]
    assert bash("hydra-webhook render -o ") == ["yaml", "json", "patch", "diff"]
    assert bash("hydra-webhook builtin ") == ["templates", "agent", "gpu-configs", "examples"]
    assert bash("hydra-webhook certs ") == ["show"]
