"""Which nodes a workload may run on, as far as a row's labels are concerned (contract section 6)."""

import pytest

from webhook.rendering import node_labels

ROW = (("gpu", "h100"), ("zone", "a"))


def expression(operator, *values, key="gpu"):
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def term(*expressions):
    return {"matchExpressions": list(expressions)}


def spec(*terms, **selector):
    required = {"nodeSelectorTerms": list(terms)}
    return {
        "nodeSelector": selector,
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}},
    }


EXCLUDED = [
    pytest.param(spec(gpu="l40s"), id="nodeSelector with another value"),
    pytest.param(spec(gpu="h100", zone="b"), id="one label with another value is enough"),
    pytest.param(spec(term(expression("In", "l40s", "a100"))), id="In without the value"),
    pytest.param(spec(term(expression("NotIn", "l40s", "h100"))), id="NotIn with the value"),
    pytest.param(spec(term(expression("DoesNotExist"))), id="DoesNotExist"),
    pytest.param(spec(term(expression("In", "h100"), expression("NotIn", "a", key="zone"))), id="expressions of a term must all hold"),
    pytest.param(spec(term(expression("In", "h100", "l40s"), expression("In", "l40s", "a100"))), id="two In of one label"),
    pytest.param(spec(term(expression("DoesNotExist")), term(expression("In", "b", key="zone"))), id="every term, each by another label"),
    pytest.param(spec(term(expression("In", "l40s")), {}), id="an empty term selects no nodes"),
    pytest.param(spec(term(expression("In", "l40s")), gpu="h100"), id="affinity excludes what nodeSelector allows"),
    pytest.param({"nodeSelector": {"gpu": None}}, id="a value that is not a string"),
]  # fmt: skip
ALLOWED = [
    pytest.param({}, id="nothing"),
    pytest.param({"nodeSelector": None, "affinity": None}, id="null"),
    pytest.param(spec(gpu="h100"), id="nodeSelector with the value"),
    pytest.param(spec(disk="ssd"), id="nodeSelector with another label"),
    pytest.param(spec(term(expression("In", "l40s", "h100"))), id="In with the value"),
    pytest.param(spec(term(expression("NotIn", "l40s"))), id="NotIn without the value"),
    pytest.param(spec(term(expression("Exists"))), id="Exists"),
    pytest.param(spec(term(expression("Gt", "1"), expression("Lt", "9"))), id="Gt and Lt"),
    pytest.param(spec(term(expression("Unknown", "l40s"))), id="an operator that does not exist"),
    pytest.param(spec(term(expression("In", "ssd", key="disk"))), id="another label"),
    pytest.param(spec(term(expression("In", "l40s")), term(expression("Exists"))), id="one of two terms"),
    pytest.param(spec(term(expression("In", "l40s")), {"matchFields": [expression("In", "n", key="metadata.name")]}), id="a term with fields alone"),
    pytest.param(spec(), id="no terms"),
    pytest.param(spec({}), id="only an empty term"),
    pytest.param({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": term(expression("In", "l40s"))}]}}}, id="a preference"),
]  # fmt: skip


@pytest.mark.parametrize("spec", EXCLUDED)
def test_a_row_is_for_other_nodes(spec):
    assert node_labels.of(spec).exclude(ROW)


@pytest.mark.parametrize("spec", ALLOWED)
def test_a_row_may_be_for_these_nodes(spec):
    labels = node_labels.of(spec)

    assert not labels.exclude(ROW)
    assert not labels.exclude(())


@pytest.mark.parametrize(
    "spec",
    [
        spec(gpu="h100", zone="a"),
        spec(term(expression("In", "h100"), expression("In", "a", key="zone"))),
        spec(term(expression("In", "h100")), zone="a"),
    ],
)
def test_a_workload_may_be_bound_to_the_nodes_of_a_row(spec):
    assert node_labels.of(spec).require(ROW)


@pytest.mark.parametrize(
    "spec",
    [{}, spec(gpu="h100"), spec(term(expression("In", "h100", "l40s")), zone="a"), spec(term(expression("In", "h100")), term(expression("Exists")), zone="a"),
     spec(term(expression("In", "h100"), expression("DoesNotExist")), zone="a")],
)  # fmt: skip
def test_it_is_not_while_other_nodes_are_possible(spec):
    assert not node_labels.of(spec).require(ROW)
    assert not node_labels.of(spec).require(())
