"""Findings about what Go templates print where Kubernetes wants certain values, and about the program that they start."""

from collections.abc import Iterable, Mapping

from webhook import catalog
from webhook.linting import objects, values
from webhook.linting.trial_results import Findings, Rendering, refers
from webhook.rendering import names

#: Codes of findings about names.
_OF_NAMES = frozenset({"bad-name", "env-name", "image-reference"})

#: Variables of which workloads and clusters give any value.
_FREE = ("MODEL_ID", "MODEL_NAME", "CLUSTER")


def check_value(findings: Findings, one: Rendering, slots: Mapping[str, values.Slot]) -> None:
    """Find a value that Kubernetes does not take where a template prints it.

    A name that is made of a model's may be a good one for others, so that is only remarked.
    """
    slot, compiled = slots.get(one.path), one.template.compiled
    if slot is None or (slot.type.kind == "int-or-string" and one.text.strip().isdecimal()):
        return
    flaw = values.flaw(slot, one.text)
    is_name = flaw is not None and flaw.code in _OF_NAMES
    if flaw is not None and not (is_name and refers(compiled, "CUSTOM_ARGS")):
        remedy = flaw.remedy if slot.rule is None else names.remedy(compiled.template, slot.rule, one.text)
        severity: catalog.Severity = "info" if is_name and refers(compiled, *_FREE) else "warning"
        findings.add(flaw.code, one.path, "", compiled.scalar, flaw.cause, remedy, severity=severity)


def check_program(findings: Findings, started: catalog.Startup, renderings: Iterable[Rendering]) -> None:
    """Find a command line that is written as the first element of ``commandTemplate``."""
    first = next((one for one in renderings if one.template.compiled.template in started.command[:1]), None)
    if first is None or findings.has("flags-on-one-line", first.path):
        return
    if flaw := objects.of_program(first.text):
        remedy = "write an element for each word"
        findings.add("command-with-spaces", first.path, "", first.template.compiled.scalar, flaw[0], remedy)
