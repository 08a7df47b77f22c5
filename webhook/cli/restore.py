"""``hydra-webhook restore``: the opposite of ``render``."""

from collections.abc import Mapping
from typing import Any

from webhook import errors, mutation, rendering
from webhook.cli import objects, options, output


def restore(
    filename: options.Files = None,
    more: options.MoreFiles = None,
    output_format: options.ObjectOutput = output.ObjectFormat.YAML,
) -> None:
    """Turn rendered objects back into their bare form.

    The record that rendering leaves in an annotation says what to undo. Objects without a record are printed unchanged.

    Exit status: 0 success, 1 a record cannot be read, 2 wrong usage.
    """
    output.print_changed(objects.read(filename, more), _bare, output_format)


def _bare(value: objects.Object) -> Mapping[str, Any]:
    try:
        return mutation.restore(value, objects.kind_of(value))
    except errors.Denied as denial:
        rendering.record.cannot_be_restored(denial)
        raise
