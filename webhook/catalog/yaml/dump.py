"""Objects as YAML that kubectl reads as the same values.

PyYAML writes ``1e3`` and ``y`` without quotes because its own reader takes them for strings; kubectl's does not.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from webhook.catalog.yaml import scalars


class _Dumper(yaml.CSafeDumper):
    """Quotes strings that kubectl would read as something else, writes several lines as a block, and never uses anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write a repeated value out each time instead of using an anchor."""
        del data
        return True


def _string(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|"
    elif not _is_string(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_string(text: str) -> bool:
    try:
        return isinstance(scalars.untagged(text), str)
    except scalars.NoValue:
        return False


_Dumper.add_representer(str, _string)


def dump(value: Mapping[str, Any]) -> str:
    """Return an object as one YAML document, with its keys in their order."""
    return yaml.dump(dict(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000)
