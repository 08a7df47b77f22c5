"""Objects as YAML that kubectl reads as the same values.

PyYAML writes ``1e3`` and ``y`` without quotes, since its own reader takes them for strings; kubectl's does not.
"""

from collections.abc import Mapping
from typing import Any

import yaml

from webhook.catalog import scalars


class _Dumper(yaml.CSafeDumper):
    """Quotes what kubectl would not read as a string, writes longer texts as blocks, and never uses anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal values out each time: objects have no anchors."""
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
    """Return an object as one YAML document, its keys in their order."""
    return yaml.dump(dict(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000)
