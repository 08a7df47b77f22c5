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
    "certs show",
    "demo",
]

#: Options of commands that ask a cluster are for one invocation: they are not read from the environment.
OF_CLUSTERS = [
    "kubeconfig FILE",
    "context NAME",
    "from-cluster",
    "webhook-namespace NAME",
    "n, --namespace, --webhook",
    "n, --namespace NAME",
    "A, --all",
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


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in {"refresh", "lint", "rule"}])
def test_every_option_with_a_value_can_be_set_in_the_environment(help_text, command):
    text = help_text(*command.split())

    options = re.split(r"^  -", text.partition("Options:")[2], flags=re.MULTILINE)[1:]
    own = [option for option in options if not option.startswith(("h,", "-connect "))]
    own = [option for option in own if not option.lstrip("-").startswith(tuple(OF_CLUSTERS))]
    assert own
    assert [option for option in own if "HYDRA_WEBHOOK_" not in option and "--ready" not in f"-{option}"] == []


def test_the_version_is_shown(run):
    assert run("--version").out.strip().count(".") == 2
