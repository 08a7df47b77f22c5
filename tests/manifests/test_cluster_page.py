"""The kustomization in docs/cluster.md works as written."""

import re
from pathlib import Path

import webhook
from tests.manifests import rendering

PAGE = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text()
KUSTOMIZE = PAGE.partition("## Install with kustomize")[2].partition("\n## ")[0]


def test_the_kustomization_of_the_page_sets_the_image_and_an_option(tmp_path):
    kustomization, patches = re.findall(r"```yaml\n(.*?)```", KUSTOMIZE, re.DOTALL)
    (tmp_path / "kustomization.yaml").write_text(kustomization + patches)
    (tmp_path / "manifests").symlink_to(rendering.MANIFESTS)
    rendered = rendering.kustomize(tmp_path)
    image = f"registry.example.com/hydra/hydra-runtime-webhook:{webhook.__version__}"
    assert rendering.container(rendered)["image"] == image
    environment = rendering.environment(rendered)
    assert environment["HYDRA_WEBHOOK_CLUSTER"] == "work-1"
    assert environment.keys() >= {"HYDRA_WEBHOOK_GLOBAL_KUBECONFIG", "HYDRA_WEBHOOK_CERT_HOST"}
