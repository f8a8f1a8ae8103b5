"""Why a backup or a restore did not happen."""

from __future__ import annotations

from agent.errors import PicoClawError
from agent.gateway.printable import printable
from agent.operator.words import say


class ArchiveError(PicoClawError):
    """A sentence of agent.operator.archive.words, by its code and values."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values

    def said(self, language: str) -> str:
        """For the operator, whose terminal obeys nothing in it; what others wrote is made one line where it is read."""
        return printable(say(self.code, language, **self.values))
