"""What html, js and urlquery do to a string."""

import re

from ..fmt.runes import REPLACEMENT, escaped, is_byte, is_print, normal, to_bytes

_HTML = {"&": "&amp;", "\0": REPLACEMENT, '"': "&#34;", "'": "&#39;", "<": "&lt;", ">": "&gt;"}
"""The ampersand first: the others bring one."""

_JS_PLAIN = re.compile(r"[ !#-%(-;?-\[\]-\x7f]*")
_JS = {
    "\\": r"\\",
    "'": r"\'",
    '"': r"\"",
    "<": r"\u003C",
    ">": r"\u003E",
    "&": r"\u0026",
    "=": r"\u003D",
}
_URL = {
    byte: "+" if byte == ord(" ") else f"%{byte:02X}"
    for byte in range(256)
    if not (byte < 128 and chr(byte).isalnum()) and chr(byte) not in "-_.~"
}


def html(text: str) -> str:
    """Escape a string for HTML (`template.HTMLEscapeString`)."""
    for char, escape in _HTML.items():
        text = text.replace(char, escape)
    return text


def js(text: str) -> str:
    """Escape a string for a JavaScript literal (`template.JSEscapeString`)."""
    if _JS_PLAIN.fullmatch(text):
        return text
    return escaped(normal(text), _js_character)


def _js_character(char: str) -> str:
    if char in _JS:
        return _JS[char]
    known = REPLACEMENT if is_byte(char) else char
    return char if char == "\x7f" or is_print(known) else f"\\u{ord(known):04X}"


def urlquery(text: str) -> str:
    """Escape a string for a query in a URL (`url.QueryEscape`)."""
    return to_bytes(text).decode("latin-1").translate(_URL)
