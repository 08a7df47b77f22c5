"""What the cases of tests go through: actions and branches of templates, roles, agent entries, rows of the GPU table.

::

    counted     what can be gone through, with its place in the user's own file
    collect     counts what cases go through
    text        a report for a terminal
    lcov        a report for editors and services
    html        a report for a browser

Only what a test file names is counted: the built-in configuration has tests of its own.

Never in here: I/O, or a second way to render. Templates are watched while the code of requests renders them.
"""

from webhook.cases.coverage import html, lcov, text
from webhook.cases.coverage.collect import Collector
from webhook.cases.coverage.counted import Counted, Coverage, percent

__all__ = ["Collector", "Counted", "Coverage", "html", "lcov", "percent", "text"]
