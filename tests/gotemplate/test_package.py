"""The engine could be published alone: it needs only the standard library, and its maps are complete."""

import ast
import importlib
import pkgutil
import re
import sys
from pathlib import Path

import pytest

from webhook import gotemplate

ROOT = Path(gotemplate.__path__[0])
PACKAGES = [
    gotemplate.__name__,
    *(module.name for module in pkgutil.walk_packages([str(ROOT)], f"{gotemplate.__name__}.") if module.ispkg),
]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_only_the_standard_library_and_its_own_package(path: Path) -> None:
    depth = len(path.relative_to(ROOT).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level <= depth, ast.unparse(node)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names, ast.unparse(node)


@pytest.mark.parametrize("name", PACKAGES)
def test_the_docstring_of_a_folder_lists_every_module_in_it_and_no_other(name: str) -> None:
    package = importlib.import_module(name)
    listed = re.findall(r"^- `(\w+)/?`: ", package.__doc__ or "", re.MULTILINE)
    assert sorted(listed) == sorted(module.name for module in pkgutil.iter_modules(package.__path__))
