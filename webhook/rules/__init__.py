"""What each code in brackets means, with examples: one source for the command ``rule``, reports of ``lint`` and the tables of the docs.

============== ===============================================================================================
``rule``        what is known about a code
``data``        reads it from the files below
``tables``      the tables of codes in the docs
``findings/``   a file for each code of a problem in a configuration, named after it
``denials``     ``denials.yaml``: the codes of denials, under the headings of their page
``warnings``    ``warnings.yaml``: the codes of warnings about workloads
============== ===============================================================================================

A new code of a problem needs a name in ``problems.ProblemCode`` and a file in ``findings/``; a test names what is missing.

Never in here: finding problems, or deciding what is denied.
"""

from webhook.rules.data import CODES, every, find, finding
from webhook.rules.rule import Family, Rule, plain
from webhook.rules.tables import TABLES, table

__all__ = ["CODES", "TABLES", "Family", "Rule", "every", "find", "finding", "plain", "table"]
