"""What a turn under test needs around it and does not look at."""

from __future__ import annotations

from collections.abc import AsyncIterator


class Quiet:
    """A watcher that looks away, and a way to the chat that takes nothing."""

    def step(self) -> None:
        """Nobody looks."""

    def text(self, piece: str) -> None:
        """Nobody looks."""

    def restart(self) -> None:
        """Nobody looks."""

    def tool(self, name: str, arguments: str) -> None:
        """Nobody looks."""

    async def settle(self) -> None:
        """Nobody looked."""

    async def file(self, name: str, pieces: AsyncIterator[bytes], caption: str) -> None:
        """No tool of these tests sends one."""
        raise AssertionError((name, pieces, caption))
