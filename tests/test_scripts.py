"""Every shell script passes shellcheck. The one for kind needs a registry, so it runs with stand-ins for its programs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHELLCHECK = Path(sys.executable).with_name("shellcheck")
SCRIPTS = [ROOT / ".ci" / "run", *sorted((ROOT / "manifests").rglob("*.sh"))]
UP = ROOT / "manifests" / "kind" / "up.sh"

#: Records each call, and prints the output that the script reads.
STAND_IN = """#!/bin/sh
echo "${0##*/} $*" >>"$CALLS"
case "${0##*/} $*" in
  "kind get clusters") echo "$CLUSTERS" ;;
  "docker image inspect "*) echo sha256:0123456789abcdef ;;
  *" kustomize "*) echo "image: hydra-runtime-webhook:0.1.0" ;;
  *" --filename -") cat >>"$APPLIED" ;;
esac
"""


@pytest.fixture
def make_kind(tmp_path):
    """Run the script with stand-ins for these programs; return the process, the calls, and what was applied."""

    def make_kind(*, clusters="", programs=("kind", "kubectl", "docker", "make"), **environ):
        folder = tmp_path / "bin"
        folder.mkdir()
        for program in programs:
            (folder / program).write_text(STAND_IN)
            (folder / program).chmod(0o755)
        for program in ("bash", "sh", "cat", "dirname", "grep", "sed", "sleep"):
            (folder / program).symlink_to(subprocess.check_output(["which", program], text=True).strip())
        calls, applied = tmp_path / "calls", tmp_path / "applied"
        calls.touch()
        environ |= {"PATH": str(folder), "CALLS": str(calls), "APPLIED": str(applied), "CLUSTERS": clusters}
        done = subprocess.run([UP], capture_output=True, text=True, env=environ, check=False)
        return done, calls.read_text().splitlines(), applied.read_text() if applied.exists() else ""

    return make_kind


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.relative_to(ROOT)))
def test_shellcheck_reports_nothing(script):
    done = subprocess.run(
        [SHELLCHECK, script],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert os.access(script, os.X_OK)


def test_make_kind_creates_a_cluster_and_applies_the_image_that_it_loaded(make_kind):
    done, calls, applied = make_kind(clusters="hydra-old")

    assert (done.returncode, done.stderr) == (0, "")
    image = "hydra-runtime-webhook:kind-0123456789ab"
    assert "kind create cluster --name hydra --wait 120s" in calls
    assert f"kind load docker-image {image} --name hydra" in calls
    assert applied == f"image: {image}\n"
    assert all(call.startswith("kubectl --context kind-hydra ") for call in calls if call.startswith("kubectl "))
    assert not any("lws" in call for call in calls)


def test_make_kind_reuses_an_existing_cluster_and_installs_leaderworkerset_on_request(make_kind):
    done, calls, _ = make_kind(clusters="other\nmine", KIND_CLUSTER="mine", LWS_VERSION="v1.2.3")

    assert done.returncode == 0
    assert not any(call.startswith("kind create") for call in calls)
    assert any(call.endswith("/kubernetes-sigs/lws/releases/download/v1.2.3/manifests.yaml") for call in calls)


def test_make_kind_reports_a_missing_program_and_does_nothing(make_kind):
    done, calls, _ = make_kind(programs=("kind", "docker", "make"))

    assert (done.returncode, done.stderr, calls) == (1, "make kind needs kubectl on the PATH\n", [])
