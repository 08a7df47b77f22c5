"""How much a template may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one template. Going beyond one raises `LimitError`.

    Attributes:
        text_bytes: size of the template's text in UTF-8.
        nesting: blocks and parentheses inside one another.
        steps: about how many actions, functions and pieces of text one rendering may carry out. Counted are the turns
            of loops and the calls of templates, by what is in them, and whatever takes functions long: long strings,
            lists and layouts. Of two branches the longer one counts. What else stands outside loops is bounded by the
            text's size.
        output_bytes: size of the output, and also of all strings that functions build on the way.
        call_depth: templates that call one another (Go's own bound is 100,000).
    """

    text_bytes: int = 262_144
    nesting: int = 100
    steps: int = 100_000
    output_bytes: int = 1_048_576
    call_depth: int = 64


DEFAULT_LIMITS = Limits()
"""One rendering: about 50 ms of work, at most a few times that, and a few MB beside data and output. Reading takes time
and memory in proportion to the text: a text that is nothing but actions takes about 4 µs and 200 bytes a character."""
