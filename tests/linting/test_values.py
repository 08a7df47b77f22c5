"""Single values: image references, amounts and names, as the library of each format judges them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook.catalog.schema.pod_fields import ValueType
from webhook.linting import values
from webhook.linting.values import Slot
from webhook.workload.names import DNS_LABEL, DNS_SUBDOMAIN, ENV_NAME, LABEL_VALUE, PORT_NAME

#: From ``reference_test.go`` of github.com/distribution/reference.
REFERENCES = [
    "test_com",
    "test.com:tag",
    "test.com:5000",
    "test.com/repo:tag",
    "test:5000/repo",
    "test:5000/repo:tag",
    "test:5000/repo@sha256:" + "f" * 64,
    "test:5000/repo:tag@sha256:" + "f" * 64,
    "lowercase:Uppercase",
    "sub-dom1.foo.com/bar/baz/quux:some-long-tag",
    "b.gcr.io/test.example.com/my-app:test.example.com",
    "xn--n3h.com/myimage:xn--n3h.com",
    "foo_bar.com:8080",
    "foo/foo_bar.com:8080",
    "192.168.1.1:8080/foo",
    "[2001:db8::1]:5000/repo",
    "Uppercase/lowercase:tag",
    "test:5000/Uppercase/lowercase:tag".lower(),
]
NOT_REFERENCES = [
    "Uppercase:tag",
    "test:5000/Uppercase/lowercase:tag",
    "@sha256:" + "f" * 64,
    "repo@sha256:fff",
    "validname@invaliddigest:" + "f" * 10,
    "aa/asdf$$^/aa",
    "a/b/",
    "-test.com/repo",
    "a:b:c",
    "a//b",
    "a___b",
    "a b",
    "repo:",
]


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_of_an_image(reference):
    assert values.of_image(reference) is None


@pytest.mark.parametrize("reference", NOT_REFERENCES)
def test_what_is_not_a_reference_of_an_image(reference):
    assert values.of_image(reference).code == "image-reference"


@pytest.mark.parametrize(
    ("reference", "remedy"),
    [
        ("https://a.com/b:c", "leave out https://"),
        ("a.com/b:", "remove what is after a.com/b"),
        (" a/b:c ", "remove the space around it"),
        ("Hub.a.com:5000/Org/Image:V1@sha256:" + "A" * 64, "Hub.a.com:5000/org/image:V1@sha256:" + "A" * 64),
        ("Org/Image:V1", "org/image:V1"),
        ("a/b:1:2", "write one tag"),
        ("a/b c/$", "REGISTRY/REPOSITORY:TAG"),
    ],
)
def test_a_remedy_says_what_is_one(reference, remedy):
    assert remedy in values.of_image(reference).remedy


@settings(derandomize=True, max_examples=50)
@given(st.text(max_size=600))
def test_no_text_fails_or_takes_long(text):
    types = [ValueType("string"), ValueType("quantity"), ValueType("int-or-string"), ValueType("string", ("A", "B"))]
    for kind in types:
        for rule in (None, LABEL_VALUE, DNS_LABEL, DNS_SUBDOMAIN, PORT_NAME, ENV_NAME):
            for key in ("image", "memory", "port"):
                found = values.flaw(Slot("Container", key, kind, rule), text)
                assert found is None or (found.cause and found.severity in {"error", "warning"})


@pytest.mark.parametrize("text", ["a-" * 5_000, "a." * 5_000 + "/", "a_" * 5_000, "-" * 10_000, "0" * 10_000 + "x"])
def test_a_long_text_takes_no_time(text):
    values.of_image(text[:512])
    values.flaw(Slot("ResourceRequirements", "memory", ValueType("quantity")), text)


def test_a_new_name_that_a_remedy_gives_is_accepted():
    for rule in (LABEL_VALUE, DNS_LABEL, DNS_SUBDOMAIN, PORT_NAME):
        for name in ("My_Model v1", "_a_", "A/B", "ä b", "x" * 80, "-", "a..b"):
            found = values.flaw(Slot("Container", "name", ValueType("string"), rule), name)
            if found is not None and found.remedy:
                assert rule.accepts(found.remedy.removeprefix('write "').removesuffix('"'))
