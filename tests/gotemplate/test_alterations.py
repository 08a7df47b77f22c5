"""Small changes of a template's text."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gotemplate import generators
from webhook.gotemplate import Template, TemplateError, alterations


def changed(text, kind=None):
    return [one.applied(text) for one in alterations(text) if kind in (None, one.kind)]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("negated-condition", "{{if .X}}a{{end}}", ["{{if not .X}}a{{end}}"]),
        ("negated-condition", "{{ if gt .X 1 }}a{{ end }}", ["{{ if not (gt .X 1) }}a{{ end }}"]),
        ("negated-condition", "{{if not .X}}a{{end}}", ["{{if .X}}a{{end}}"]),
        ("negated-condition", "{{if not .X | eq true}}{{end}}", ["{{if not (not .X | eq true)}}{{end}}"]),
        (
            "negated-condition",
            "{{if .X}}a{{else if .Y}}b{{end}}",
            ["{{if not .X}}a{{else if .Y}}b{{end}}", "{{if .X}}a{{else if not .Y}}b{{end}}"],
        ),
        ("negated-condition", "{{if $x := .X}}a{{end}}{{with .X}}{{end}}", []),
        ("swapped-branches", "{{if .X}}a{{else}}b{{end}}", []),
        ("swapped-branches", "{{with .X}}a{{else}}b{{end}}", ["{{with .X}}b{{else}}a{{end}}"]),
        ("swapped-branches", "{{range .X -}} a {{- else}}b{{end}}", ["{{range .X -}}b{{- else}} a {{end}}"]),
        (
            "swapped-branches",
            "{{if .X}}a{{else if .Y}}b{{else}}c{{end}}",
            ["{{if .X}}b{{else if .Y}}a{{else}}c{{end}}", "{{if .X}}a{{else if .Y}}c{{else}}b{{end}}"],
        ),
        ("dropped-pipeline", "a{{ .X }}b", ["a{{/**/}}b"]),
        ("dropped-pipeline", "a {{- .X -}} b", ["a {{- /**/ -}} b"]),
        ("dropped-pipeline", "{{.X | len | print}}", ["{{/**/}}", "{{.X | print}}", "{{.X | len}}"]),
        ("dropped-pipeline", "{{if .X | len}}{{end}}", ["{{if .X}}{{end}}"]),
        ("dropped-pipeline", '{{template "a" .X}}{{define "a"}}{{end}}', ['{{/**/}}{{define "a"}}{{end}}']),
        ("dropped-pipeline", "{{range .X}}{{break}}{{end}}", ["{{range .X}}{{/**/}}{{end}}"]),
        ("dropped-pipeline", "{{with .X}}{{.}}{{end}}", ["{{with .X}}{{/**/}}{{end}}"]),
        ("changed-literal", "{{eq .X 1}}{{eq .X -1}}", ["{{eq .X 2}}{{eq .X -1}}", "{{eq .X 1}}{{eq .X 0}}"]),
        ("changed-literal", '{{eq .X "a"}}', ['{{eq .X ""}}']),
        ("changed-literal", '{{eq .X ""}}', ['{{eq .X "changed"}}']),
        ("changed-literal", "{{eq .X true}}", ["{{eq .X false}}"]),
        ("changed-literal", '{{template "a" `b`}}{{define "a"}}{{end}}', ['{{template "a" ``}}{{define "a"}}{{end}}']),
        ("dropped-trim", "a {{- .X -}} b", ["a {{ .X -}} b", "a {{- .X }} b"]),
        ("dropped-trim", "{{-3}}{{ .X}}", []),
    ],
)
def test_each_kind_of_change(kind, text, expected):
    Template(text)
    assert changed(text, kind) == expected


def test_changes_are_in_the_order_of_the_text():
    text = "{{- if .X }}a{{ else if eq .Y 1 }}{{ .Z -}}{{ end }}"
    starts = [one.start for one in alterations(text)]
    assert starts == sorted(starts)
    assert len(starts) == 6


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_changes_differ_from_the_text_and_most_are_templates(seed):
    text = generators.case("directed", random.Random(seed))["template"]
    try:
        Template(text)
    except TemplateError:
        return
    for one in alterations(text):
        new = one.applied(text)
        assert new != text
        try:
            Template(new)
        except TemplateError:
            # a dropped declaration leaves its variable undefined
            assert one.kind in ("dropped-pipeline", "swapped-branches", "changed-literal")
