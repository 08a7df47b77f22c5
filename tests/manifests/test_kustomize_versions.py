"""Every kustomization builds alike with the newest kustomize and with the one in kubectl 1.27.

Older versions mishandle a patch file with several documents, which works from 5.7.0 on: 5.0.1 refuses it, and 5.6.0, the one in
kubectl 1.33, crashes if the documents delete something.
"""

import pytest
import yaml

from tests.controlplane import build
from tests.manifests import rendering
from tests.manifests.test_renderings import comparable

pytestmark = pytest.mark.kustomize

FOLDERS = {
    str(path.parent.relative_to(rendering.MANIFESTS)): yaml.safe_load(path.read_text())["kind"]
    for path in sorted(rendering.MANIFESTS.rglob("kustomization.yaml"))
}


@pytest.mark.parametrize("folder", [folder for folder, kind in FOLDERS.items() if kind == "Kustomization"])
def test_old_and_new_kustomize_build_the_same_objects(folder):
    new = rendering.build("kustomize", rendering.MANIFESTS / folder)

    assert new
    assert rendering.build("kustomize-old", rendering.MANIFESTS / folder) == new


@pytest.mark.parametrize("component", [folder for folder, kind in FOLDERS.items() if kind == "Component"])
def test_old_and_new_kustomize_add_the_same_component_to_the_base(component, tmp_path):
    rendering.write_kustomization(tmp_path, component.removeprefix("components/"))
    new = rendering.build("kustomize", tmp_path)

    assert new != rendering.build("kustomize", rendering.MANIFESTS / "base")
    assert rendering.build("kustomize-old", tmp_path) == new


def test_old_and_new_kustomize_build_the_same_objects_in_another_namespace(tmp_path):
    settings = {"namespace": "platform", "replacements": rendering.ANOTHER_NAMESPACE}
    rendering.write_kustomization(tmp_path, "cert-manager", "hpa", **settings)
    new = rendering.build("kustomize", tmp_path)

    assert "hydra-system" not in str(new)
    assert comparable(rendering.build("kustomize-old", tmp_path)) == comparable(new)


def test_the_two_versions_lie_on_either_side_of_the_fix():
    old, new = (
        tuple(map(int, module.version(module.pinned).removeprefix("v").split(".")))
        for module in (build.KUSTOMIZE_OLD, build.KUSTOMIZE)
    )

    assert old < (5, 7, 0) <= new
