"""Go 1.27's text/template in Python: the same output, the same verdict, the same error text.

    Template("{{if gt .N 1}}many{{else}}one{{end}}").render({"N": 2})

The package needs only the standard library, and all its imports are relative: a copy works under any name. Each folder
is named after the Go package that it mirrors. A module may import from the rooms below its own, never from those above:

- `template`: parses and compiles a text once and renders it any number of times, from any number of threads
- `analysis/`: what can be known of a template without rendering it; Go has no counterpart
- `exec/`: parse trees to closures, the predefined functions, and the state of a rendering
- `parse/`: text to parse trees
- `fmt/`: values to text, and strings as Go sees them (Go's fmt and strconv)
- `limits`: how much a template may ask for, and how much a rendering may still use
- `values`: which Go type a JSON value has
- `errors`: the exceptions

Never here: anything about Kubernetes, runtimes or this webhook.
"""

from .analysis.alterations import Alteration, AlterationKind, alterations
from .analysis.points import Point
from .analysis.reach import Failure, Given, Passage, Reach, Unreached
from .analysis.variables import UnknownVariable, VariableUse
from .errors import ExecError, ExecLimitError, LimitError, ParseError, ParseLimitError, TemplateError, excerpt
from .exec.state import NoValue
from .limits import DEFAULT_LIMITS, Budget, Limits
from .template import Template

__all__ = [
    "DEFAULT_LIMITS",
    "Alteration",
    "AlterationKind",
    "Budget",
    "ExecError",
    "ExecLimitError",
    "Failure",
    "Given",
    "LimitError",
    "Limits",
    "NoValue",
    "ParseError",
    "ParseLimitError",
    "Passage",
    "Point",
    "Reach",
    "Template",
    "TemplateError",
    "UnknownVariable",
    "Unreached",
    "VariableUse",
    "alterations",
    "excerpt",
]
