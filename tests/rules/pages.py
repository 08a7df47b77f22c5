"""The pages of the docs with tables of codes, which ``python -m tests.rules.pages`` writes anew from the rules."""

import re
from pathlib import Path

from webhook import rules

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("configuration.md", "troubleshooting.md")
TABLE = re.compile(
    r"(?<=<!-- codes: )(?P<group>[\w ]+)( -->\n\n)(?P<table>.*?)(?=\n\n<!-- end of codes -->)", re.DOTALL
)


def written(text):
    """Return a page with its tables as the rules have them."""
    return TABLE.sub(lambda found: f"{found['group']}{found[2]}{rules.table(found['group'])}", text)


def groups():
    return [found["group"] for page in PAGES for found in TABLE.finditer((DOCS / page).read_text(encoding="utf-8"))]


if __name__ == "__main__":
    for name in PAGES:
        page = DOCS / name
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
