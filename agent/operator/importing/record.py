"""What an import says of itself: who will have access, and what was dropped and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

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
            yield f"  {key}: {say(f'import_{what}', language, **values)}"
        if self.dropped:
            yield say("import_dropped", language)
        for key, what, values in self.dropped:
            yield f"  {key}: {say(f'import_{what}', language, **values)}"
