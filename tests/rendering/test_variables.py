"""The variables of contract section 5, by name; their values are in the golden cases."""

from webhook import catalog, workload
from webhook.catalog import linting
from webhook.rendering import selection, variables
from webhook.settings import Settings


def test_lint_knows_exactly_the_variables_that_exist():
    snapshot = catalog.build(catalog.embedded(), None)
    declared = workload.Declaration("vllm-cpu", "m", "", "", "", None, None)
    chosen = selection.select(declared, {}, snapshot)

    data = variables.variables(
        declared,
        workload.PodTemplate((), {}, {}, {}),
        {"name": "main"},
        chosen,
        namespace="ns",
        cluster_name=None,
        settings=Settings(),
    )

    assert set(linting.VARIABLES) == set(data)
