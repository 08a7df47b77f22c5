"""Parts of the configuration that the workload replaces as a whole, so that its author is warned (contract section 7)."""

from collections.abc import Iterator, Mapping
from typing import Any

from webhook import notices
from webhook.notices import Notice
from webhook.rendering import fields, filled_in


def volumes(own: Mapping[str, Any], template: Mapping[str, Any], claims: frozenset[str]) -> list[Notice]:
    """Return a notice about each volume of the workload that replaces a template's volume of another kind.

    Args:
        own: the workload's pod spec.
        template: the PodSpec fields of the configuration.
        claims: names of volumes that the workload defines outside its pod template.
    """
    mine = {volume.get("name"): volume for volume in own.get("volumes") or ()}
    found = []
    for volume in template.get("volumes") or ():
        name = volume.get("name")
        if name in claims:
            found.append(notices.about("claim-replaces-volume", name))
        other = mine.get(name)
        if other is None:
            continue
        kinds = [
            next((key for key, value in one.items() if key != "name" and value is not None), "emptyDir")
            for one in (other, volume)
        ]
        if kinds[0] != kinds[1]:
            found.append(notices.about("volume-replaced", name, *kinds))
    return found


def lists(own: Mapping[str, Any], configured: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield the path of each atomic list of the configuration that gives way to another one of the workload.

    What others fill in makes no difference. The API server itself fills in no atomic list.

    Args:
        own: the workload's pod spec, or its container.
        configured: the PodSpec or Container fields of the configuration.
        path: of both in the pod template.
    """
    for key, value in configured.items():
        mine = own.get(key)
        where = f"{path}.{key}"
        if isinstance(value, list) and mine is not None:
            if not fields.is_itemized(key) and not filled_in.alike(mine, value, key, ""):
                yield where
        elif isinstance(value, dict) and isinstance(mine, dict):
            yield from lists(mine, value, where)
