"""Golden cases: one file each in ``tests/golden/section-N/``, where N is the section of the contract that the case tests.

A ``NAME.hydra-test.yaml`` has the format of ``hydra-webhook test``, which runs it too (docs/testing.md), with one case that holds
everything itself: its configurations, or the files in tests/golden/defaults; the object; the whole object afterwards as
``snapshot`` and the exact warnings as they are sent, or the denial.

A ``NAME.yaml`` is a case that a test file cannot express, because it is no creation of an object, or because of what else it holds.
Its keys::

    says          the rule in one sentence
    object        what is created; or
    review        name of a recorded review in tests/reviews, whose object is used
    request       more fields of the review's request; namespace, operation and dryRun are the usual ones
    templates, agent, gpu-configs   the configurations as YAML; the first two default to the files in tests/golden/defaults
    settings      constants that differ from their defaults
    only          "server" for what cannot be expressed on the command line

and one of::

    result        the whole object afterwards, without the record
    changes       JSON pointer to the value there afterwards (null: none); everything else is unchanged
    unchanged     true
    denied        http_status, the denial's code, and pieces of text that the message must contain
    errored       true: the answer when rendering fails because of a bug
    http          an HTTP call: method, type, body or the name of a recorded review, the size in bytes to which it is padded
                  with spaces, and the HTTP status of the answer

and, with any of the first three, ``warnings``, the exact list; ``warnings in full``, what the command line prints where that
differs; and ``audit``, the audit annotations without the revision.

``pytest tests/test_golden.py --update-golden`` writes the present outcome into the cases whose outcome has changed
(``golden_update``); ``-k`` selects cases.
"""

import copy
import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from webhook.cli import options
from webhook.errors import Denied, NotReady
from webhook.settings import Settings

GOLDEN = Path(__file__).parent / "golden"
REVIEWS = Path(__file__).parent / "reviews"

RECORD = "hydra.io/rendered"
CONFIGURATION = ("templates", "agent", "gpu-configs")
WARNINGS = ("warnings", "warnings in full")
TEST_FILE = ".hydra-test.yaml"
OUTCOMES = ("result", "changes", "unchanged", "denied", "errored", "http")
#: Keys that an update writes.
WRITTEN = ("result", "changes", "unchanged", "denied", *WARNINGS, "audit")
_KEYS = {"says", "object", "review", "request", "settings", "only", "audit", *WARNINGS, *CONFIGURATION, *OUTCOMES}


#: How the settings of a case are read that are not strings.
_READERS: dict[str, Callable[[Any], Any]] = {"model_port": int, "ray_port": int, "known_keys": options.keys}


def settings(constants: Mapping[str, Any]) -> Settings:
    """Return the settings of a case, as the options of a server would set them."""
    return Settings(**{key: _READERS.get(key, str)(value) for key, value in constants.items()})


@dataclass(frozen=True, slots=True)
class Case:
    """One case file."""

    name: str
    path: Path
    keys: dict[str, Any]
    request: dict[str, Any]

    @property
    def object(self) -> dict[str, Any]:
        return copy.deepcopy(self.request["object"])

    @property
    def configuration(self) -> tuple[tuple[str, str], ...]:
        """Return the configurations by kind and the settings. Cases for which both are equal share a server."""
        defaults = {kind: _default(kind) for kind in ("templates", "agent")}
        configurations = {**defaults, **{kind: self.keys[kind] for kind in CONFIGURATION if kind in self.keys}}
        settings = {key: str(value) for key, value in self.keys.get("settings", {}).items()}
        return (*configurations.items(), *settings.items())

    def document(self, outcome: dict[str, Any]) -> dict[str, Any]:
        """Return what the file should hold for a case with this outcome, which has the keys of a ``NAME.yaml``."""
        if not is_test_file(self.path):
            return {**{key: value for key, value in self.keys.items() if key not in WRITTEN}, **outcome}
        file = _read(self.path)
        assert "warnings in full" not in outcome, f"{self.name}: its format cannot hold warnings in two forms"
        if "denied" in outcome:
            pieces = outcome["denied"]["says"]
            message = pieces[0] if len(pieces) == 1 else pieces
            expect = {"denied": {"code": outcome["denied"]["code"], "message": message}}
        else:
            expect = {"snapshot": outcome.get("result", self.object), "warnings": outcome.get("warnings", [])}
        (case,) = file["cases"]
        return {**file, "cases": [{**case, "expect": expect}]}

    @property
    def expected(self) -> dict[str, Any]:
        """Return the whole object that is expected afterwards, without records."""
        if "result" in self.keys:
            return self.keys["result"]
        value = self.object
        for pointer, new in self.keys.get("changes", {}).items():
            put(value, pointer, new)
        return value

    def warnings(self, way: str) -> list[str]:
        """Return the warnings that the ``live server`` sends, or those that the ``command line`` prints."""
        sent: list[str] = self.keys.get("warnings", [])
        return self.keys.get("warnings in full", sent) if way == "command line" else sent


def _read(path: Path) -> Any:
    """Return the content of a YAML file, by libyaml: there are hundreds of them, and many test modules need them all."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


def is_test_file(path: Path) -> bool:
    return path.name.endswith(TEST_FILE)


def load(path: Path) -> Case:
    keys = _read(path)
    name = f"{path.parent.name}/{path.name.removesuffix(TEST_FILE).removesuffix('.yaml')}"
    if is_test_file(path):
        keys = _keys_of(keys)
    assert not (unknown := keys.keys() - _KEYS), f"{name}: {unknown}"
    assert sum(key in keys for key in OUTCOMES) == 1, f"{name}: one outcome is needed"
    if "review" in keys:
        return Case(name, path, keys, {**json.loads(recorded(keys["review"]))["request"], **keys.get("request", {})})
    return Case(name, path, keys, _request(keys) if "object" in keys else {})


def _keys_of(file: dict[str, Any]) -> dict[str, Any]:
    """Return the keys that a case of a test file would have in a ``NAME.yaml``."""
    (case,) = file["cases"]
    keys: dict[str, Any] = {"says": case["name"], "object": case["workload"]}
    for kind in CONFIGURATION:
        given = file.get("gpuConfigs" if kind == "gpu-configs" else kind)
        if given != f"../defaults/{kind}.yaml" and given is not None:
            keys[kind] = given
    if "settings" in file:
        keys["settings"] = file["settings"]
    if "namespace" in case:
        keys["request"] = {"namespace": case["namespace"]}
    expect = case["expect"]
    if denied := expect.get("denied"):
        said = denied["message"]
        status = NotReady.http_status if denied["code"] == "configuration-missing" else Denied.http_status
        keys["denied"] = {
            "http_status": status,
            "code": denied["code"],
            "says": [said] if isinstance(said, str) else said,
        }
        return keys
    left_alone = expect["snapshot"] == case["workload"]
    keys.update({"unchanged": True} if left_alone else {"result": expect["snapshot"]})
    if expect["warnings"]:
        keys["warnings"] = expect["warnings"]
    return keys


def recorded(review: str) -> bytes:
    """Return an AdmissionReview as an API server sent it."""
    return (REVIEWS / f"{review}.json").read_bytes()


@functools.cache
def _default(kind: str) -> str:
    return (GOLDEN / "defaults" / f"{kind}.yaml").read_text(encoding="utf-8")


def _request(keys: dict[str, Any]) -> dict[str, Any]:
    value = keys["object"]
    group, _, version = value["apiVersion"].rpartition("/")
    return {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": group, "version": version, "kind": value["kind"]},
        "name": value["metadata"].get("name", ""),
        "namespace": "default",
        "operation": "CREATE",
        "object": value,
        **keys.get("request", {}),
    }


def put(value: Any, pointer: str, new: Any) -> None:
    """Set the value at a JSON pointer, or remove it if ``new`` is None."""
    *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    for part in parents:
        value = value[int(part)] if isinstance(value, list) else value.setdefault(part, {})
    if isinstance(value, list):
        value[int(last) : int(last) + 1] = [] if new is None else [new]
    elif new is None:
        del value[last]
    else:
        value[last] = new


def pod_templates(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a rendered object that have a record: the Pod itself, or the LeaderWorkerSet's pod templates."""
    if value["kind"] == "Pod":
        return [value]
    group = value["spec"]["leaderWorkerTemplate"]
    return [group[key] for key in ("leaderTemplate", "workerTemplate") if key in group]


def take_records(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Remove the records from an object and return them, after checking each against the pod template it was in."""
    records = []
    for template in pod_templates(value):
        metadata = template.get("metadata", {})
        if RECORD not in metadata.get("annotations", {}):
            continue
        record = json.loads(metadata["annotations"].pop(RECORD))
        assert record["version"] == 1
        assert record["runtime"] == metadata["labels"]["hydra.io/runtime"]
        assert record["model"] == metadata["labels"]["hydra.io/model-id"]
        assert record["container"] in [container["name"] for container in template["spec"]["containers"]]
        records.append(record)
    return records


CASES = [load(path) for path in sorted(GOLDEN.glob("section-*/*.yaml"))]

#: By section: each row of the contract's tables, with the names of the cases that test it.
ROWS: dict[str, dict[str, list[str]]] = _read(GOLDEN / "rows.yaml")
