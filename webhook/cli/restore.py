"""``hydra-webhook restore``: the opposite of ``render``."""

from collections.abc import Mapping
from typing import Any

from webhook import errors, mutation, rendering, workload
from webhook.cli import changes, object_files, objects, options, output


def restore(
    filename: options.Files = None,
    more: options.MoreFiles = None,
    output_format: options.ObjectOutput = output.ObjectFormat.YAML,
    *,
    recursive: options.Recursive = False,
) -> None:
    """Turn rendered objects back into their bare form.

    The record that rendering leaves in an annotation says what to undo. Objects without a record are printed unchanged, and standard
    error says so.

    Exit status: 0 success, 1 a record cannot be read, 2 wrong usage, or a file could not be read.
    """
    before = object_files.read(filename, more, recursive=recursive)
    object_files.report_garbage(before)
    changes.print_changed(before, _restored, output_format)


def _restored(one: object_files.Located) -> Mapping[str, Any]:
    """Return the bare form of an object, after reporting that there is nothing to restore if there is not."""
    try:
        found = mutation.restore(one.value, objects.kind_of(one.value))
    except errors.Denied as denial:
        rendering.record.cannot_be_restored(denial)
        raise
    if found == one.value:
        name = f"{one.value['kind']} {objects.full_name(one.value, 'default')}"
        cause = f"it is left as it is: it has no record (annotation {workload.RECORD})"
        output.report(f"{one.place()}{name}: {cause}")
    return found
