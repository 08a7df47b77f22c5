"""Pieces of the formats that CI systems read: JUnit's XML and the workflow commands of GitHub Actions."""

import html
from typing import Literal

from webhook.problems import Span

Level = Literal["error", "warning", "notice"]

#: Characters that XML 1.0 cannot hold, not even escaped.
_NOT_IN_XML = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
    if code not in (0x09, 0x0A, 0x0D)
}


def xml_attributes(**attributes: str) -> str:
    """Return XML attributes; line breaks and tabs are escaped, because a parser turns them into spaces."""
    text = ""
    for name, value in attributes.items():
        escaped = xml_text(value)
        for character in "\t\n\r":
            escaped = escaped.replace(character, f"&#{ord(character)};")
        text += f' {name}="{escaped}"'
    return text


def xml_text(text: str) -> str:
    """Return a text as it can be between XML tags."""
    return html.escape(text.translate(_NOT_IN_XML))


def annotation(level: Level, title: str, text: str, file: str = "", place: Span = Span()) -> str:  # noqa: B008 - immutable
    """Return a workflow command of GitHub Actions, which makes a text appear beside the lines of a file.

    Columns are left out if the place has several lines, because GitHub refuses them there. Source: docs.github.com,
    "Workflow commands for GitHub Actions", and ``toolkit/packages/core/src/command.ts`` for the escapes.

    Args:
        level: how it is shown.
        title: its heading.
        text: its text, which may have several lines.
        file: the path of the file; empty if it is about none.
        place: where in the file.
    """
    properties = {"file": file} if file else {}
    if file and place.line:
        properties["line"] = str(place.line)
        if place.end_line:
            properties["endLine"] = str(place.end_line)
        if place.end_line in (0, place.line):
            properties["col"] = str(place.column)
            if place.end_column:
                properties["endColumn"] = str(place.end_column)
    properties["title"] = title
    given = ",".join(
        f"{key}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in properties.items()
    )
    return f"::{level} {given}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
