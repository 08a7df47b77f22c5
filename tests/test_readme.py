"""What the README shows works as printed: its files and commands, its program, its picture and its table of commands."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import pages, pictures
from webhook.cli import _COMMANDS

ROOT = pages.ROOT
README = ROOT / "README.md"
BLOCKS = pages.blocks(README)


@pytest.mark.slow
def test_the_commands_print_what_is_shown_with_the_files_that_are_shown(tmp_path):
    pages.write_files(README, tmp_path)
    (tmp_path / "hydra-test.yaml").unlink(missing_ok=True)

    consoles = [block for block in BLOCKS if block.language == "console"]

    assert pages.check(consoles, tmp_path) == 3


def program() -> str:
    [shown] = [block.text for block in BLOCKS if block.language == "python"]
    return shown


def test_the_program_prints_what_its_comment_says():
    done = subprocess.run([sys.executable, "-c", program()], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.rstrip("\n") == program().rstrip("\n").rpartition("  # ")[2]


def test_the_program_works_with_a_copy_of_the_engine_alone(tmp_path):
    (tmp_path / "webhook").mkdir()
    shutil.copytree(ROOT / "webhook" / "gotemplate", tmp_path / "webhook" / "gotemplate")
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{program()}"

    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.rstrip("\n") == program().rstrip("\n").rpartition("  # ")[2]


STAND_IN = '#!/bin/sh\necho "${0##*/} $*" >>"$CALLS"\n'


def test_the_image_that_is_built_is_the_one_that_is_pushed_and_installed(tmp_path):
    """With a stand-in for docker: there is no registry. tests/image builds the image."""
    (tmp_path / "docker").write_text(STAND_IN)
    (tmp_path / "docker").chmod(0o755)
    [build] = [block for block in BLOCKS if block.text.startswith("make image ")]
    [install] = [block for block in BLOCKS if block.text.startswith("helm install ")]
    path = f"{tmp_path}:{Path(sys.executable).parent}:/usr/bin:/bin"

    status, printed = pages.run(build.text, ROOT, {"PATH": path, "CALLS": str(tmp_path / "calls")})

    assert status == 0, printed
    calls = (tmp_path / "calls").read_text().splitlines()
    [built] = [re.search(r" --tag (\S+) ", call)[1] for call in calls if call.startswith("docker build ")]
    assert f"docker push {built}" in calls
    assert f"--set image.repository={built.partition(':')[0]} " in install.text


@pytest.mark.slow
def test_the_picture_is_what_make_demo_prints():
    """After a change of the output: python -m tests.pictures"""
    assert pictures.PICTURE.read_text(encoding="utf-8") == pictures.drawn()


def test_every_command_has_its_row_and_no_other():
    rows = re.findall(r"^\| `hydra-webhook ([\w-]+)", README.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(rows) == sorted(_COMMANDS)


def test_every_page_of_the_documentation_can_be_found_from_here():
    linked = {ROOT / target for target in re.findall(r"\]\(([^)#]+)", README.read_text(encoding="utf-8"))}

    assert [page.name for page in (ROOT / "docs").glob("*.md") if page not in linked] == []
    assert [page.name for page in ROOT.glob("*.md") if page != README and page not in linked] == []
