"""Explanations as people see them on a terminal of 80 columns: ``outlines/*.txt``, and the example in ``docs/explain.md``.

``python -m tests.explaining.outlines`` writes both anew; review the difference.
"""

import io
import re
from pathlib import Path

from rich.console import Console

from tests.explaining import field_cases
from tests.explaining.test_explain import AGENT, configured, group, stored
from webhook import catalog, explaining
from webhook.cli import explain

HERE = Path(__file__).parent / "outlines"
PAGE = Path(__file__).parents[2] / "docs" / "explain.md"
_COMMAND = "$ hydra-webhook explain -f pod.yaml --templates templates.yaml --agent agent.yaml -n team-a\n"
_EXAMPLE = re.compile(rf"(```console\n{re.escape(_COMMAND)})(.*?)(```)", re.DOTALL)


def printed(explanation, columns=80):
    """Return an explanation as a terminal shows it, without colours and without spaces at the ends of lines."""
    console = Console(file=io.StringIO(), width=columns, force_terminal=True, color_system=None)
    explain.show(console, explaining.outline(explanation))
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().rstrip().splitlines())


def all_of_them():
    """Return what is printed by file name."""
    newer = configured(agent=AGENT.replace('tag: "1"', 'tag: "2"'))
    rows = field_cases.CASES / "06-mig-and-other-resources"
    return {
        "a-group-of-an-older-revision": printed(field_cases.explain(stored(group(args=["--own"])), newer)),
        "an-accelerator-without-a-row": printed(field_cases.explained(rows / "w-amd.yaml")),
        "leader-and-worker-differ": printed(
            field_cases.explained(field_cases.CASES / "37-mixed-group" / "workload.yaml")
        ),
    }


def example():
    """Return what the command in the documentation prints for the files there."""
    files = {
        text.split("\n")[0].removeprefix("# "): text
        for text in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    }
    found = field_cases.configuration(
        catalog.Document("templates", "templates.yaml", files["templates.yaml"]),
        catalog.Document("agent", "agent.yaml", files["agent.yaml"]),
    )
    pod, places = field_cases.placed(files["pod.yaml"], "pod.yaml")
    return printed(field_cases.explain(pod, found, file=places))


def shown():
    """Return what the documentation says that the command prints."""
    (found,) = _EXAMPLE.findall(PAGE.read_text())
    return found[1]


def write():
    for name, text in all_of_them().items():
        (HERE / f"{name}.txt").write_text(text, encoding="utf-8")
    text = example()
    PAGE.write_text(_EXAMPLE.sub(lambda found: f"{found[1]}{text}{found[3]}", PAGE.read_text()), encoding="utf-8")


if __name__ == "__main__":
    write()
