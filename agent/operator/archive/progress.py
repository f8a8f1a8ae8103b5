"""How far it is: one line that is rewritten on a terminal, and none elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterable

import click

_EVERY_S = 0.2
_MEGABYTE = 1_000_000


class Progress:
    """Counts bytes.

    Args:
        label: what is going on, in the operator's language.
        total: bytes, when that is known.
    """

    def __init__(self, label: str, total: int | None = None) -> None:
        self._label = label
        self._total = total
        self._begun = self._said = time.monotonic()
        self._shown = sys.stderr.isatty()
        self.bytes = 0

    def over(self, chunks: Iterable[bytes]) -> Generator[bytes, None, None]:
        """The chunks, counted as they pass."""
        for chunk in chunks:
            self.add(len(chunk))
            yield chunk

    def add(self, count: int) -> None:
        """So many more bytes."""
        self.bytes += count
        now = time.monotonic()
        if self._shown and now - self._said > _EVERY_S:
            self._said = now
            click.echo(f"\r{self.line()}\x1b[K", nl=False, err=True)

    def done(self) -> None:
        """Say for good how much it was and how fast."""
        click.echo(f"\r{self.line()}\x1b[K" if self._shown else self.line(), err=True)

    def line(self) -> str:
        """For example `workspace: 12.3 of 99.0 MB, 8.1 MB/s`."""
        seconds = max(time.monotonic() - self._begun, 0.001)
        share = f" / {self._total / _MEGABYTE:.1f}" if self._total is not None else ""
        return f"{self._label}: {self.bytes / _MEGABYTE:.1f}{share} MB, {self.bytes / _MEGABYTE / seconds:.1f} MB/s"
