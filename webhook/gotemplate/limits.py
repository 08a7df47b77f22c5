"""How much a template may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one template. Going beyond one raises `LimitError`.

    Attributes:
        text_bytes: size of the template's text in UTF-8.
        nesting: blocks and parentheses inside one another.
        steps: about how many actions and pieces of text one rendering may carry out. Counted are the turns of loops and
            the calls of templates, by the actions in them, and long strings that functions look through.
        output_bytes: size of the output, and also of all strings that functions build on the way.
        call_depth: templates that call one another (Go's own bound is 100,000).
    """

    text_bytes: int = 262_144
    nesting: int = 100
    steps: int = 100_000
    output_bytes: int = 1_048_576
    call_depth: int = 64


DEFAULT_LIMITS = Limits()
"""About 50 ms of work and a few MB at most; a template of a ConfigMap (at most 1 MiB) needs far less."""
