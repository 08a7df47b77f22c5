"""Command and args of the inference container (contract section 5)."""

import json

import msgspec
import pytest

from webhook import catalog, errors, notices
from webhook.rendering import budget, command

CUSTOM = ["--own", "two words"]
RANGE = "{{ range .CUSTOM_ARGS }}\n{{ . }}{{ end }}"
IGNORED = notices.Notice("arguments-ignored", CUSTOM)


def startup(**container_template):
    templates = {"templates": [{"runtime": "r", "podTemplate": {"containerTemplate": container_template}}]}
    snapshot = catalog.build([catalog.Document("templates", "t.yaml", json.dumps(templates))], None)
    return snapshot.runtime_templates["r"].startups["lone"]


def rendered(lists, custom):
    command_template, args_template = lists
    given = {"commandTemplate": command_template, "argsTemplate": args_template}
    template = startup(**{key: value for key, value in given.items() if value is not None})
    found = command.command(template, {"MODEL_ID": "qwen", "CUSTOM_ARGS": custom}, budget.new())
    elements = [*found.args[: sum(found.printed)], *(custom if len(found.args) > sum(found.printed) else [])]
    assert found.args == elements, "the number of elements that each entry printed"
    return msgspec.structs.replace(found, printed=())


BOTH = [
    pytest.param(["serve", "{{ .MODEL_ID }}"], ["--a"], [], ["serve", "qwen"], ["--a"], (), id="each entry is one element"),
    pytest.param([" a\nb "], [" c\n\nd ", ""], [], [" a\nb "], [" c\n\nd ", ""], (), id="every element is verbatim, an empty one too"),
    pytest.param(["serve"], ["--a"], CUSTOM, ["serve"], ["--a"], (IGNORED,), id="custom args that no template refers to are ignored with a warning"),
    pytest.param(["serve"], ["{{ index .CUSTOM_ARGS 0 }}"], CUSTOM, ["serve"], ["--own"], (), id="custom args go where args place them"),
    pytest.param(["sh {{ len .CUSTOM_ARGS }}"], ["--a"], CUSTOM, ["sh 2"], ["--a"], (), id="custom args go where the command places them"),
    pytest.param(["serve"], ["{{ if false }}{{ .CUSTOM_ARGS }}{{ end }}"], CUSTOM, ["serve"], [""], (), id="a branch not taken refers to them as well"),
    pytest.param(["serve"], None, CUSTOM, ["serve"], CUSTOM, (), id="without argsTemplate args are the custom args"),
    pytest.param(["serve"], None, [], ["serve"], [], (), id="without argsTemplate and custom args there are no args"),
    pytest.param(["{{ len .CUSTOM_ARGS }}"], None, CUSTOM, ["2"], CUSTOM, (), id="without argsTemplate, even if the command uses them"),
]  # fmt: skip


@pytest.mark.parametrize(("commands", "args", "custom", "expected", "expected_args", "warnings"), BOTH)
def test_with_a_command_template_elements_are_rendered_one_by_one(
    commands, args, custom, expected, expected_args, warnings
):
    assert rendered((commands, args), custom) == command.Command(expected, expected_args, warnings)


ARGS_ALONE = [
    pytest.param(["--a\n--b", "--c"], [], ["--a", "--b", "--c"], id="each line is an argument"),
    pytest.param(["  --a \r\n\n\t\n --b\t"], [], ["--a", "--b"], id="lines are trimmed and empty ones dropped"),
    pytest.param(["--model={{ .MODEL_ID }} x"], [], ["--model=qwen x"], id="a space inside a line stays"),
    pytest.param(["--a"], CUSTOM, ["--a", *CUSTOM], id="custom args are appended as they are"),
    pytest.param(["--a"], [" \n"], ["--a", " \n"], id="a custom argument is neither split nor trimmed"),
    pytest.param(["--a" + RANGE, "--b"], CUSTOM, ["--a", *CUSTOM, "--b"], id="custom args that a template places are not appended"),
    pytest.param(["{{ if false }}{{ .CUSTOM_ARGS }}{{ end }}"], CUSTOM, [], id="nor those of a branch not taken"),
    pytest.param([""], [], [], id="nothing at all"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "custom", "expected"), ARGS_ALONE)
def test_an_args_template_alone_is_split_into_lines(args, custom, expected):
    assert rendered((None, args), custom) == command.Command(None, expected)


NEITHER = [
    pytest.param(catalog.Startup(), id="no runtime template, just an agent entry"),
    pytest.param(startup(), id="a runtime template with neither list"),
    pytest.param(startup(commandTemplate=[], argsTemplate=[]), id="two empty lists"),
    pytest.param(startup(command=["serve"]), id="a plain command is merged, not rendered"),
]


@pytest.mark.parametrize("template", NEITHER)
def test_without_either_list_args_are_the_custom_args(template):
    assert command.command(template, {"CUSTOM_ARGS": CUSTOM}, budget.new()) == command.Command(None, CUSTOM)


def test_a_plain_command_beside_an_args_template_leaves_args_split_into_lines():
    template = startup(command=["serve"], argsTemplate=["--a\n--b"])

    found = command.command(template, {"CUSTOM_ARGS": CUSTOM}, budget.new())

    assert found == command.Command(None, ["--a", "--b", *CUSTOM], printed=(2,))


DENIED = [
    pytest.param(["serve", "{{ .MODEL }}"], ["a"], "no-value", r'commandTemplate\[1\].*, line 1, column 4: \.MODEL has no value; did you mean "MODEL_ID"\?', id="a command of an unknown variable"),
    pytest.param(["serve"], ["a\n {{ .MODEL }}"], "no-value", r"argsTemplate\[0\].*, line 2, column 5: \.MODEL has no value", id="args of an unknown variable"),
    pytest.param(None, ["{{ .MODEL }}"], "no-value", r"argsTemplate\[0\].* has no value", id="args alone of an unknown variable"),
    pytest.param(["{{ index .CUSTOM_ARGS 9 }}"], None, "template-failed", r"^the template failed: .*commandTemplate\[0\]", id="a command that fails"),
    pytest.param(["serve"], ["{{ index .CUSTOM_ARGS 9 }}"], "template-failed", r"^the template failed: .*argsTemplate\[0\]", id="args that fail"),
    pytest.param(None, ["{{ index .CUSTOM_ARGS 9 }}"], "template-failed", r"^the template failed: .*argsTemplate\[0\]", id="args alone that fail"),
]  # fmt: skip


@pytest.mark.parametrize(("commands", "args", "code", "message"), DENIED)
def test_a_template_that_cannot_be_rendered_is_denied(commands, args, code, message):
    with pytest.raises(errors.Denied, match=message) as denial:
        rendered((commands, args), [])

    assert denial.value.code == code
