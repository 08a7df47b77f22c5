"""``python -m tests.proportion.counting SMALL LARGE [NAME…]``: how much work decisions take, for bodies of two sizes, as JSON.

Work is counted, not timed. The product's modules are rewritten while they are imported: each call and each turn of a loop or
comprehension counts 1, and so does each element that Python handles in C behind one expression: what ``in`` may search, ``==`` may
compare or an encoder walk, and a display, slice, concatenation or built-in function copies or walks. Text counts 1 for each 64 characters.
"""

import ast
import importlib.abc
import importlib.machinery
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import BuiltinFunctionType, CodeType, MethodDescriptorType, ModuleType, WrapperDescriptorType
from typing import Any

#: difflib is the only module of the standard library whose work on names is more than proportional.
REWRITTEN = ("webhook", "difflib")

#: Built-in functions and methods that look at no more than one element of what they are given.
_CONSTANT = frozenset(
    [
        "len",
        "isinstance",
        "issubclass",
        "type",
        "id",
        "get",
        "append",
        "setdefault",
        "pop",
        "add",
        "bool",
        "getattr",
        "hasattr",
        "hash",
        "iter",
        "next",
        "enumerate",
        "repeat",
        "items",
        "keys",
        "values",
        "startswith",
        "endswith",
        "removeprefix",
        "spend",
        "appendleft",
        "popleft",
        "discard",
        "cast",
        "setattr",
        "callable",
        "bisect_left",  # to its logarithm
    ]
)
#: Methods that walk the object they belong to.
_WALKING = frozenset(
    [
        "index",
        "count",
        "remove",
        "copy",
        "join",
        "split",
        "rsplit",
        "replace",
        "strip",
        "rstrip",
        "lstrip",
        "encode",
        "decode",
        "isprintable",
        "isascii",
        "sort",
    ]
)
#: Functions that walk all that is inside of what they are given.
_SERIALISING = frozenset(["encode", "json_encode", "msgpack_encode", "dumps", "to_builtins"])
_BUILT_IN = (BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType, type)
_ELEMENTS = (list, tuple, dict, set, frozenset, type({}.keys()), type({}.values()), type({}.items()))


class Meter:
    """Counts. Rewritten code calls these methods in place of its own expressions."""

    def __init__(self) -> None:
        self.work = 0

    def size(self, value: object) -> int:
        if isinstance(value, _ELEMENTS):
            return len(value)
        return len(value) // 64 if isinstance(value, str | bytes) else 0

    def all_in(self, value: object) -> int:
        """Return how many elements a value has, and those in it."""
        found, holders = self.size(value), [value]
        while holders:
            holder = holders.pop()
            inside = holder.values() if isinstance(holder, dict) else holder if isinstance(holder, list | tuple) else ()
            found += sum(len(inner) // 64 for inner in inside if isinstance(inner, str))
            within = [inner for inner in inside if isinstance(inner, dict | list | tuple)]
            found += sum(map(len, within))
            holders += within
        return found

    def each(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.work += 1
            yield item

    def made(self, value: Any) -> Any:
        self.work += self.size(value)
        return value

    def holds(self, item: Any, holder: Any) -> bool:
        self.work += 1 if isinstance(holder, dict | set | frozenset) else self.size(holder)
        return item in holder

    def equal(self, one: Any, other: Any) -> Any:
        found = one == other
        self.work += self.all_in(one) if found else min(self.size(one), self.size(other))
        return found

    def unequal(self, one: Any, other: Any) -> Any:
        return not self.equal(one, other)

    def call(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        self.work += 1
        if isinstance(function, _BUILT_IN) and function.__name__ not in _CONSTANT:
            self.work += sum(map(self.all_in if function.__name__ in _SERIALISING else self.size, args))
            if function.__name__ in _WALKING:
                self.work += self.size(getattr(function, "__self__", None))
            return self.made(function(*args, **options))
        return function(*args, **options)


METER = Meter()


class _Rewriter(ast.NodeTransformer):
    """Puts the meter into a module."""

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if len(node.ops) > 1:
            return node
        match node.ops[0]:
            case ast.In():
                return self._metered("holds", node.left, node.comparators[0])
            case ast.NotIn():
                return ast.UnaryOp(ast.Not(), self._metered("holds", node.left, node.comparators[0]))
            case ast.Eq():
                return self._metered("equal", node.left, node.comparators[0])
            case ast.NotEq():
                return self._metered("unequal", node.left, node.comparators[0])
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return node
        node.args.insert(0, node.func)
        node.func = ast.Attribute(ast.Name("__meter__", ast.Load()), "call", ast.Load())
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        node.iter = self._metered("each", node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        self.generic_visit(node)
        node.iter = self._metered("each", node.iter)
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        self.generic_visit(node)
        node.body.insert(0, ast.Expr(self._metered("call", ast.Name("bool", ast.Load()))))
        return node

    def _copies(self, node: Any) -> ast.expr:
        self.generic_visit(node)
        return self._metered("made", node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        return self._copies(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return self._copies(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        return (
            self._copies(node)
            if isinstance(node.slice, ast.Slice) and isinstance(node.ctx, ast.Load)
            else self._kept(node)
        )

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        return self._copies(node) if None in node.keys else self._kept(node)

    def _display(self, node: Any) -> ast.expr:
        copies = any(isinstance(item, ast.Starred) for item in node.elts) and isinstance(
            getattr(node, "ctx", ast.Load()), ast.Load
        )
        return self._copies(node) if copies else self._kept(node)

    def visit_List(self, node: ast.List) -> ast.expr:
        return self._display(node)

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        return self._display(node)

    def visit_Set(self, node: ast.Set) -> ast.expr:
        return self._display(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        return self._kept(node) if node.format_spec is None else node  # a specification may only hold plain f-strings

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return node  # an annotation

    def _kept(self, node: Any) -> Any:
        self.generic_visit(node)
        return node

    def _metered(self, method: str, *args: ast.expr) -> ast.expr:
        return ast.Call(ast.Attribute(ast.Name("__meter__", ast.Load()), method, ast.Load()), list(args), [])


def rewritten(source: bytes | str, path: str) -> CodeType:
    """Return the code of a module that counts its work in its global ``__meter__``."""
    tree = _Rewriter().visit(ast.parse(source, path))
    return compile(ast.fix_missing_locations(tree), path, "exec")


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return rewritten(self.get_data(path), path)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__meter__"] = METER
        super().exec_module(module)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.split(".", maxsplit=1)[0] not in REWRITTEN:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


def rewrite_imports() -> None:
    """From now on, rewrite modules while they are imported."""
    sys.modules.pop("difflib", None)
    sys.meta_path.insert(0, _Finder())


def counted(small: int, large: int, names: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    """Return size and work of the decision about a small and a large body, by the body's name.

    The size is that of the part that grows: a rendered object is larger by its record, which costs little.
    """
    rewrite_imports()
    # only now, so that what they import is rewritten
    from tests.proportion import bodies, deciding  # noqa: PLC0415
    from webhook import jsonshape  # noqa: PLC0415

    jsonshape.MOST_VALUES = jsonshape.MOST_DECODED = 10**9  # the law holds without this bound
    builds = bodies.builds()
    decide = deciding.decide
    decide(json.dumps(bodies.review(bodies.pod({}))).encode())  # what the first request computes once

    def measured(name: str, size: int) -> tuple[int, int]:
        body = json.dumps(builds[name](size), separators=(",", ":")).encode()
        before = METER.work
        decide(body)
        return size, METER.work - before

    return {name: [measured(name, small), measured(name, large)] for name in names or builds}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(counted(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])))
