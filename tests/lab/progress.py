"""Tells a person what a long step does and how long it took."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_began = time.monotonic()


def say(message: str) -> None:
    """Prints a line with the seconds since this process began, to stderr so that stdout stays parseable."""
    print(f"[{time.monotonic() - _began:6.1f} s] {message}", file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announces a step before it runs and says how long it took when it has succeeded."""
    say(f"{title} ...")
    start = time.monotonic()
    yield
    say(f"{title}: done in {time.monotonic() - start:.1f} s")
