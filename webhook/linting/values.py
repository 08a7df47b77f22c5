"""Findings about single values of Kubernetes' fields: what the API server, a container runtime or a shell does not take.

A value is judged as it is written or, if a Go template prints it, as a trial renders it.
"""

import re
from typing import NamedTuple

from webhook import errors
from webhook.catalog import Severity
from webhook.catalog.schema.pod_fields import ValueType
from webhook.problems import ProblemCode
from webhook.rendering import quantities
from webhook.workload.names import DNS_LABEL, DNS_SUBDOMAIN, ENV_NAME, LABEL_VALUE, PORT_NAME, NameRule


class Slot(NamedTuple):
    """Where a value is.

    Attributes:
        holder: the type of the map that it is in, such as ``Container``.
        key: its key; of an item of a list, that of the list.
        type: what Kubernetes wants there.
        rule: the rule for names that holds there; None if it is not a name.
        refers: whether the name is that of another object. The API server takes any, but no such object can exist.
    """

    holder: str
    key: str
    type: ValueType
    rule: NameRule | None = None
    refers: bool = False


class Flaw(NamedTuple):
    """What is wrong with a value, as in ``problems.Problem``."""

    severity: Severity
    code: ProblemCode
    cause: str
    remedy: str


#: Amounts of bytes; of these an amount below a megabyte is mostly one without its unit.
_BYTES = frozenset({"memory", "ephemeral-storage", "storage", "sizeLimit"})
_FEW_BYTES = 1024 * 1024

_WITH_UNIT = re.compile(r"([+-]?\d{1,20}(?:[.,]\d{1,20})?)\s*([A-Za-z]{0,10})")
_UNIT = re.compile(r"([kmgtpe])(|b|i|ib)")
_NO_UNIT = frozenset({"core", "cores", "cpu", "cpus", "gpu", "gpus"})
_UNITS = 'write a number and k, M, G, T, Ki, Mi, Gi or Ti, such as "16Gi"'

#: Fields that are image references.
_IMAGES = frozenset({("Container", "image"), ("EphemeralContainer", "image"), ("ImageVolumeSource", "reference")})
_DOMAIN_PART = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_PATH_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
#: The grammar of github.com/distribution/reference, ``reference.go``.
_IMAGE = re.compile(
    rf"(?:(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?/)?"
    rf"{_PATH_PART}(?:/{_PATH_PART})*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
    r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?"
)
_LONGEST_IMAGE = 512

#: What API servers before Kubernetes 1.34 accept (``IsEnvVarName`` in ``k8s.io/apimachinery/pkg/util/validation``).
_OLD_ENV_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")

#: How similar a value must be to a known one to be a misprint of it for certain.
_SIMILAR = 0.8

_HIGHEST_PORT = 65_535

#: Numbers that may be 0 but not less (``validateProbe`` and ``ValidatePodSpec`` in ``pkg/apis/core/validation/validation.go``).
_NOT_NEGATIVE = frozenset(
    {
        "failureThreshold",
        "initialDelaySeconds",
        "periodSeconds",
        "runAsGroup",
        "runAsUser",
        "successThreshold",
        "terminationGracePeriodSeconds",
        "timeoutSeconds",
    }
)

#: Maps whose keys are those of labels or annotations.
LABELS = frozenset({"annotations", "labels", "matchLabels", "nodeSelector"})


def flaw(slot: Slot, value: str | float) -> Flaw | None:
    """Return what is wrong with a value of the right type; None if nothing is.

    An empty string counts as an absent field, as it does to Kubernetes.
    """
    if slot.type.kind == "quantity":
        return _of_quantity(slot, str(value).strip())
    if not isinstance(value, str):
        return _of_number(slot, value)
    if not value:
        return None
    if slot.type.known:
        return _of_known(slot, value)
    if slot.rule is not None:
        return _of_name(slot, slot.rule, value)
    if (slot.holder, slot.key) in _IMAGES:
        return of_image(value)
    return None


def _of_known(slot: Slot, value: str) -> Flaw | None:
    """Check a value of which the API server knows only some. A newer one may know more, so only a misprint is an error."""
    known = slot.type.known
    if value in known:
        return None
    near = next((one for one in known if one.lower() == value.lower()), "") or errors.nearest(value, known, _SIMILAR)
    listed = f"known: {errors.listed(known)}"
    return Flaw(
        "error" if near else "warning",
        "unknown-value",
        f"{slot.key} cannot be {errors.shown(value)} in Kubernetes",
        f'did you mean "{near}"? {listed}' if near else listed,
    )


def _of_quantity(slot: Slot, text: str) -> Flaw | None:
    amount = quantities.parse(text)
    if amount is None:
        return Flaw("error", "bad-quantity", f"{errors.shown(text)} is not a quantity", _quantity_remedy(text))
    if amount < 0:
        return Flaw("error", "bad-quantity", f"{slot.key} cannot be negative", "write 0 or more")
    if "/" in slot.key and amount % 1:
        cause = f"{slot.key} is counted in whole numbers, but {text} is none"
        return Flaw("error", "bad-quantity", cause, "write a whole number")
    if slot.key in _BYTES and 0 < amount < _FEW_BYTES:
        number = f"{amount.normalize():f}"
        digits = re.match(r"[0-9.]+", text)
        remedy = f"write {digits[0]}Gi or {digits[0]}Mi" if digits else ""
        return Flaw("warning", "tiny-quantity", f"{slot.key}: {text} is {number} bytes", remedy)
    return None


def _quantity_remedy(text: str) -> str:
    """Return how to write an amount that somebody wrote in another way, such as ``16GB`` or ``32 Gi``."""
    joined = "".join(text.split())
    if quantities.parse(joined) is not None:
        return f"write {joined}"
    found = _WITH_UNIT.fullmatch(text)
    if found is None:
        return _UNITS
    number, unit = found[1].replace(",", "."), found[2].lower()
    letters = _UNIT.fullmatch(unit)
    if letters is None:
        return f"write {number}" if unit in _NO_UNIT or not unit else _UNITS
    binary = f"{number}{letters[1].upper()}i"
    if letters[2].startswith("i"):
        return f"write {binary}"
    decimal = f"{number}{'k' if letters[1] == 'k' else letters[1].upper()}"
    return f"write {binary} (powers of 1024) or {decimal} (powers of 1000)"


def _of_number(slot: Slot, value: float) -> Flaw | None:
    if slot.key == "port" and not 1 <= value <= _HIGHEST_PORT:
        return Flaw("error", "bad-value", f"must be a port from 1 to {_HIGHEST_PORT}, found {value}", "")
    if slot.key in _NOT_NEGATIVE and value < 0:
        return Flaw("error", "bad-value", f"{slot.key} cannot be negative", "write 0 or more")
    return None


def of_label_key(key: str) -> Flaw | None:
    """Return what is wrong with the key of a label or annotation: an optional domain and a slash before a name."""
    domain, slash, name = key.rpartition("/")
    if "{{" in key or (name and LABEL_VALUE.accepts(name) and (not slash or DNS_SUBDOMAIN.accepts(domain.lower()))):
        return None
    cause = f"{errors.shown(key)} cannot be the key of a label or annotation"
    return Flaw("error", "bad-name", cause, "write NAME or DOMAIN/NAME, the name of letters, digits, '-', '_' and '.'")


def _of_name(slot: Slot, rule: NameRule, name: str) -> Flaw | None:
    if rule.accepts(name):
        if rule is ENV_NAME and not _OLD_ENV_NAME.fullmatch(name):
            cause = f"API servers before Kubernetes 1.34 refuse a variable named {errors.shown(name)}"
            return Flaw("warning", "env-name", cause, "use letters, digits and _, and no digit at the beginning")
        return None
    cause = f"Kubernetes accepts only {rule.words}, not {errors.shown(name)}"
    return Flaw("warning" if slot.refers else "error", "bad-name", cause, _name_remedy(slot, rule, name))


def _name_remedy(slot: Slot, rule: NameRule, name: str) -> str:
    if slot.type.kind == "int-or-string" and name.strip().isdecimal():
        return f"write the number without quotes: {name.strip()}"
    if rule is ENV_NAME:
        return 'write the name alone, and its value as "value:" beside it' if "=" in name else ""
    kept = name if rule is LABEL_VALUE else name.lower()
    near = re.sub("[^A-Za-z0-9.]+" if rule not in {DNS_LABEL, PORT_NAME} else "[^a-z0-9]+", "-", kept).strip("-.")
    return f'write "{near}"' if near and rule.accepts(near) else ""


def of_image(reference: str) -> Flaw | None:
    """Return what is wrong with the reference of an image: the API server takes it, but no image can be pulled."""
    if len(reference) > _LONGEST_IMAGE or _IMAGE.fullmatch(reference):
        return None
    return Flaw(
        "warning", "image-reference", f"{errors.shown(reference)} is not an image reference", _image_remedy(reference)
    )


def _image_remedy(reference: str) -> str:
    name, _, digest = reference.partition("@")
    domain, _, path = name.rpartition("/")
    for right, remedy in (
        (name.partition("://")[2], "leave out {0}://"),
        (reference.strip(), "remove the space around it"),
        (reference.rstrip(":@/"), "remove what is after {1}"),
        (_lower(reference), "write the repository in lower case: {1}"),
        (
            f"{domain}{'/' if domain else ''}{':'.join(path.split(':')[:2])}{'@' if digest else ''}{digest}",
            "write one tag",
        ),
    ):
        if right != reference and _IMAGE.fullmatch(right):
            return remedy.format(name.partition("://")[0], right)
    return "write REGISTRY/REPOSITORY:TAG, or REGISTRY/REPOSITORY@sha256:DIGEST"


def _lower(reference: str) -> str:
    """Return an image reference with its repository, but neither registry nor tag, in lower case."""
    first = reference.partition("/")[0]
    begin = len(first) if "/" in reference and ("." in first or ":" in first) else 0
    end = min(
        (at for mark in ":@" if (at := reference.find(mark, max(begin, reference.rfind("/")))) >= 0),
        default=len(reference),
    )
    return reference[:begin] + reference[begin:end].lower() + reference[end:]
