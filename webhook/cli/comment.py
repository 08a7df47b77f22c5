"""What a change of configuration does to workloads, as Markdown: a comment on a pull request, with details to unfold.

GitHub's and GitLab's Markdown. Whatever names and values hold, they stay text: they are written in code, in which nobody is
mentioned and nothing is a link.
"""

import html
import re
from collections.abc import Iterator, Sequence

from webhook import catalog, errors, whatif
from webhook.cli import effects, output

#: Characters of a comment. GitHub accepts 65,536, GitLab a million.
LIMIT = 60_000

#: Characters that are kept free for what ends a comment.
_END = 1_500

#: Errors, runtimes, workloads of an outcome, and lines of one that are shown, before the rest is only counted.
_ERRORS, _RUNTIMES, _WORKLOADS, _LINES = 10, 50, 50, 200

#: Characters of a name, and of a line.
_NAME, _LINE = 130, 500


def markdown(summary: whatif.Summary, problems: Sequence[catalog.Problem]) -> str:
    """Return a plan as Markdown of at most ``LIMIT`` characters; what does not fit is counted.

    Args:
        summary: the plan.
        problems: errors of the new configuration.
    """
    parts = [f"### {_title(summary)}", *_errors(problems), *_table(summary)]
    room = LIMIT - _END - sum(len(part) + 2 for part in parts)
    left_out: list[whatif.Outcome] = []
    for outcome in effects.told(summary):
        section = _section(outcome)
        if left_out or len(section) + 2 > room:
            left_out.append(outcome)
        else:
            parts.append(section)
            room -= len(section) + 2
    if left_out:
        workloads = sum(len(one.workloads) for one in left_out)
        parts.append(
            f"{output.counted(len(left_out), 'more outcome')} of {output.counted(workloads, 'workload')}: not shown, for lack of room"
        )
    parts += effects.notes(summary)
    return "\n\n".join(parts) + "\n"


def _title(summary: whatif.Summary) -> str:
    if not summary.changes:
        return "Plan: nothing changes"
    affected = sum(len(one.workloads) for one in summary.outcomes if one.effect in whatif.PLAN_CHANGES)
    total = sum(summary.total.values())
    return f"Plan: {affected} of {output.counted(total, 'workload')} {'changes' if affected == 1 else 'change'}"


def _errors(problems: Sequence[catalog.Problem]) -> Iterator[str]:
    if not problems:
        return
    yield f"**{effects.refused(problems)}.**"
    lines = [f"- {_code(str(one), _LINE)}" for one in problems[:_ERRORS]]
    if len(problems) > _ERRORS:
        lines.append(f"- and {len(problems) - _ERRORS} more")
    yield "\n".join(lines)


def _table(summary: whatif.Summary) -> Iterator[str]:
    if not summary.total:
        return
    words = [effects.WORDS[effect] for effect in summary.total]
    lines = [f"| runtime | {' | '.join(words)} |", f"|---|{'--:|' * len(words)}"]
    *rows, last = effects.rows(summary)
    shown = [*rows[:_RUNTIMES], last]
    for name, counts in shown:
        title = _code(name, _NAME).replace("|", "\\|") if name else "**total**"
        lines.append(f"| {title} | {' | '.join(str(counts.get(effect, '')) for effect in summary.total)} |")
    if len(rows) > _RUNTIMES:
        lines.insert(-1, f"| and {len(rows) - _RUNTIMES} more |{' |' * len(words)}")
    yield "\n".join(lines)


def _section(outcome: whatif.Outcome) -> str:
    """Return an outcome: which workloads to see at once, all the rest to unfold."""
    count, _, names = effects.headline(outcome).partition(": ")
    named = html.escape(errors.shortened(names, 3 * _NAME))
    parts = []
    if len(outcome.workloads) > 1:
        shown = [_code(effects.name(one), _NAME) for one in outcome.workloads[:_WORKLOADS]]
        rest = len(outcome.workloads) - len(shown)
        parts.append(", ".join(shown) + (f" and {rest} more" if rest else ""))
    if reason := effects.denial(outcome):
        parts.append(_fenced([reason], ""))
    for where, changes in effects.changes(outcome):
        if where:
            parts.append(f"{where}:")
        parts.append(_fenced([_in_diff(line) for line in whatif.lines(changes)], "diff"))
    summary = f"<b>{count}</b>: <code>{named}</code>"
    return "\n\n".join([f"<details>\n<summary>{summary}</summary>", *parts, "</details>"]) if parts else summary


def _in_diff(line: str) -> str:
    """Return a line so that what is removed and added begins at the margin, where it is coloured."""
    return line[2:] if line.startswith(("  - ", "  + ")) else f"  {line}"


def _fenced(lines: Sequence[str], language: str) -> str:
    """Return lines as a block of code, which none of them can end."""
    shown = [errors.shortened(line, _LINE) for line in lines[:_LINES]]
    if len(lines) > _LINES:
        shown.append(f"  and {len(lines) - _LINES} more lines")
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *shown, fence])


def _code(text: str, limit: int) -> str:
    """Return a text as code inside a line."""
    shown = errors.shortened(errors.printable(text), limit).replace("`", "'")
    return f"`{shown}`"
