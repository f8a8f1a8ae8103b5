"""The gateway's log: readable lines on standard output, never with a secret or a terminal's command in them."""

from __future__ import annotations

import logging
import sys
import traceback
from collections import deque
from collections.abc import Iterable
from typing import TextIO

from agent.gateway.printable import printable, shortened
from agent.gateway.redaction import Redaction

# What `picoclaw logs` has of the end of the log, and of one line.
KEPT_LINES, KEPT_BYTES, KEPT_OF_A_LINE = 200, 64 * 1024, 4096


class Redacting(logging.Formatter):
    """Replaces every known secret, wherever in a line it turns up."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
        self._redact = Redaction(secrets, shortest=1)

    def format(self, record: logging.LogRecord) -> str:
        """One line a record; an exception becomes its innermost place and text."""
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames = traceback.extract_tb(error.__traceback__)
            place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
            record.msg = f"{record.getMessage()}: {type(error).__name__}: {error}{place}"
            record.args, record.exc_info = (), None
        return self._redact(printable(super().format(record)).replace("\n", " "))


class _LastError(logging.Handler):
    """Keeps the last line of an error, as the log has it."""

    line: str | None = None

    def __init__(self) -> None:
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        self.line = self.format(record)


class _End:
    """The last lines of the log, as they stand there; in bytes, which are the smallest."""

    def __init__(self) -> None:
        self.written = 0
        self._lines: deque[bytes] = deque()
        self._bytes = 0

    def add(self, line: str) -> None:
        """One more, and those before it go that there is no room for."""
        kept = shortened(line, KEPT_OF_A_LINE).encode(errors="replace")
        self._lines.append(kept)
        self._bytes += len(kept)
        self.written += 1
        while len(self._lines) > KEPT_LINES or self._bytes > KEPT_BYTES:
            self._bytes -= len(self._lines.popleft())

    def lines(self) -> list[str]:
        """Oldest first."""
        return [line.decode() for line in self._lines]


class _Output(logging.StreamHandler[TextIO]):
    """Standard output; keeps the end of what it writes."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        _end.add(line)
        return line


_last_error = _LastError()
_end = _End()


def last_lines() -> dict[str, object]:
    """`lines`: the log's last ones, oldest first; `written`: how many there have been since the start."""
    return {"lines": _end.lines(), "written": _end.written}


def last_error() -> str | None:
    """The log's last line of an error since the start; None when there was none."""
    return _last_error.line


def set_up(secrets: Iterable[str] = ()) -> None:
    """Log to standard output; called again once the secrets are known."""
    handlers: list[logging.Handler] = [_Output(sys.stdout), _last_error]
    for handler in handlers:
        handler.setFormatter(Redacting(secrets))
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    for chatty in ("httpx", "httpcore", "telegram"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.INFO)
