"""The examples in docs/go-templates.md work as shown.

The form of tables and fenced blocks decides what is checked. A table with a column *template* (or *here*) and a column *prints* or
*message* shows templates with their results; those under *instead* must render. A block `gotmpl` is followed by its output or error
in a block `text`. A YAML block that starts with a file name is configuration or a workload; one that starts with a pod's role shows
fields of the last workload after mutation. A block `console` is run with the files above it.
"""

import re
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from webhook import catalog, cli, gotemplate, linting, mutation, rendering, workload
from webhook.gotemplate import DEFAULT_LIMITS, Template, TemplateError
from webhook.gotemplate.exec.funcs import FUNCTIONS
from webhook.rendering import budget, command
from webhook.settings import Settings

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/go-templates.md").read_text(encoding="utf-8")
KINDS = {"Pod": workload.POD, "LeaderWorkerSet": workload.LEADER_WORKER_SET}
ROLES = {"lone pod": "lone", "leader": "leader", "worker": "worker"}
WORKLOADS = ("pod.yaml", "group.yaml")
NAME = "my-engine/argsTemplate[0]"


# --- reading the page ---


@dataclass
class Block:
    language: str
    text: str
    line: int

    @property
    def title(self):
        first = self.text.split("\n", 1)[0]
        return first.removeprefix("# ") if self.language == "yaml" and first.startswith("# ") else ""


@dataclass
class Row:
    cells: dict[str, str]
    line: int


def read_blocks():
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [Block(match[1], match[2], PAGE.count("\n", 0, match.start()) + 1) for match in found]


def read_rows():
    header: list[str] = []
    fenced = False
    for number, line in enumerate(PAGE.split("\n"), 1):
        fenced ^= line.startswith("```")
        if fenced or not line.startswith("|"):
            header = []
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not header:
            header = cells
        elif set(line) - set("|-"):
            assert len(cells) == len(header), f"line {number}: {len(cells)} cells below {len(header)}"
            yield Row(dict(zip(header, cells, strict=True)), number)


def code(cell):
    """Return the last code span in a table cell as GitHub shows it; "" if there is none."""
    spans = [match[2] for match in re.finditer(r"(`+)(.+?)\1(?!`)", cell)]
    if not spans:
        return ""
    text = spans[-1].replace(r"\|", "|")
    return text[1:-1] if text[0] == text[-1] == " " and text.strip() else text


BLOCKS = read_blocks()
ROWS = list(read_rows())


@dataclass
class Rendering:
    files: dict[str, str]
    workload: str
    role: str
    shown: str


@dataclass
class Examples:
    prints: list = field(default_factory=list)
    messages: list = field(default_factory=list)
    instead: list = field(default_factory=list)
    splits: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    renderings: list = field(default_factory=list)
    consoles: list = field(default_factory=list)
    linted: list = field(default_factory=list)
    others: list = field(default_factory=list)


def read_tables(examples):
    for row in ROWS:
        template = row.cells.get("template") or row.cells.get("here")
        name = f"line {row.line}"
        if template is not None:
            kind, into = ("prints", examples.prints) if "prints" in row.cells else ("message", examples.messages)
            into.append(pytest.param(code(template), code(row.cells[kind]), id=name))
            if "instead" in row.cells:
                examples.instead.append(pytest.param(code(row.cells["instead"]), id=name))
        elif "argsTemplate" in row.cells:
            cells = ("commandTemplate", "argsTemplate", "command", "args")
            examples.splits.append(pytest.param(*(code(row.cells[cell]) for cell in cells), id=name))


def read_fences(examples):
    files: dict[str, str] = {}
    last = ""
    for block, following in zip(BLOCKS, [*BLOCKS[1:], Block("", "", 0)], strict=True):
        name = f"line {block.line}"
        if block.language == "gotmpl":
            assert following.language == "text", f"line {block.line}: no block of text with the output follows"
            examples.outputs.append(pytest.param(block.text[:-1], following.text[:-1], id=name))
        elif block.title in ROLES:
            examples.renderings.append(pytest.param(Rendering(dict(files), last, block.title, block.text), id=name))
        elif block.language == "console":
            examples.consoles.append(pytest.param(dict(files), block.text, id=name))
            examples.linted.pop()  # the console shows what lint finds in these templates
        elif block.title:
            files[block.title] = block.text
            last = block.title if block.title in WORKLOADS else last
            if block.title == "templates.yaml":
                examples.linted.append(pytest.param(dict(files), id=name))
        elif block.language != "text":
            examples.others.append(block)


EXAMPLES = Examples()
read_tables(EXAMPLES)
read_fences(EXAMPLES)


# --- the variables ---


def snapshot_of(files):
    kinds = {"templates.yaml": "templates", "agent.yaml": "agent"}
    documents = [catalog.Document(kinds[name], name, text) for name, text in files.items() if name in kinds]
    return catalog.build(documents, None)


def first_file(title):
    return next(block.text for block in BLOCKS if block.title == title)


def variables_by_role():
    snapshot = snapshot_of({title: first_file(title) for title in ("templates.yaml", "agent.yaml")})
    state = rendering.State(snapshot, Settings())
    found = {}
    for title in WORKLOADS:
        [value] = catalog.load_all(first_file(title))
        for template in workload.pod_templates(value, KINDS[value["kind"]]):
            resolution = rendering.resolve(template, state, namespace=value["metadata"]["namespace"])
            found[template.role] = resolution.variables
    return found


VARIABLES = variables_by_role()
LEADER = VARIABLES["leader"]


def test_the_table_of_variables_is_complete_and_correct():
    rows = {code(row.cells["variable"]): row.cells for row in ROWS if "lone pod" in row.cells}
    types = {"string": str, "int": int, "bool": bool, "list of string": list}

    assert list(rows) == list(LEADER)
    for name, cells in rows.items():
        for title, role in ROLES.items():
            [shown] = catalog.load_all(code(cells[title]))
            assert shown == VARIABLES[role][name], f"{name} of {title}"
            assert type(shown) is types[cells["type"]], f"{name} of {title}"


# --- templates and their output ---


@pytest.mark.parametrize(("template", "shown"), EXAMPLES.prints)
def test_a_template_in_a_table_prints_the_output_shown(template, shown):
    assert Template(template, NAME).render(LEADER) == shown


@pytest.mark.parametrize(("template", "shown"), EXAMPLES.messages)
def test_a_template_in_a_table_fails_with_the_message_shown(template, shown):
    with pytest.raises(TemplateError) as raised:
        Template(template, NAME).render(LEADER)

    place = rf'template: {re.escape(NAME)}:1(:\d+: executing "[^"]+" at <.*?>)?: '
    assert re.fullmatch(place + re.escape(shown), str(raised.value)), str(raised.value)


@pytest.mark.parametrize("template", EXAMPLES.instead)
def test_the_template_to_write_instead_renders_without_missing_values(template):
    missing = []
    Template(template, NAME).render(LEADER, on_no_value=missing.append)
    assert missing == []


@pytest.mark.parametrize(("template", "shown"), EXAMPLES.outputs)
def test_a_template_in_a_block_prints_the_text_that_follows(template, shown):
    try:
        output = Template(template, NAME).render(LEADER).removesuffix("\n")
    except TemplateError as error:
        output = str(error)
    assert output == shown


def test_the_picture_of_trimming_marks_the_removed_characters():
    [picture] = [block.text for block in EXAMPLES.others if block.text.startswith("template ")]
    template, removed, prints = (line[11:] for line in picture.rstrip("\n").split("\n"))
    plain = template.replace("·", " ").replace("↵", "\n")
    marked = [char for char, mark in zip(template, removed.ljust(len(template)), strict=True) if mark == "^"]
    kept = "".join(char for char, mark in zip(plain, removed.ljust(len(plain)), strict=True) if mark != "^")

    assert set(marked) == {"·", "↵"}
    assert Template(plain, NAME).render(LEADER) == prints
    assert Template(kept.replace("{{- ", "{{ ").replace(" -}}", " }}"), NAME).render(LEADER) == prints


# --- command and args ---


@pytest.mark.parametrize(("command_template", "args_template", "command_shown", "args_shown"), EXAMPLES.splits)
def test_command_and_args_are_rendered_as_shown(command_template, args_template, command_shown, args_shown):
    keys = {"commandTemplate": command_template, "argsTemplate": args_template}
    fields = ", ".join(f"{key}: {text}" for key, text in keys.items() if text)
    text = f"templates: [{{runtime: r, podTemplate: {{containerTemplate: {{{fields}}}}}}}]"
    snapshot = snapshot_of({"templates.yaml": text})
    rendered = command.command(snapshot.runtime_templates["r"].startups["leader"], LEADER, budget.new())

    assert ([rendered.command] if rendered.command else []) == catalog.load_all(command_shown)
    assert [rendered.args] == catalog.load_all(args_shown)


@pytest.mark.parametrize("example", EXAMPLES.renderings)
def test_a_workload_is_mutated_as_shown(example):
    [value] = catalog.load_all(example.files[example.workload])
    snapshot = snapshot_of(example.files)
    namespace = value["metadata"].get("namespace", "default")
    mutated = mutation.mutate(value, KINDS[value["kind"]], rendering.State(snapshot, Settings()), namespace=namespace)
    place = {"lone": (), "leader": ("leaderTemplate",), "worker": ("workerTemplate",)}[ROLES[example.role]]
    template = mutated.value["spec"]["leaderWorkerTemplate"][place[0]] if place else mutated.value
    spec = template["spec"]
    [container] = spec["containers"]
    [shown] = catalog.load_all(example.shown)

    assert {notice.code for notice in mutated.notices} <= {"model-not-mounted"}  # as the page says
    assert shown == {key: (container if key in container else spec)[key] for key in shown}
    assert {"command", "args"} & container.keys() == {"command", "args"} & shown.keys()


@pytest.mark.parametrize("files", EXAMPLES.linted)
def test_lint_finds_nothing_in_the_configurations_on_the_page(files):
    documents = [
        catalog.Document(kind, f"{kind}.yaml", files[f"{kind}.yaml"])
        for kind in ("templates", "agent")
        if f"{kind}.yaml" in files
    ]
    assert linting.lint(documents) == ()


@pytest.mark.parametrize(("files", "session"), EXAMPLES.consoles)
def test_a_console_session_runs_as_shown(files, session, tmp_path, monkeypatch, capsys):
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for step in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        line, shown = step.split("\n", 1)
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with pytest.raises(SystemExit):
            cli.main()
        captured = capsys.readouterr()
        assert captured.out + captured.err == shown


# --- limits ---

BEYOND = {
    "text_bytes": "x" * (DEFAULT_LIMITS.text_bytes + 1),
    "nesting": "{{ if true }}" * 101 + "{{ end }}" * 101,
    "steps": "{{ range 20001 }}{{ end }}",
    "output_bytes": '{{ range 2000 }}{{ printf "%1000d" . }}{{ end }}',
    "call_depth": '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
}
OF_A_REQUEST = {"steps": budget.STEPS, "output_bytes": budget.BYTES}


def test_the_table_of_limits_is_complete_and_correct():
    rows = [row.cells for row in ROWS if "limit" in row.cells]
    values = [cells["value"].replace(",", "").replace(" KiB", "*1024").replace(" MiB", "*1048576") for cells in rows]

    assert list(BEYOND) == list(gotemplate.Limits.__slots__)
    for (name, template), cells, value in zip(BEYOND.items(), rows, values, strict=True):
        number, _, unit = value.partition("*")
        assert int(number) * int(unit or 1) == OF_A_REQUEST.get(name, getattr(DEFAULT_LIMITS, name))
        with pytest.raises(gotemplate.LimitError) as raised:
            Template(template, NAME).render(LEADER, budget=budget.new())
        assert str(raised.value).endswith(": " + code(cells["message"]))


# --- the page as a whole ---


def test_every_block_on_the_page_is_checked_apart_from_known_exceptions():
    assert [block.language for block in EXAMPLES.others] == ["", "sh"]
    assert {block.title for block in BLOCKS if block.language == "yaml"} == {
        *("templates.yaml", "agent.yaml"),
        *WORKLOADS,
        *ROLES,
    }
    assert all(len(examples) > 0 for examples in vars(EXAMPLES).values())


def test_every_predefined_function_is_on_the_page():
    names = {*FUNCTIONS, "and", "or", "call"}
    named = {code(cell).split()[0] for row in ROWS for key, cell in row.cells.items() if key == "function"}
    assert names - {"call"} == named
    assert "### Escaping, and `call`" in PAGE


def test_every_link_on_the_page_has_a_target():
    for name, anchor in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", PAGE):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8") if name else PAGE
        headings = [
            re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        ]
        assert not anchor or anchor in headings, f"{name}#{anchor}"
