"""The switch ``--update-golden``: golden cases get the outcome that the code has now.

Only case files whose outcome changed are written, and in them only the outcome: the object or its changes, the denial,
the warnings, the audit annotations. Pieces of a message that a denial no longer holds give way to the whole message. A
case without a decision (``http``, ``errored``) holds nothing that could be generated.

The run reports each file that it wrote and passes: what the new outcomes are worth is for the reader of the diff.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonpatch
import pytest
import yaml

from tests import golden_cases, yaml_edits
from webhook import admission, catalog, mutation, notices, rendering, review

_ABSENT = object()


def of_session(session: pytest.Session) -> None:
    """Update the cases of the selected tests, which then hold the code against the new outcomes."""
    parameters = (getattr(item, "callspec", None) for item in session.items)
    cases = [one.params["case"] for one in parameters if one is not None and "case" in one.params]
    session.config.stash[_REWRITTEN] = update({case.name: case for case in cases}.values())


def summarize(terminal: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report the files that were written."""
    rewritten = config.stash.get(_REWRITTEN, [])
    terminal.section("golden cases")
    for path in rewritten:
        terminal.line(f"rewrote {path}")
    terminal.line(
        f"{len(rewritten)} rewritten; read the diff before you commit it" if rewritten else "none had changed"
    )


def update(cases: Iterable[golden_cases.Case]) -> list[Path]:
    """Write the outcome of each case whose outcome changed, in the case as well, and return the files written."""
    rewritten = []
    for case in sorted(cases, key=lambda one: one.name):
        if case.keys.keys() & {"http", "errored"}:
            continue
        text = case.path.read_text(encoding="utf-8")
        document = case.document(_outcome(case))
        if yaml_edits.same(document, yaml.safe_load(text)):
            continue
        case.path.write_text(yaml_edits.replaced(text, document), encoding="utf-8")
        case.keys.clear()
        case.keys.update(golden_cases.load(case.path).keys)
        rewritten.append(case.path)
    return rewritten


def _outcome(case: golden_cases.Case) -> dict[str, Any]:
    """Return what the case should say, as far as this module writes it; what still holds is as it was."""
    response, in_full = _response(case)
    if not response["allowed"]:
        return {"denied": _denied(case, response["status"])}
    outcome: dict[str, Any] = {}
    if warnings := response.get("warnings"):
        outcome["warnings"] = warnings
        if in_full != warnings:
            outcome["warnings in full"] = in_full
    if "patch" not in response:
        return {"unchanged": True, **outcome}
    if "audit" in case.keys:
        outcome["audit"] = {key: value for key, value in response["auditAnnotations"].items() if key != "revision"}
    after = jsonpatch.apply_patch(case.object, json.loads(base64.b64decode(response["patch"])))
    golden_cases.take_records(after)
    if "result" in case.keys or ("changes" not in case.keys and "object" in case.keys):
        return {"result": after, **outcome}
    return {"changes": _changes(case, after), **outcome}


def _response(case: golden_cases.Case) -> tuple[dict[str, Any], list[str]]:
    """Return the AdmissionResponse, and the warnings as the command line prints them."""
    kinds = [(key, text) for key, text in case.configuration if key in golden_cases.CONFIGURATION]
    snapshot = catalog.build([catalog.Document(kind, f"{kind}.yaml", text) for kind, text in kinds], None)
    state = rendering.State(snapshot, golden_cases.settings(case.keys.get("settings", {})))
    body = json.dumps(
        {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": case.request}
    ).encode()
    response = json.loads(review.decide(body, mutation.handle, state).body)["response"]
    if not response["allowed"]:
        return response, []
    return response, notices.in_full(mutation.handle(admission.parse(body), state).response.notices)


def _denied(case: golden_cases.Case, status: dict[str, Any]) -> dict[str, Any]:
    message, _, code = status["message"].removesuffix("]").rpartition(" [")
    pieces = case.keys.get("denied", {}).get("says", [message])
    holding = [piece for piece in pieces if piece in status["message"]]
    says = holding if len(holding) == len(pieces) else [*holding, message]
    return {"http_status": status["code"], "code": code, "says": says}


def _changes(case: golden_cases.Case, after: Any) -> dict[str, Any]:
    """Return what changed by JSON pointer, under the pointers that the case uses as far as they still differ."""
    before, named = case.object, {}
    for pointer in case.keys.get("changes", {}):
        new = _at(after, pointer)
        if new is not _ABSENT or _at(case.object, pointer) is not _ABSENT:
            named[pointer] = None if new is _ABSENT else new
            golden_cases.put(before, pointer, named[pointer])
    return {**named, **dict(_differences(before, after, ""))}


def _at(value: Any, pointer: str) -> Any:
    for part in (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]):
        if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return _ABSENT
    return value


def _differences(before: Any, after: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            below = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if key not in after or key not in before:
                yield below, after.get(key)
            else:
                yield from _differences(before[key], after[key], below)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, f"{pointer}/{index}")
    elif not yaml_edits.same(before, after):
        yield pointer, after


_REWRITTEN = pytest.StashKey[list[Path]]()
