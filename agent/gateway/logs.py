"""The gateway's log: readable lines on standard output, never with a secret or a terminal's command in them."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterable

from agent.gateway.printable import printable
from agent.gateway.redaction import Redaction


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


def set_up(secrets: Iterable[str] = ()) -> None:
    """Log to standard output; called again once the secrets are known."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Redacting(secrets))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "telegram"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.INFO)
