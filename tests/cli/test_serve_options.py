"""``serve`` refuses values that would fail later, or never end, and names the option."""

import pytest

WRONG = {
    "an endless drain": ("--drain-seconds", "inf", "86400"),
    "a drain that is not a number": ("--drain-seconds", "nan", "--drain-seconds"),
    "an endless CA": ("--ca-lifetime-hours", "inf", "--ca-lifetime-hours"),
    "a CA that ended before time began": ("--ca-lifetime-hours", "-inf", "must be a number, not -inf"),
    "a leaf that is not a number": ("--leaf-lifetime-hours", "nan", "--leaf-lifetime-hours"),
    "an address with a space": ("--host", "0.0.0.0 ", '"0.0.0.0 " has a space or a control character in it'),
    "a namespace with a space": ("--namespace", "hydra system", '"hydra system" is not a name in Kubernetes'),
    "a Secret in capitals": ("--ca-secret", "CA", '"CA" is not a name in Kubernetes'),
    "a webhook configuration with a slash": ("--webhook-configuration", "a/b", '"a/b" is not a name in Kubernetes'),
    "a relative model path": ("--model-path", "data", '"data" is not an absolute path: begin it with /'),
    "a model host with a line break": ("--model-host", "a\nb", '"a b" has a space or a control character in it'),
    "a cluster with a space": ("--cluster", "work 1", '"work 1" has a space or a control character in it'),
}


@pytest.mark.parametrize(("option", "value", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_refused_with_the_options_name(run, option, value, message):
    result = run("serve", option, value)

    assert result.status == 2
    assert f"Invalid value for '{option}'" in result.err
    assert message in " ".join(result.err.split())


def test_workloads_can_be_followed_only_in_a_cluster(run):
    result = run("serve", "--follow-workloads")

    assert result.status == 2
    assert "--follow-workloads need --kubeconfig outside of a cluster" in " ".join(result.err.replace("│", "").split())
