"""``hydra-webhook restore``: the opposite of ``render``."""

from webhook import mutation
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
    output.print_changed(
        objects.read(filename, more),
        lambda value: mutation.restore(value, objects.kind_of(value)),
        output_format,
    )
