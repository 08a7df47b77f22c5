"""The log of a process, read while the process is still writing it."""

import threading
from pathlib import Path


class Log:
    """A file of lines that grows. Several threads may read it.

    A line counts once its end has been written: before that, even its last character may be half there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: list[str] = []
        self._rest = b""
        self._offset = 0
        self._lock = threading.Lock()

    @property
    def lines(self) -> list[str]:
        """All finished lines, without their ends. Each call reads only what is new."""
        with self._lock:
            if self.path.exists():
                with self.path.open("rb") as file:
                    file.seek(self._offset)
                    new = file.read()
                self._offset += len(new)
                *finished, self._rest = (self._rest + new).split(b"\n")
                self._lines += [line.decode() for line in finished]
            return list(self._lines)

    @property
    def text(self) -> str:
        """Everything in the file, including a line that is not finished."""
        return self.path.read_text(errors="replace") if self.path.exists() else ""
