"""What Kubernetes accepts as a name; the tables follow the tests of ``util/validation/validation_test.go`` of Kubernetes 1.36."""

import pytest

from webhook.workload import names

LABEL = ["a", "ab", "abc", "a1", "a-1", "a--1--2--b", "0", "01", "1a", "1-a", "1--a--b--2", "a" * 63]
NOT_A_LABEL = ["", "A", "ABC", "aBc", "-", "a-", "-a", "1-", "_", "a_", "a.b", " ", "a ", "a\n", "a" * 64, "ä"]

ACCEPTED = [
    (names.DNS_LABEL, LABEL),
    (names.DNS_SUBDOMAIN, [*LABEL, "a.b", "0.0.a", "a.1.2.b", "foo.bar-baz.x", "a" * 253]),
    (names.LABEL_VALUE, ["", "simple", "now-with-dashes", "1-starts-with-num", "Qwen3_0.6B", "a..b", "a" * 63]),
    (names.PORT_NAME, ["telnet", "re-mail-ck", "pop3", "a", "a-1", "1-a", "1-a-b-2", "1a-b2c-d3e4-f5g"]),
    (names.ENV_NAME, ["A", "a.b", "-x", "1", " ", "a:b", "~", "x" * 300]),
]
REFUSED = [
    (names.DNS_LABEL, NOT_A_LABEL),
    (names.DNS_SUBDOMAIN, ["", "A", "a.", ".a", "a..b", "a.-b", "a-.b", "a_b", "a/b", "a\n", "a" * 254]),
    (names.LABEL_VALUE, ["a/b", "a b", "-a", "a-", ".", "a\n", "ä", "a" * 65]),
    (names.PORT_NAME, ["", "longerthan15char", "12345", "1-2-3-4", "-begin", "end-", "two--hyphens", "whois++", "Http", "a\n"]),
    (names.ENV_NAME, ["", "a=b", "a\nb", "ä", "\t"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "name"), [(rule, name) for rule, accepted in ACCEPTED for name in accepted])
def test_a_name_that_kubernetes_accepts(rule, name):
    assert rule.accepts(name)


@pytest.mark.parametrize(("rule", "name"), [(rule, name) for rule, refused in REFUSED for name in refused])
def test_a_name_that_kubernetes_refuses(rule, name):
    assert not rule.accepts(name)
