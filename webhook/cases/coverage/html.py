"""Coverage as one page for a browser, which needs nothing else: no script, no font, no image from elsewhere."""

from collections.abc import Iterator, Sequence
from html import escape

from webhook.cases.coverage.counted import Counted, Coverage, percent
from webhook.cases.coverage.text import gaps, share

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: #1c2024; background: #fff; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; overflow-wrap: anywhere; }
p { margin: 0 0 1.5rem; color: #4a5560; }
table.parts { border-collapse: collapse; width: 100%; }
.parts th, .parts td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #e3e7eb; }
.parts td.share { white-space: nowrap; padding-left: 1rem; text-align: right; font-variant-numeric: tabular-nums; }
.parts td:nth-child(2) { white-space: nowrap; }
.parts td.bar { width: 35%; padding-right: 0; }
.bar div { height: .6rem; background: #f3c9c5; border-radius: .3rem; overflow: hidden; }
.bar span { display: block; height: 100%; background: #2e7d4f; }
.source { border: 1px solid #e3e7eb; border-radius: .4rem; overflow-x: auto; }
.source table { border-collapse: collapse; font: 13px/1.55 ui-monospace, monospace; min-width: 100%; }
.source td { padding: 0 .75rem; white-space: pre; vertical-align: top; tab-size: 4; }
.source td.number { text-align: right; color: #55606a; user-select: none; border-right: 1px solid #e3e7eb; }
.source td.hits { text-align: right; color: #55606a; }
tr.all td { background: #eaf6ee; } tr.part td { background: #fdf3d7; } tr.none td { background: #fbe6e4; }
tr.gap td { color: #55606a; background: #f6f7f9; padding-left: 1.5rem; }
tr.note td { color: #7a3b00; white-space: pre-wrap; font: 13px/1.5 system-ui, sans-serif; }
mark { background: #f2b8b3; color: inherit; border-radius: .15rem; }
.key span { display: inline-block; padding: 0 .5rem; margin-right: .5rem; border-radius: .2rem; }
"""

#: Lines shown before and after those that count.
_AROUND = 3


def report(coverage: Coverage) -> str:
    """Return the page."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>Coverage of templates: {coverage.percent} %</title><style>{_STYLE}</style></head><body>",
        f"<h1>Coverage of templates: {escape(share(coverage.counted))}</h1>",
        "<p>Actions and branches of templates, roles, agent entries and rows of the GPU table that the cases went through.</p>",
        *_parts(coverage),
        *_sources(coverage),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _parts(coverage: Coverage) -> Iterator[str]:
    yield '<table class="parts"><thead><tr><th>File</th><th>Part</th><th>Gone through</th><th></th></tr></thead><tbody>'
    for source, owner, counted in coverage.owners():
        width = percent(counted)
        yield (
            f'<tr><td><a href="#{_anchor(coverage, source)}">{escape(source)}</a></td><td>{escape(owner)}</td>'
            f'<td class="bar"><div><span style="width:{width}%"></span></div></td>'
            f'<td class="share">{escape(share(counted))}</td></tr>'
        )
    yield "</tbody></table>"


def _anchor(coverage: Coverage, source: str) -> str:
    return f"file-{list(coverage.sources).index(source)}"


def _sources(coverage: Coverage) -> Iterator[str]:
    yield (
        '<p class="key" style="margin-top:1.5rem"><span style="background:#eaf6ee">gone through</span>'
        '<span style="background:#fdf3d7">in part</span><span style="background:#fbe6e4">not at all</span>'
        "The number beside a line says how often.</p>"
    )
    for source, lines in sorted(coverage.sources.items()):
        by_line: dict[int, list[Counted]] = {}
        for one in coverage.counted:
            if one.source == source:
                by_line.setdefault(one.line, []).append(one)
        if by_line:
            yield f'<h2 id="{_anchor(coverage, source)}">{escape(source)}</h2><div class="source"><table><tbody>'
            yield from _rows(lines, by_line)
            yield "</tbody></table></div>"


def _rows(lines: Sequence[str], by_line: dict[int, list[Counted]]) -> Iterator[str]:
    shown = {
        number
        for line in by_line
        for number in range(max(line - _AROUND, 1), min(line + _AROUND, len(lines)) + 1)
    }  # fmt: skip
    last = 0
    for number in sorted(shown):
        if number > last + 1:
            yield f'<tr class="gap"><td colspan="3">… {number - last - 1} lines …</td></tr>'
        last = number
        found = by_line.get(number, [])
        missed = [one for one in found if not one.hits]
        state = "" if not found else "all" if not missed else "none" if len(missed) == len(found) else "part"
        hits = str(max(one.hits for one in found)) if found else ""
        columns = {one.column for one in missed}
        yield (
            f'<tr class="{state}"><td class="number">{number}</td><td class="hits">{hits}</td>'
            f"<td>{_marked(lines[number - 1], columns)}</td></tr>"
        )
        if missed:
            notes = "\n".join(note for _, note in gaps(found))
            yield f'<tr class="note"><td></td><td></td><td>{escape(notes)}</td></tr>'
    if last < len(lines):
        yield f'<tr class="gap"><td colspan="3">… {len(lines) - last} lines …</td></tr>'


def _marked(line: str, columns: set[int]) -> str:
    """Return a line as HTML, with the words at these columns (from 1) marked."""
    pieces, at = [], 0
    for column in sorted(columns):
        begin = min(max(column - 1, at), len(line))
        end = begin
        while end < len(line) and not line[end].isspace() and line[end] not in "{}|()":
            end += 1
        pieces += [escape(line[at:begin]), f"<mark>{escape(line[begin:end])}</mark>" if end > begin else ""]
        at = end
    return "".join([*pieces, escape(line[at:])])
