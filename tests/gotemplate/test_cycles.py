"""Compiled templates and renderings leave nothing for the garbage collector: what nobody uses is freed at once."""

import pytest

from tests import cycles
from webhook import gotemplate

TEMPLATES = (
    "plain text",
    "{{ .A }} and {{ $.B.C }}",
    "{{ range .A }}{{ . }}{{ else }}none{{ end }}",
    "{{ range $i, $v := .A }}{{ $i }}{{ $v }}{{ if $v }}{{ break }}{{ end }}{{ end }}",
    "{{ range 3 }}{{ continue }}{{ end }}",
    "{{ with .A }}{{ . }}{{ else with .C }}{{ . }}{{ end }}",
    '{{ define "x" }}{{ template "y" . }}{{ end }}{{ define "y" }}{{ .B }}{{ end }}{{ template "x" . }}',
    '{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}',
    '{{ block "y" . }}{{ .Z }}{{ end }}',
    '{{ and .A (or .B .C) | printf "%s %v" "a" }}',
    "{{ $x := 1 }}{{ $x = 2 }}{{ if eq $x 2 3 }}two{{ end }}",
    "{{ if and ($a := .A) (eq 1 2) }}{{ $a }}{{ end }}",
    '{{ (index .B "C").D }}{{ slice .A 1 2 }}{{ len .A }}{{ html .A }}{{ .B.C | js | printf "%q" }}',
    "{{ call .A }}{{ .A | call }}",
)


def use(text: str) -> None:
    template = gotemplate.Template(text)
    assert template.variables is not None
    for data in ({"A": ["1", "2"], "B": {"C": "c"}}, {}):
        try:
            template.render(data, budget=gotemplate.Budget(1_000, 1_000))
        except gotemplate.ExecError:
            continue


@pytest.mark.parametrize("text", TEMPLATES)
def test_a_template_leaves_no_cycles(text):
    assert cycles.left_by(lambda: use(text)) == 0


def test_a_cycle_is_noticed():
    def leave_one() -> None:
        found: list[object] = []
        found.append(found)

    assert cycles.left_by(leave_one) == 1
