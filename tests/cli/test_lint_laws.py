"""What holds for findings and files of any content: every report can be read, and no file makes recognising it fail."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webhook import catalog, linting
from webhook.cli import ci_formats, lint_reports
from webhook.problems import Problem, Span

pytestmark = pytest.mark.slow

#: Anything, and what the formats and the comments treat in a special way.
TEXTS = st.lists(
    st.text(max_size=8) | st.sampled_from(["%", "%0A", "\n", "\r", ",", ":", "::", "<", "]]>", "&", '"', "\0"])
)
TEXT = TEXTS.map("".join)
PROBLEMS = st.lists(
    st.builds(
        Problem,
        code=st.sampled_from(linting.CODES),
        severity=st.sampled_from(["error", "warning", "info"]),
        source=st.sampled_from(["a.yaml", "b/c.yaml", "ConfigMap a/b[c]"]),
        path=TEXT,
        line=st.integers(0, 3),
        column=st.integers(0, 3),
        cause=TEXT,
        excerpt=TEXT,
    ),
    max_size=5,
)


@given(TEXT, TEXT, TEXT.filter(bool))
def test_an_annotation_can_be_undone(title, text, file):
    line = ci_formats.annotation("error", title, text, file, Span(1, 2))
    found = re.fullmatch(r"::error file=([^,:\r\n]*),line=1,col=2,title=([^,:\r\n]*)::([^\r\n]*)", line)

    assert found
    decoded = [re.sub("%([0-9A-F]{2})", lambda code: chr(int(code[1], 16)), part) for part in found.groups()]
    assert decoded == [file, title, text]


@settings(max_examples=30)
@given(PROBLEMS)
def test_junit_is_xml_with_every_finding(problems):
    root = ET.fromstring(lint_reports.junit(problems, ["a.yaml"], {"a.yaml", "b/c.yaml"}, ("error",)))

    assert len(root.findall(".//failure")) == sum(problem.severity == "error" for problem in problems)
    assert len(root.findall(".//system-out")) == sum(problem.severity != "error" for problem in problems)


@settings(max_examples=30)
@given(PROBLEMS)
def test_fingerprints_are_unique(problems):
    found = lint_reports.fingerprints(problems)

    assert len(set(found)) == len(problems)


PIECES = st.sampled_from(
    [
        "templates:",
        "deployment_templates:",
        "gpu_configs:",
        "- ",
        "  ",
        "\n",
        "kind: ConfigMap",
        "kind: List",
        "items:",
        "metadata: {name: hydra-agent}",
        "data: {config.yaml: 'templates: ['}",
        "{",
        "}",
        "runtime: a",
        "|",
        "# hydra-lint: ignore=late-field",
        "# hydra-lint: ignore-file=no-image, x",
        "# hydra-lint:",
    ]
)
FILES = st.lists(PIECES | st.text(max_size=4)).map("".join)


@settings(max_examples=60)
@given(FILES | st.binary(max_size=40))
def test_any_file_is_recognised_or_described(content):
    recognised = catalog.recognise(content)

    assert set(recognised.kinds) <= set(catalog.KINDS)
    assert catalog.described(content)


@settings(max_examples=60)
@given(FILES)
def test_comments_take_no_error_away_and_add_only_remarks(content):
    document = catalog.Document("agent", "a.yaml", content)
    before = catalog.read(document).problems
    after = linting.lint([document])

    assert {one for one in before if one.severity == "error"} <= set(after)
    assert {one.code for one in after if one.source == "a.yaml" and one.cause.startswith("the comment")} <= {
        "unused-ignore"
    }
