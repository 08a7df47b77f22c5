"""The code is as its maps and docs/architecture.md describe it: layers, rooms, and the size of modules."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
(LAYERS,) = (contract["layers"] for contract in CONTRACTS if contract.get("containers") == ["webhook"])
MODULES = sorted(path for package in ("webhook", "certs") for path in (ROOT / package).rglob("*.py"))
ROOMS = sorted(path.parent for path in MODULES if path.name == "__init__.py")
LINES = 400


def docstring(path):
    return ast.get_docstring(ast.parse(path.read_text())) or ""


def relative(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("room", ROOMS, ids=relative)
def test_the_map_of_a_room_has_every_module_and_folder(room):
    inside = {path.stem for path in room.glob("*.py") if path.stem != "__init__"}
    inside |= {path.parent.name for path in room.glob("*/__init__.py")}
    words = set(re.findall(r"\w+", docstring(room / "__init__.py")))

    assert inside <= words


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_module_is_too_long(path):
    assert path.read_text().count("\n") <= LINES


def test_the_map_of_the_whole_package_has_the_layers_in_their_order():
    rows = re.findall(r"^    (\w.*)$", docstring(ROOT / "webhook" / "__init__.py"), re.MULTILINE)
    shown = [[part.split()[0] for part in row.split("| ")] for row in rows]

    assert shown == [layer.split(" | ") for layer in LAYERS]


def test_the_page_on_the_architecture_has_the_layers_in_their_order():
    page = (ROOT / "docs" / "architecture.md").read_text()
    (chain,) = re.findall(r"```\n(__main__ > .*?)```", page, re.DOTALL)

    assert [" ".join(layer.split()) for layer in chain.split(">")] == LAYERS


def test_the_page_on_the_architecture_has_a_row_for_every_room():
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {room for layer in LAYERS for room in layer.split(" | ")}

    assert set(re.findall(r"^\| `webhook/(\w+)(?:/|\.py)` \|", page, re.MULTILINE)) == rooms
