"""Go 1.27's text/template in Python: the same output, the same verdict, the same error text.

This package imports nothing but the standard library and could be published alone. Text flows one way through it:
lexer, parser, nodes, compiler (closures), and a rendering runs the closures. `values`, `printing` and `comparison` say
what Go's types make of JSON data. A template is built once; what renderings find out about it on the way (lines, places without a value) is the same for all.

    Template("{{if gt .N 1}}many{{else}}one{{end}}").render({"N": 2})
"""

from .analysis import FunctionUse, UnknownVariable, VariableUse
from .errors import ExecError, ExecLimitError, LimitError, ParseError, ParseLimitError, TemplateError
from .limits import DEFAULT_LIMITS, Limits
from .reach import Failure, Given, Passage, Reach, Unreached
from .state import NoValue
from .template import Template

__all__ = [
    "DEFAULT_LIMITS",
    "ExecError",
    "ExecLimitError",
    "Failure",
    "FunctionUse",
    "Given",
    "LimitError",
    "Limits",
    "NoValue",
    "ParseError",
    "ParseLimitError",
    "Passage",
    "Reach",
    "Template",
    "TemplateError",
    "UnknownVariable",
    "Unreached",
    "VariableUse",
]
