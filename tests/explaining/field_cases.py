"""Workloads from the field with their configurations, and the answers to what their authors asked.

Each folder of ``cases`` holds bare workloads after public bug reports and manifests of comparable software, and the configuration
where it is not the built-in one. ``answers.yaml`` has, by file and pod template, why it is this container, image, command and args.
Entries of command and args are shortened to how they begin.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import yaml

from webhook import catalog, explaining, rendering
from webhook.settings import Settings

CASES = Path(__file__).parent / "cases"
WORKLOADS = sorted([*CASES.rglob("workload*.yaml"), *CASES.rglob("w[0-9]*.yaml"), *CASES.rglob("w-*.yaml")])
ANSWERS = yaml.load((CASES / "answers.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)

_FILES: dict[catalog.ConfigKind, str] = {
    "templates": "templates.yaml",
    "agent": "agent.yaml",
    "gpu-configs": "gpu-configs.yaml",
}


def name(path):
    return str(path.relative_to(CASES))


@dataclass(frozen=True)
class Configuration:
    state: rendering.State
    places: catalog.Places


def configuration(*documents, **settings):
    """Return these documents, and the built-in ones of the other kinds, as explaining takes them."""
    given = (*documents, *catalog.embedded(except_for={document.config_kind for document in documents}))
    return Configuration(rendering.State(catalog.build(given, None), Settings(**settings)), catalog.Places(given))


def of_folder(folder):
    paths = {kind: folder / file for kind, file in _FILES.items()}
    return configuration(
        *(catalog.Document(kind, path.name, path.read_bytes()) for kind, path in paths.items() if path.exists())
    )


def explain(value, found, namespace="team-a", **more):
    """Explain an object with a configuration."""
    group, _, version = value["apiVersion"].rpartition("/")
    kind = (group, version, value["kind"])
    return explaining.explain(value, kind, found.state, found.places, namespace=namespace, **more)


def placed(text, source):
    """Return the object in a text, and where everything in it is."""
    ((value, node),), problems = catalog.manifests(source, text.encode())
    assert not problems
    return value, catalog.ObjectPlaces(source, node)


@functools.cache
def explained(path):
    """Return the explanation of a file of one workload."""
    value, places = placed(path.read_text(encoding="utf-8"), path.name)
    return explain(value, of_folder(path.parent), file=places)


def lines(explanation):
    """Return what people read, a line for each branch: mark, text and note."""

    def below(branch):
        yield " ".join(filter(None, (branch.mark, branch.text, branch.note and f"← {branch.note}")))
        for child in branch.children:
            yield from below(child)

    return list(below(explaining.outline(explanation)))


def answers(explanation):
    """Return the answers of an explanation, by pod template, in the form of ``answers.yaml``."""
    found = {one.name or "pod": _answers(one) for one in explanation.pod_templates}
    if explanation.denial is not None:
        found["denied"] = explanation.denial.code
    return found


def inference_fields(one):
    """Return the fields of the inference container of a pod template by name."""
    prefix = f"spec.{one.container.path.rpartition('spec.')[2]}."
    return {field.path.removeprefix(prefix): field for field in one.fields if field.path.startswith(prefix)}


def _answers(one):
    if one.container is None:
        return one.outcome
    found = {"container": f"{one.container.name}, {one.container.reason}"}
    fields = inference_fields(one)
    if "image" in fields:
        found["image"] = _said(fields["image"].value, fields["image"].set_by, fields["image"].written)
    for key in ("command", "args"):
        if field := fields.get(key):
            found[key] = [_said(item.value, item.set_by, item.written) for item in field.elements] or [
                _said(text, field.set_by, field.written) for text in field.value
            ]
    return found


def _said(value, setter, written):
    text = " ".join(value.split())
    place = f" {written}" if written else ""
    if written and written.source.startswith(catalog.model.BUILT_IN):  # whose lines change with every edit of it
        place = f" {written.key_path}"
    return f"{text if len(text) <= 50 else text[:47] + '...'} <- {setter}{place}"
