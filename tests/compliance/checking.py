"""How a check is written: which control it proves, what it says in both languages, what it expects and saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import pytest

from tests.compliance.words import Words, shown

Kind = Literal["configured", "effective", "tried", "information"]
KINDS: dict[str, Words] = {
    "configured": Words("configured", "ustawienie"),
    "effective": Words("in effect", "stan faktyczny"),
    "tried": Words("tried", "próba"),
    "information": Words("information", "informacja"),
}


@dataclass(frozen=True)
class Check:
    """The head of a check."""

    control: str
    kind: Kind
    title: Words


def _check(kind: Kind) -> Callable[[str, str, str], pytest.MarkDecorator]:
    def mark(control: str, en: str, pl: str) -> pytest.MarkDecorator:
        return pytest.mark.check(Check(control, kind, Words(en, pl)))

    return mark


#: what `docker inspect` or a file says
configured = _check("configured")
#: what the kernel says of every process
effective = _check("effective")
#: what must be refused was tried, and was
tried = _check("tried")
#: never fails
information = _check("information")


class Mismatch(AssertionError):  # noqa: N818 (it reads: expected, seen, a mismatch)
    """Something else was seen than was expected."""


@dataclass
class Expect:
    """What a check expects, and sees. Only what may be shown to anybody is given to it: never a secret."""

    expected: list[Any] = field(default_factory=list)
    seen: list[Any] = field(default_factory=list)
    reason: Words | None = None

    def __call__(self, expected: Any, seen: Any) -> None:
        """Expect a value."""
        self.that(expected == seen, expected, seen)

    def that(self, holds: bool, expected: Any, seen: Any) -> None:
        """Expect something in words."""
        self.note(expected, seen)
        if not holds:
            raise Mismatch(f"expected {shown(expected, 'en')}; seen {shown(seen, 'en')}")

    def note(self, expected: Any, seen: Any) -> None:
        """Record without judging."""
        self.expected.append(expected)
        self.seen.append(seen)

    def refused(self, answers: dict[str, str], *well: str) -> None:
        """Expect each attempt to be answered by one of these errors."""
        self.that(all(answer in well for answer in answers.values()), " / ".join(well), answers)

    def cannot(self, en: str, pl: str) -> NoReturn:
        """Skip: this cannot hold, or cannot be looked at, on this host, and that is why."""
        self.reason = Words(en, pl)
        pytest.skip(en)
