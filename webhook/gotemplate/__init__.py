"""Go 1.27's text/template in Python: the same output, the same verdict, the same error text.

This package imports nothing but the standard library and could be published alone. Text flows one way through it:
lexer, parser, nodes, compiler (closures), and a rendering runs the closures. `values`, `printing` and `comparison` say
what Go's types make of JSON data. Everything is built once per template and never changed afterwards.

    Template("{{if gt .N 1}}many{{else}}one{{end}}").render({"N": 2})
"""

from .analysis import FunctionUse, VariableUse
from .errors import ExecError, ExecLimitError, LimitError, ParseError, ParseLimitError, TemplateError
from .limits import DEFAULT_LIMITS, Limits
from .state import NoValue
from .template import Template

__all__ = [
    "DEFAULT_LIMITS",
    "ExecError",
    "ExecLimitError",
    "FunctionUse",
    "LimitError",
    "Limits",
    "NoValue",
    "ParseError",
    "ParseLimitError",
    "Template",
    "TemplateError",
    "VariableUse",
]
