"""Configuration files that are named without saying which configuration they are: files, folders and standard input."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import typer

from webhook import catalog, errors, files
from webhook.cli import options, output

#: What standard input is called in findings.
STANDARD_INPUT = "standard input"

#: Suffixes of the files that are looked at in folders.
_SUFFIXES = (".json", ".yaml", ".yml")

#: Skipped files that are named; the others are only counted.
_NAMED = 3

_WHAT_IS_RIGHT = (
    "a configuration has templates, deployment_templates or gpu_configs at its top, or is the ConfigMap "
    "hydra-runtime-template, hydra-agent or hydra-gpu-configs; "
    "if it is one nevertheless, name it with --templates, --agent or --gpu-configs"
)


def read(paths: Sequence[Path], *, skip_others: bool) -> tuple[catalog.Document, ...]:
    """Return the configurations in these files, below these folders, and for ``-`` in standard input, each once.

    Below folders, hidden folders and files that are not configurations are left out; how many is reported on standard error.

    Args:
        paths: the files and folders, as a user names them.
        skip_others: whether to leave out also files that are named themselves if they are not configurations.

    Raises:
        typer.BadParameter: a path cannot be read, a file is not a configuration or holds two in one document, or there is no
            configuration in any.
    """
    found: dict[str, tuple[catalog.Document, ...]] = {}
    others: list[str] = []
    for path in paths:
        below = path.is_dir()
        for file in _below(path) if below else [path]:
            source = STANDARD_INPUT if str(file) == "-" else os.path.normpath(file)
            if source in found or source in others:
                continue
            content = _content(file)
            recognised = catalog.recognise(content)
            if recognised.mixed:
                keys = " and ".join(catalog.LISTS[kind] for kind in recognised.kinds)
                cause = f"holds {keys}, which belong to different configurations; write each into a file of its own"
                raise typer.BadParameter(f"{source}: {cause}", param_hint="PATH")
            if recognised.kinds:
                found[source] = tuple(catalog.Document(kind, source, content) for kind in recognised.kinds)
            elif below or skip_others:
                others.append(source)
            else:
                cause = f"cannot tell which configuration this is: it {errors.printable(catalog.described(content))}"
                raise typer.BadParameter(f"{source}: {cause}; {_WHAT_IS_RIGHT}", param_hint="PATH")
    if not found and not skip_others:
        names = " ".join(map(str, paths))
        raise typer.BadParameter(f"no configuration below {names}: {_WHAT_IS_RIGHT}", param_hint="PATH")
    if others:
        names = ", ".join(others[:_NAMED]) + (f" and {rest} more" if (rest := len(others) - _NAMED) > 0 else "")
        report = f"skipped {output.counted(len(others), 'file')} without a configuration: {names}"
        output.report(errors.printable(report))
    return tuple(document for documents in found.values() for document in documents)


def together(documents: Sequence[catalog.Document]) -> Callable[[str, str], bool]:
    """Return whether runtime templates and agent entries, by their sources, are used by one webhook.

    A webhook has one document of each. Where there are several of runtime templates, as for several installations, agent entries
    belong to those in their own folder, if these are the only ones there.
    """
    templates = [document.source for document in documents if document.config_kind == "templates"]

    def used_together(template: str, agent: str) -> bool:
        if len(templates) == 1:
            return True
        beside = [source for source in templates if os.path.dirname(source) == os.path.dirname(agent)]  # noqa: PTH120 - as text
        return beside == [template]

    return used_together


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder that may hold a configuration, sorted; larger ones are something else."""

    def refuse(error: OSError) -> None:
        raise typer.BadParameter(f"cannot read {error.filename}: {error.strerror}", param_hint="PATH") from error

    for root, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found = (Path(root) / name for name in sorted(names) if name.endswith(_SUFFIXES))
        yield from (file for file in found if file.is_file() and file.stat().st_size <= files.CONFIGURATION_BYTES)


def _content(file: Path) -> str | bytes:
    """Return what is in a file, or in standard input."""
    if str(file) != "-":
        return options.content(file)
    try:
        text = sys.stdin.read(files.CONFIGURATION_BYTES + 1)
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{STANDARD_INPUT}: not valid UTF-8", param_hint="PATH") from error
    if len(text) > files.CONFIGURATION_BYTES:
        raise typer.BadParameter(
            f"{STANDARD_INPUT}: more than {files.CONFIGURATION_BYTES} characters", param_hint="PATH"
        )
    return text
