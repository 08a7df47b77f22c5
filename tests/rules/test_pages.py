"""The tables of codes in the docs are made from the rules."""

import pytest

from tests.rules import pages
from webhook import rules

REMEDY = "write what a table says in webhook/rules, then: .venv/bin/python -m tests.rules.pages"


@pytest.mark.parametrize("page", pages.PAGES)
def test_the_tables_of_a_page_are_those_of_the_rules(page):
    text = (pages.DOCS / page).read_text(encoding="utf-8")

    assert text == pages.written(text), REMEDY


def test_every_table_is_in_the_docs_once():
    assert sorted(pages.groups()) == sorted(rules.TABLES)


def test_every_rule_is_in_a_table():
    assert {rule.group for rule in rules.every()} <= rules.TABLES.keys()
