"""What a route is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.discord.rest.request import Asked
from tests.fakes.discord.world import World


@dataclass(frozen=True)
class Route:
    """Method, path with the names of its parts, and who answers: with JSON, or None for 204. May raise ApiError."""

    method: str
    path: str
    answer: Callable[[World, Asked], Any]
    needs_token: bool = True

    @property
    def name(self) -> str:
        """As in the record of calls, and as faults name it."""
        return f"{self.method} {self.path}"
