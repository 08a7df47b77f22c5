"""What cases go through, with its place in the user's own file, and the reports of it."""

import json
import re
import textwrap
from html.parser import HTMLParser

import pytest

from tests.cases import runs
from tests.gotemplate import markers
from webhook import cases, catalog, gotemplate
from webhook.cases.coverage import html, lcov, text
from webhook.linting import sample_variables

TEMPLATES = """\
templates:
  - runtime: r
    podTemplate:
      containerTemplate:
        commandTemplate: [serve]
        argsTemplate:
          - "--tp={{ .TP_SIZE }}"
          - |-
            {{- if .IS_DISTRIBUTED }}group
            {{- if .IS_LEADER }} of {{ .GROUP_SIZE }}{{ end }}
            {{- else }}alone{{ end }}
          - >-
            {{ range .CUSTOM_ARGS
            }}{{ . }} {{
            end }}
  - runtime: plain
    podTemplate: {containerTemplate: {commandTemplate: [serve, "{{ .MODEL_ID }}"]}}
"""
AGENT = """\
deployment_templates:
  - match_runtimes: [r]
    match_gpu_types: [fast]
    container_template: {image: i:1}
  - container_template: {image: i:2}
"""
GPUS = """\
gpu_configs:
  - gpu_type: fast
    gpu_resource_template_config: {gpu_per_node: {key: example.com/fast}}
  - gpu_type: slow
    gpu_resource_template_config: {gpu_per_node: {key: example.com/slow}}
"""
HEAD = "templates: templates.yaml\nagent: agent.yaml\ngpuConfigs: gpus.yaml\n"
FAST = "{name: main, image: auto, resources: {limits: {example.com/fast: 1}}}"


def suite(*bodies, **contents):
    given = {"templates": TEMPLATES, "agent": AGENT, "gpus": GPUS, **contents}
    return runs.runnable(runs.case_file(*bodies, head=HEAD), **given)


ALONE = (runs.pod(container=FAST), "rendered: {kind: Pod}")
GROUP = (runs.group(), "rendered: {kind: LeaderWorkerSet}")
ARGS = (runs.pod(container="{name: main, image: auto, args: [a]}"), "rendered: {kind: Pod}")
MANY = (runs.pod(container="{name: main, image: auto, args: [a, b]}"), "rendered: {kind: Pod}")
PLAIN = (
    runs.pod("plain", "{name: main, image: auto, resources: {limits: {example.com/slow: 1}}}"),
    "rendered: {kind: Pod}",
)


def places(coverage):
    return [(one.source.removeprefix("t/"), one.line, one.column, one.subject, one.outcome) for one in coverage.missed]


def test_what_no_case_goes_through_is_found_at_its_place_in_the_file():
    assert places(runs.coverage(suite(ALONE))) == [
        ("agent.yaml", 5, 5, "runtime any, GPU type any", ""),
        ("gpus.yaml", 4, 5, "slow", ""),
        ("templates.yaml", 2, 5, "leader", ""),
        ("templates.yaml", 2, 5, "worker", ""),
        ("templates.yaml", 9, 20, "if .IS_DISTRIBUTED", "body"),
        ("templates.yaml", 10, 20, "if .IS_LEADER", "body"),
        ("templates.yaml", 10, 20, "if .IS_LEADER", "else"),
        ("templates.yaml", 10, 40, "{{.GROUP_SIZE}}", ""),
        ("templates.yaml", 13, 22, "range .CUSTOM_ARGS", "one"),
        ("templates.yaml", 13, 22, "range .CUSTOM_ARGS", "many"),
        ("templates.yaml", 14, 18, "{{.}}", ""),
        ("templates.yaml", 17, 68, "{{.MODEL_ID}}", ""),
    ]


def test_cases_that_go_through_everything_cover_everything():
    coverage = runs.coverage(suite(ALONE, GROUP, ARGS, MANY, PLAIN))
    assert places(coverage) == []
    assert coverage.percent == 100.0
    assert coverage.reaches(100)


def test_several_test_files_are_counted_together():
    coverage = runs.coverage(suite(ALONE, GROUP), suite(ARGS, MANY, PLAIN))
    assert coverage.percent == 100.0


def test_what_no_role_can_reach_is_not_counted():
    unreachable = TEMPLATES.replace(".IS_LEADER", 'eq .ROLE "lone"').replace("alone", "{{ if .IS_LEADER }}x{{ end }}")
    missed = places(runs.coverage(suite(ALONE, GROUP, ARGS, MANY, PLAIN, templates=unreachable)))
    assert missed == []


def test_the_sizes_that_no_pod_has_are_not_counted():
    sizes = "{{ range .GROUP_SIZE }}{{ end }}{{ if lt .TP_SIZE 1 }}none{{ end }}{{ if gt .GROUP_SIZE 1 }}{{ end }}"
    templates = TEMPLATES.replace("serve, ", f"serve, {json.dumps(sizes)}, ").replace("alone", sizes)
    missed = places(runs.coverage(suite(ALONE, GROUP, ARGS, MANY, PLAIN, templates=templates)))

    assert [(line, action, outcome) for _, line, _, action, outcome in missed] == [
        (17, "range .GROUP_SIZE", "many"),  # there is a group of the runtime r alone
        (17, "if gt .GROUP_SIZE 1", "body"),
    ]


def test_the_built_in_configuration_is_not_counted():
    given = runs.runnable(runs.case_file((runs.pod("vllm-cpu"), "rendered: {kind: Pod}"), head=""))
    coverage = runs.coverage(given)
    assert coverage.counted == ()
    assert coverage.percent == 100.0


def test_a_denied_workload_counts_as_far_as_it_went():
    templates = TEMPLATES.replace("alone", "{{ .GROUP_SIZE }}{{ index .CUSTOM_ARGS 7 }}{{ .MODEL_ID }}")
    coverage = runs.coverage(suite((runs.pod(), "denied: {code: template-failed}"), templates=templates))
    hits = {one.subject: one.hits for one in coverage.counted if one.line == 11}
    assert hits == {"{{.GROUP_SIZE}}": 1, "{{index .CUSTOM_ARGS 7}}": 1, "{{.MODEL_ID}}": 0}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: "kind: ConfigMap\ndata:\n  config.yaml: |\n" + "".join(f"      {line}\n" for line in text.split("\n")),
        lambda text: json.dumps({"kind": "ConfigMap", "data": {"config.yaml": text}}),
    ],
    ids=["literal block", "JSON"],
)  # fmt: skip
def test_places_inside_a_configmap_are_those_of_the_file(wrap):
    source = wrap(TEMPLATES)
    lines = source.split("\n")
    coverage = runs.coverage(suite(ALONE, templates=source))
    actions = [one for one in coverage.counted if one.what == "action" and one.source.endswith("templates.yaml")]
    assert len(actions) == 4
    for one in actions:
        assert lines[one.line - 1][one.column - 1 :].startswith(one.subject.strip("{}"))


@pytest.mark.parametrize("style", ["|", ">2", "quoted"])
def test_places_of_a_configuration_inside_a_test_file_are_those_of_that_file(style):
    body = {
        "|": "|\n" + textwrap.indent(TEMPLATES, "  "),
        ">2": ">2\n" + textwrap.indent(TEMPLATES.replace("templates:\n  -", "templates:\n\n  -"), "  "),
        "quoted": json.dumps(TEMPLATES) + "\n",
    }[style]
    text = runs.case_file(ALONE, head=f"templates: {body}agent: agent.yaml\ngpuConfigs: gpus.yaml\n")
    coverage = runs.coverage(runs.runnable(text, agent=AGENT, gpus=GPUS))
    lines = text.split("\n")
    actions = [one for one in coverage.counted if one.what == "action"]
    assert len(actions) == 4
    for one in actions:
        assert one.source == "t/hydra-test.yaml"
        assert lines[one.line - 1][one.column - 1 :].startswith(one.subject.strip("{}"))
    assert coverage.sources["t/hydra-test.yaml"] == tuple(lines)


def test_the_text_has_a_line_for_each_runtime_and_the_source_of_what_is_missing():
    report = text.report(runs.coverage(suite(ALONE)))
    assert "  r              30.7 % (4 of 13)\n" in report
    assert "  plain          0.0 % (0 of 1)\n" in report
    assert (
        "t/templates.yaml:10:20: r: {{if .IS_LEADER}} is never executed\n"
        "t/templates.yaml:10:40: r: {{.GROUP_SIZE}} is never executed\n"
        "    {{- if .IS_LEADER }} of {{ .GROUP_SIZE }}{{ end }}\n"
        "           ^\n"
    ) in report
    assert report.endswith("total 33.3 % (6 of 18)")


def test_a_share_is_rounded_down():
    counted = tuple(
        cases.coverage.Counted("action", "s", 1, 1, "r", "x", hits=int(number > 0)) for number in range(3000)
    )
    coverage = cases.coverage.Coverage(counted, {})
    assert coverage.percent == 99.9
    assert not coverage.reaches(100)
    assert coverage.reaches(99.9)


RECORDS = {
    "TN": r"",
    "SF": r".+",
    "DA": r"\d+,\d+",
    "BRDA": r"\d+,\d+,\d+,(-|\d+)",
    "LF": r"\d+",
    "LH": r"\d+",
    "BRF": r"\d+",
    "BRH": r"\d+",
}


def read_tracefile(tracefile):
    """Return the sections of a tracefile, after checking each record and the sums (geninfo(1))."""
    files = {}
    section = None
    for line in tracefile.splitlines():
        if line == "end_of_record":
            assert int(section["LF"][0]) == len(section["DA"])
            assert int(section["LH"][0]) == sum(not one.endswith(",0") for one in section["DA"])
            branches = section.get("BRDA", [])
            assert int(section.get("BRF", ["0"])[0]) == len(branches)
            assert int(section.get("BRH", ["0"])[0]) == sum(one.rsplit(",", 1)[1] not in ("0", "-") for one in branches)
            assert len({one.rsplit(",", 1)[0] for one in branches}) == len(branches)
            section = None
            continue
        name, _, value = line.partition(":")
        assert re.fullmatch(RECORDS[name], value), line
        if name == "SF":
            section = files[value] = {}
        elif name != "TN":
            section.setdefault(name, []).append(value)
    assert section is None
    return files


def test_the_tracefile_is_one_and_says_the_same():
    coverage = runs.coverage(suite(ALONE))
    files = read_tracefile(lcov.report(coverage))

    assert list(files) == ["t/agent.yaml", "t/gpus.yaml", "t/templates.yaml"]
    assert files["t/agent.yaml"]["DA"] == ["2,1", "5,0"]
    assert files["t/templates.yaml"]["DA"] == ["2,1", "7,1", "9,1", "10,0", "13,1", "14,0", "17,0"]
    assert files["t/templates.yaml"]["BRDA"] == [
        *("2,0,0,1", "2,0,1,0", "2,0,2,0"),
        *("9,0,0,0", "9,0,1,1"),
        *("10,0,0,-", "10,0,1,-"),
        *("13,0,0,1", "13,0,1,0", "13,0,2,0"),
    ]


class Page(HTMLParser):
    """Checks that each element is closed, and collects texts and references."""

    def __init__(self):
        super().__init__()
        self.open, self.texts, self.references, self.tags = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.references += [value for name, value in attrs if name in ("href", "src", "url")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_the_page_is_self_contained_and_shows_the_source():
    templates = TEMPLATES.replace("alone", "<script>alert(1)</script>&amp;")
    page = Page()
    page.feed(html.report(runs.coverage(suite(ALONE, templates=templates))))
    everything = "".join(page.texts)

    assert page.open == []
    assert not page.tags & {"script", "link", "img", "iframe"}
    assert all(reference.startswith("#file-") for reference in page.references)
    assert "<script>alert(1)</script>&amp;" in everything
    assert "{{if .IS_DISTRIBUTED}} is never true" in everything
    assert "url(" not in everything
    assert "@import" not in everything


def test_the_page_of_nothing_is_a_page():
    page = Page()
    page.feed(html.report(cases.coverage.Coverage((), {})))
    assert page.open == []


def test_the_points_of_the_built_in_templates_are_those_at_which_markers_print():
    (templates,) = (one for one in catalog.embedded() if one.config_kind == "templates")
    compared = set()
    for entry in catalog.read(templates).content.entries:
        for sample in sample_variables.samples(entry.runtime, ("nvidia-gpu",)):
            for compiled in entry.compiled:
                found = set()
                compiled.template.observed(found.add).render(sample.variables)
                output = gotemplate.Template(markers.Marked(compiled.template.text).text).render(sample.variables)
                assert markers.at_offsets(compiled.template, found) == markers.passed(output)
                compared |= found
    assert len(compared) > 50
