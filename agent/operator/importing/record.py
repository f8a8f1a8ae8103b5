"""What an import says of itself: who will have access, and what was dropped and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent.gateway.printable import one_line
from agent.operator.words import say


@dataclass
class Record:
    """Filled while a file is converted; holds no secret."""

    dropped: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    noted: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def drop(self, key: str, reason: str, **values: object) -> None:
        """That key of the file is not carried over."""
        self.dropped.append((key, reason, values))

    def note(self, key: str, what: str, **values: object) -> None:
        """That key is carried over, but not as it was."""
        self.noted.append((key, what, values))

    def lines(self, language: str) -> Iterator[str]:
        """All of it, a line each."""
        for key, what, values in self.noted:
            yield _line(key, what, values, language)
        if self.dropped:
            yield say("import_dropped", language)
        for key, what, values in self.dropped:
            yield _line(key, what, values, language)


def _line(key: str, what: str, values: Mapping[str, object], language: str) -> str:
    """Keys are the file's own, and may be anything."""
    reason = say(f"import_{what}", language, **values)
    return f"  {one_line(f'{key}: {reason}')}"
