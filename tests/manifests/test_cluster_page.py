"""The kustomization in docs/cluster.md works as written."""

import re
import shutil
from pathlib import Path

import webhook
from tests.manifests import rendering

PAGE = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text()
KUSTOMIZE = PAGE.partition("## Install with kustomize")[2].partition("\n## ")[0]


BLOCKS = re.findall(r"```yaml\n(.*?)```", KUSTOMIZE, re.DOTALL)


def built(folder, kustomization):
    (folder / "kustomization.yaml").write_text(kustomization)
    shutil.copytree(rendering.MANIFESTS, folder / "manifests")  # kustomize follows no link out of the folder
    return rendering.kustomize(folder)


def test_the_kustomization_of_the_page_sets_the_image_and_an_option(tmp_path):
    kustomization, patches, _ = BLOCKS
    rendered = built(tmp_path, kustomization + patches)
    image = f"registry.example.com/hydra/hydra-runtime-webhook:{webhook.__version__}"
    assert rendering.container(rendered)["image"] == image
    environment = rendering.environment(rendered)
    assert environment["HYDRA_WEBHOOK_CLUSTER"] == "work-1"
    assert environment.keys() >= {"HYDRA_WEBHOOK_GLOBAL_KUBECONFIG", "HYDRA_WEBHOOK_CERT_HOST"}


def test_the_kustomization_of_the_page_moves_everything_into_another_namespace(tmp_path):
    kustomization, _, moved = BLOCKS
    rendered = built(tmp_path, kustomization + moved)
    assert "hydra-system" not in str(rendered)
    assert rendering.find(rendered, "Deployment")["metadata"]["namespace"] == "platform"
