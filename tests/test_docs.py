"""All pages: links lead somewhere, commands and options exist, files can be read, shell lines have the syntax of a shell."""

import re
import shlex
import subprocess
from collections.abc import Iterator

import pytest
import typer

from tests import pages
from webhook import catalog, cli

ROOT = pages.ROOT
FOR_DEVELOPERS = {"architecture.md"}
PLACEHOLDER = "…"

#: The one example of YAML that cannot be read, in docs/configuration.md.
MISTAKE = "- match_runtimes: [vllm-cpu]\n    match_gpu_types"


def ids(page):
    return str(page.relative_to(ROOT))


# --- links ---


def anchors(page) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", pages.prose(page), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 1
        unique = anchor
        while unique in found:
            unique, number = f"{anchor}-{number}", number + 1
        found.add(unique)
    return found


@pytest.mark.parametrize("page", pages.PAGES, ids=ids)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page):
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", pages.prose(page)):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            dead.append(target)

    assert dead == []


# --- commands ---


def commands_in(page) -> Iterator[str]:
    """Yield every call of the product on a page, from blocks and from text."""
    code = [block.text for block in pages.blocks(page) if block.language in {"console", "sh", "bash", "yaml", ""}]
    code += re.findall(r"`(hydra-webhook [^`]+)`", pages.prose(page))
    for text in code:
        for line in text.replace("\\\n", " ").splitlines():
            for call in re.findall(r"(?:^\s*|[$|;&(] ?|[-:] )(hydra-webhook [a-z][^|>#;&)`]*)", line):
                yield call.strip().rstrip("'\"")


@pytest.mark.parametrize("page", pages.PAGES, ids=ids)
def test_every_command_and_option_exists(page):
    program = typer.main.get_command(cli._app)
    for call in commands_in(page):
        words = [word for word in shlex.split(call.replace("'", " ").replace('"', " "))[1:] if word != PLACEHOLDER]
        command = program
        while hasattr(command, "commands") and words and not words[0].startswith("-"):
            name = words.pop(0)
            assert name in command.commands, call
            command = command.commands[name]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        known |= {"--help", "-h"}
        used = {word.partition("=")[0] for word in words if re.match(r"-{1,2}[a-zA-Z]", word)}
        assert used <= known, call


@pytest.mark.parametrize("page", pages.PAGES, ids=ids)
def test_every_target_of_make_exists(page):
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z][\w-]*)", text)) | set(re.findall(r"^make ([a-z][\w-]*)", text, re.MULTILINE))

    assert named <= targets


# --- files, and lines for a shell ---


@pytest.mark.parametrize("page", pages.PAGES, ids=ids)
def test_yaml_can_be_read_and_shell_lines_are_well_formed(page):
    for block in pages.blocks(page):
        if block.language == "yaml" and MISTAKE not in block.text:
            assert catalog.load_all(block.text)
        for command, _ in pages.shown_commands(block):
            checked = subprocess.run(
                ["bash", "-n"], input=command, capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8"}
            )
            assert checked.returncode == 0, f"line {block.line}: {checked.stderr}"


@pytest.mark.parametrize("page", pages.PAGES, ids=ids)
def test_files_of_the_project_that_a_page_names_exist(page):
    named = set(
        re.findall(r"`((?:(?:tests|manifests|webhook|bench|certs)/|docs/(?=[\w-]+\.))[\w./-]+)`", pages.prose(page))
    )

    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", [page for page in pages.PAGES if page.name not in FOR_DEVELOPERS], ids=ids)
def test_pages_for_users_speak_of_no_internal_document(page):
    assert not re.search(r"contract section", page.read_text(encoding="utf-8"), re.IGNORECASE)


def test_a_fence_is_never_left_open():
    for page in pages.PAGES:
        assert page.read_text(encoding="utf-8").count("\n```") % 2 == 0, page


# --- every command is run ---

#: By page and the first words of a block of commands: the tests that run it as it is printed.
RUN_BY = {
    "CONTRIBUTING.md": {"make test-fast": "the targets are those of CI; test_every_target_of_make_exists"},
    "README.md": {
        "make demo": "tests/pictures.py",
        "make image": "tests/test_readme.py",
        "helm install": "tests/controlplane/test_first_steps.py",
        "$ hydra-webhook": "tests/test_readme.py",
    },
    "docs/cluster.md": {
        "kubectl --namespace hydra-system create configmap": "tests/controlplane/test_pages.py",
        "kubectl apply -k manifests/base": "tests/controlplane/test_manifests.py",
        "kubectl delete -k": "tests/controlplane/test_manifests.py",
        "helm install": "tests/controlplane/test_manifests.py",
        "helm upgrade": "tests/controlplane/test_manifests.py",
        "helm test": "tests/controlplane/test_first_steps.py",
        "kubectl label namespace": "tests/controlplane/test_manifests.py",
        "helm rollback": "tests/controlplane/test_manifests.py",
        "kubectl --namespace hydra-system delete secret": "tests/controlplane/test_manifests.py",
        "hydra-webhook lint --context work-1": "tests/controlplane/test_pages.py",
        "kubectl --namespace hydra-system create rolebinding": "tests/controlplane/test_pages.py",
        "kubectl --context global": "tests/controlplane/test_manifests.py",
        "kubectl --namespace hydra-system get configmap": "tests/controlplane/test_pages.py",
        "kubectl delete mutatingwebhookconfiguration": "tests/controlplane/test_pages.py",
        "kubectl --namespace monitoring": "tests/controlplane/test_pages.py",
        "kubectl hydra": "tests/controlplane/test_kubectl_plugin.py",
        "$ hydra-webhook check": "tests/controlplane/test_check.py",
    },
    "docs/drift.md": {"hydra-webhook drift": "tests/controlplane/test_pages.py"},
    "docs/explain.md": {
        "$ hydra-webhook explain lws/qwen": "tests/controlplane/test_pages.py",
        "$ hydra-webhook explain -f pod.yaml": "tests/explaining/outlines.py",
    },
    "docs/go-templates.md": {
        "hydra-webhook render": "tests/test_go_templates_page.py",
        "$ hydra-webhook lint": "tests/test_go_templates_page.py",
    },
    "docs/life.md": {
        "hydra-webhook refresh": "tests/controlplane/test_pages.py",
        "kubectl annotate": "tests/controlplane/test_pages.py",
        "kubectl get leaderworkerset": "tests/controlplane/test_pages.py",
    },
    "docs/plan.md": {
        "hydra-webhook plan": "tests/controlplane/test_pages.py",
        "git show": "tests/controlplane/test_pages.py",
    },
    "docs/recipes.md": {
        "$ ": "tests/test_recipes_page.py",
        "hydra-webhook plan": "tests/controlplane/test_pages.py",
    },
    "docs/runtimes.md": {
        "exec ": "tests/builtin/test_runtimes_page.py",
        "if command": "tests/builtin/test_runtimes_page.py",
        "hydra-webhook lint": "tests/builtin/test_runtimes_page.py",
    },
    "docs/server.md": {"openssl req": "tests/controlplane/test_pages.py"},
    "docs/testing.md": {"$ ": "tests/test_testing_page.py"},
    "docs/troubleshooting.md": {
        "$ kubectl create": "tests/test_troubleshooting_page.py",
        "kubectl get events": "tests/controlplane/test_first_steps.py",
        "kubectl --namespace hydra-system logs": "tests/controlplane/test_pages.py",
        "kubectl get mutatingwebhookconfiguration": "tests/controlplane/test_pages.py",
    },
}

#: Blocks that show what somebody else's cluster answers, or that need a container registry.
SHOWN_ONLY = {
    "docs/cluster.md": ["$ hydra-webhook certs show"],
    "docs/life.md": ["$ hydra-webhook plan", "$ hydra-webhook drift"],
    "docs/plan.md": ["$ hydra-webhook plan"],
    "docs/server.md": ["$ docker run"],
}


@pytest.mark.parametrize("page", pages.PAGES, ids=ids)
def test_every_block_of_commands_is_run_by_a_test_or_shown_only(page):
    name = ids(page)
    run, shown = RUN_BY.get(name, {}), SHOWN_ONLY.get(name, [])
    blocks = [block for block in pages.blocks(page) if block.language in {"console", "sh", "bash"}]

    for block in blocks:
        assert any(block.text.startswith(words) for words in [*run, *shown]), f"line {block.line} is run by no test"
    for words in [*run, *shown]:
        assert any(block.text.startswith(words) for block in blocks), f"no block begins with {words}"
    assert [test for test in run.values() if test.startswith("tests/") and not (ROOT / test).is_file()] == []
