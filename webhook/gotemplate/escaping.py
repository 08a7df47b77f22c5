"""What html, js and urlquery do to a string."""

import re
from urllib.parse import quote_plus

from .runes import REPLACEMENT, is_byte, is_print, normal, to_bytes

_HTML = str.maketrans({"\0": REPLACEMENT, '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})

_JS_SPECIAL = re.compile(r"[\\'\"<>&=\0-\x1f]|[^\0-\x7f]")
_JS = {
    "\\": r"\\",
    "'": r"\'",
    '"': r"\"",
    "<": r"\u003C",
    ">": r"\u003E",
    "&": r"\u0026",
    "=": r"\u003D",
}


def html(text: str) -> str:
    """Escape a string for HTML (`template.HTMLEscapeString`)."""
    return text.translate(_HTML)


def js(text: str) -> str:
    """Escape a string for a JavaScript literal (`template.JSEscapeString`)."""
    return _JS_SPECIAL.sub(_js_character, normal(text))


def _js_character(found: re.Match[str]) -> str:
    char = REPLACEMENT if is_byte(found[0]) else found[0]
    if char in _JS:
        return _JS[char]
    if char < " ":
        return f"\\u{ord(char):04X}"
    return found[0] if is_print(char) else f"\\u{ord(char):04X}"


def urlquery(text: str) -> str:
    """Escape a string for a query in a URL (`url.QueryEscape`)."""
    return quote_plus(to_bytes(text), safe="")
