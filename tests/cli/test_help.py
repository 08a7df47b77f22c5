"""Help and the version: what a newcomer reads first."""

import re

import pytest

COMMANDS = [
    "serve",
    "healthy",
    "render",
    "restore",
    "explain",
    "drift",
    "refresh",
    "plan",
    "lint",
    "rule",
    "test",
    "runtimes",
    "builtin",
    "check",
    "certs show",
    "version",
    "demo",
]


@pytest.fixture
def help_text(run, monkeypatch):
    """Return the help text of a command on a terminal of 80 columns."""

    def help_text(*command: str) -> str:
        monkeypatch.setenv("COLUMNS", "80")
        result = run(*command, "--help")
        assert (result.status, result.err) == (0, "")
        return result.out

    return help_text


def test_the_summary_of_every_command_fits_its_line(help_text):
    text = help_text()

    assert re.findall(r"^  (\w+) +[A-Z].*[A-Za-z]\.$", text, re.MULTILINE) == [
        command.split()[0] for command in COMMANDS
    ]
    assert "..." not in text.partition("Commands:")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_line_is_too_long_and_no_name_is_cut_off(help_text, command):
    text = help_text(*command.split())

    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "Exit status: 0 " in text
    assert re.findall(r"<(?:str|int|float|Path|list)\b[^>]*>", text) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_examples_whose_options_exist(help_text, command):
    text, _, examples = help_text(*command.split()).partition("Examples:\n")

    lines = [line.strip() for line in examples.splitlines()]
    assert lines
    for line in lines:
        call = next(
            part for part in re.split(r"[|>]", line) if f"hydra-webhook {command.split()[0]} " in f"{part.strip()} "
        )
        known = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", text))
        assert set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", call)) <= known, line


def test_the_version_is_shown(run):
    assert run("--version").out.strip().count(".") == 2
