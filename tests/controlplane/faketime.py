"""A clock that a test sets for a whole process, by Debian's libfaketime."""

import itertools
from pathlib import Path

_NUMBERS = itertools.count()


def library() -> Path | None:
    """Return libfaketime for programs with threads, or None if it is not installed."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


def missing() -> list[str]:
    """Return what the tests with wrong clocks need and this machine does not have."""
    return [] if library() else ["libfaketime"]


class FakeClock:
    """The clock of the processes that get its variables. It is right until it is set.

    Args:
        folder: where to keep the file that they read it from.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"clock-{next(_NUMBERS)}"
        self.set_ahead(0)

    def set_ahead(self, days: int) -> None:
        """Set the clock so many days ahead of the right time, also for processes that run already."""
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{days:+}d\n")
        draft.replace(self._file)

    @property
    def environ(self) -> dict[str, str]:
        """The variables of a process with this clock. Its monotonic clock and the times of files are left alone."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
