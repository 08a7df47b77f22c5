"""Mistakes as people make them: each is found at once, with place and remedy, and whoever follows the remedy is done.

Each file below `mistakes/` has one. The comments at its head say what lint finds, as place, code and remedy, and how a person
would follow the remedy: lines that go (``#- ``) and lines that come in their place (``#+ ``). The folder says which
configuration it is.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from webhook import catalog, linting

FOLDER = Path(__file__).parent / "mistakes"
FILES = sorted(FOLDER.glob("*/*.yaml"))
#: What a remedy says literally, so that it must be in the lines that follow it.
LITERAL = re.compile(r"quote it: (.*)|write (\[.*\]|\{.*\}|'.*')|rename it to (\w+)|did you mean \"?([\w.]+)\"?\?")
#: Where the folder and the content are at odds.
AGENT = "deployment_templates:\n- match_runtimes: [vllm]\n  container_template: {image: i}\n"
TEMPLATES = "templates:\n- runtime: vllm\n  podTemplate: {}\n"
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\ndata:\n  config.yaml: |\n    {}"


class Mistake(NamedTuple):
    """A file with what its head says about it."""

    text: str
    found: list[tuple[int, int, str, str]]
    new: list[str]
    fixed: str


def read(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    head = lines[: lines.index("")]
    body = "".join(f"{line}\n" for line in lines[len(head) + 1 :])
    said = [line[2:] for line in head if line.startswith("# ")]
    places = [re.fullmatch(r"(\d+):(\d+) ([\w-]+)", line) for line in said[::2]]
    found = [(int(at[1]), int(at[2]), at[3], remedy) for at, remedy in zip(places, said[1::2], strict=True)]
    old, new = ("".join(f"{line[3:]}\n" for line in head if line.startswith(mark)) for mark in ("#- ", "#+ "))
    assert body.count(old) == 1
    return Mistake("\n".join(lines) + "\n", found, new.splitlines(), body.replace(old, new))


def columns(line):
    """Return where a line and the key after its dash begin, from 1."""
    return {match.end() + 1 for match in (re.match(" *", line), re.match(" *(?:- )?", line))}


def above_info(kind, text):
    return [one for one in linting.lint([catalog.Document(kind, "file", text)]) if one.severity != "info"]


def ids(path):
    return f"{path.parent.name}-{path.stem}"


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_mistake_is_found_at_once_with_its_place_and_remedy(path):
    mistake = read(path)

    problems = above_info(path.parent.name, mistake.text)

    assert [(one.line, one.column, one.code, one.remedy) for one in problems] == mistake.found
    assert all(one.remedy for one in problems)


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_whoever_follows_the_remedy_is_done(path):
    mistake = read(path)

    assert above_info(path.parent.name, mistake.fixed) == []
    for *_, remedy in mistake.found:
        literal = next(filter(None, LITERAL.fullmatch(remedy).groups()), "") if LITERAL.fullmatch(remedy) else ""
        assert literal in mistake.fixed
        if column := re.match(r"(?:align|indent) .*?column (\d+)", remedy):
            assert any(int(column[1]) in columns(line) for line in mistake.new)


def test_there_are_many_of_them():
    assert len(FILES) >= 60
    assert len({code for path in FILES for _, _, code, _ in read(path).found}) >= 30


@pytest.mark.parametrize(
    ("kind", "text", "place", "option"),
    [
        ("templates", AGENT, (1, 1), "--agent"),
        ("agent", TEMPLATES, (1, 1), "--templates"),
        ("gpu-configs", AGENT, (1, 1), "--agent"),
        ("agent", "gpu_configs: []\n", (1, 1), "--gpu-configs"),
        ("templates", MANIFEST.format("hydra-agent", AGENT.replace("\n", "\n    ")), (4, 9), "--agent"),
        ("agent", MANIFEST.format("hydra-runtime-template", TEMPLATES.replace("\n", "\n    ")), (4, 9), "--templates"),
    ],
)
def test_a_configuration_in_the_place_of_another_is_recognised(kind, text, place, option):
    [problem] = above_info(kind, text)

    assert (problem.code, problem.line, problem.column) == ("wrong-kind", *place)
    assert option in problem.remedy
    assert above_info(option.removeprefix("--"), text) == []


def test_all_mistakes_of_an_entry_are_found_in_one_round():
    found = above_info(
        "templates",
        """\
templates:
  - name: vllm
    podTemplate:
      hostNetwork: "sometimes"
      volumes: [{name: "{{ .MODEL_SLUG }}", emptyDir: {}}]
      containerTemplate:
        ports: [{containerPort: "{{ .MODEL_PORT }}"}]
        env: [{name: LIMIT, value: 10}]
        commandTemplate:
          - /bin/bash
          - -c
          - exec vllm serve --port={{ .MODEL_POTR }} --port=80 $@
          - vllm
""",
    )

    assert [(one.code, one.line) for one in found] == [
        ("missing-key", 2),
        ("wrong-type", 4),
        ("unrendered", 5),
        ("wrong-type", 7),
        ("wrong-type", 8),
        ("flag-twice", 12),
        ("unknown-variable", 12),
        ("reparsed-arguments", 12),
    ]


def test_what_cannot_be_compiled_hides_no_arguments():
    found = above_info(
        "templates",
        """\
templates:
  - runtime: vllm
    podTemplate:
      containerTemplate:
        commandTemplate: [vllm, serve]
        argsTemplate:
          - --port=1
          - "{{ range .CUSTOM_ARGS }}{{ . }}{{ end }} {{ .MODEL_PATH }"
""",
    )

    assert [one.code for one in found] == ["template-syntax"]


def test_an_entry_with_an_error_has_no_findings_that_are_not_true():
    found = above_info(
        "templates",
        """\
templates:
  - runtime: vllm
    renderAll: true
    podTemplate:
      hostNetwork: "sometimes"
      volumes: [{name: "{{ .MODEL_SLUG }}", emptyDir: {}}]
      containerTemplate:
        ports: [{containerPort: "{{ .MODEL_PORT }}"}]
        argsTemplate: ["--model={{ .MODEL_PATH }}"]
""",
    )

    assert [(one.code, one.line, one.remedy) for one in found] == [("wrong-type", 5, "write true or false")]
