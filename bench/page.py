"""``python -m bench.page``: write docs/performance.md and its plots from the results in bench/saved.

The page has no figure of its own: it is what `bench.sections` makes of the files. Sections whose files are missing are left out.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import layout, plots, sections
from bench.results import Results, ResultsError, load

ROOT = Path(__file__).parents[1]
SAVED = ROOT / "bench" / "saved"
PAGE = "docs/performance.md"
IMAGES = "docs/images"
PREFIX = "performance-"


def results(folder: Path = SAVED) -> dict[str, Results]:
    """Return the results in a folder by bench.

    Raises:
        ResultsError: a file is not one of results, or two are of one bench.
    """
    found: dict[str, Results] = {}
    for path in sorted(folder.glob("*.json")):
        one = load(path)
        if one.bench in found:
            raise ResultsError(f"{path}: a second file of the bench {one.bench!r}; remove one")
        found[one.bench] = one
    return found


def files(found: Mapping[str, Results]) -> dict[str, str]:
    """Return the page and its plots, by path from the root of the project."""
    shown = [section for section in sections.SECTIONS if section.bench in found]
    drawn: dict[str, str] = {}
    parts = [sections.HEAD.strip(), _machine(found), sections.NOT_SHOWN.strip()]
    for section in shown:
        parts += _section(section, found[section.bench], drawn)
    return {PAGE: "\n\n".join(parts) + "\n", **drawn}


def stale(written: Mapping[str, str], root: Path = ROOT) -> list[str]:
    """Return the plots of earlier pages that this page does not have."""
    there = (f"{IMAGES}/{path.name}" for path in sorted((root / IMAGES).glob(f"{PREFIX}*.svg")))
    return [path for path in there if path not in written]


def write(written: Mapping[str, str], root: Path = ROOT) -> None:
    """Write the page and its plots, and remove plots that it no longer has."""
    for path, text in written.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    for path in stale(written, root):
        (root / path).unlink()


def _section(section: layout.Section, found: Results, drawn: dict[str, str]) -> list[str]:
    method = "; ".join(
        f"{key}: {value if isinstance(value, str) else plots.number(value)}" for key, value in found.method.items()
    )
    about = f"`{section.command}`, {found.date}. {method}."
    parts = [f"## {section.heading}", section.text.strip(), about]
    for part in section.parts:
        if isinstance(part, layout.Table):
            parts.append(layout.table(part, found))
        elif isinstance(part, layout.Bars | layout.Curves):
            svg = layout.bars(part, found) if isinstance(part, layout.Bars) else layout.curves(part, found)
            if svg:
                name = f"{PREFIX}{section.bench.replace(' ', '-')}{f'-{part.name}' if part.name else ''}.svg"
                drawn[f"{IMAGES}/{name}"] = svg
                parts.append(f"![{part.title}](images/{name})")
        else:
            parts.append(part(found))
    return [part for part in (*parts, section.closing.strip()) if part]


def _machine(found: Mapping[str, Results]) -> str:
    """Return a table of what the figures were measured on; facts in which the files differ name the benches."""
    facts: dict[str, dict[str, list[str]]] = {}
    for bench, one in found.items():
        for fact, value in one.machine.items():
            facts.setdefault(fact, {}).setdefault(value, []).append(bench)
    lines = ["| measured on | |", "|---|---|"]
    lines += (f"| {fact} | {_values(values)} |" for fact, values in facts.items())
    return "\n".join(lines) if facts else ""


def _values(values: Mapping[str, Sequence[str]]) -> str:
    if len(values) == 1:
        return next(iter(values))
    return "; ".join(f"{value} ({', '.join(benches)})" for value, benches in values.items())


def main(words: Sequence[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__).parse_args(words)
    try:
        found = results()
    except ResultsError as error:
        raise SystemExit(str(error)) from None
    if unknown := found.keys() - {section.bench for section in sections.SECTIONS}:
        raise SystemExit(f"bench/sections.py has no section for {', '.join(sorted(unknown))}")
    written = files(found)
    write(written)
    print(f"{PAGE} and {len(written) - 1} plots, from {len(found)} files in {SAVED.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
