"""Prompt caching by itself: breakpoints, the way back, lifetimes, models."""

import pytest

from tests.fakes.llm.cache import CacheUse, PromptCache, Segment

SHORTEST = 100


def prompt(*texts: str, ttl: dict[int, str] | None = None) -> list[Segment]:
    """Segments of 60 tokens; `ttl` marks breakpoints by their place, and the last one is one unless it is given."""
    marks = {len(texts) - 1: "5m"} if ttl is None else ttl
    return [Segment(text, 60, marks.get(place)) for place, text in enumerate(texts)]


def test_a_longer_conversation_reads_what_the_shorter_one_wrote() -> None:
    cache = PromptCache()
    assert cache.use("m", prompt("a", "b"), SHORTEST) == CacheUse(0, 0, 120)
    assert cache.use("m", prompt("a", "b", "c"), SHORTEST) == CacheUse(0, 120, 60)
    assert cache.use("m", prompt("a", "x", "c"), SHORTEST) == CacheUse(0, 0, 180)


def test_without_a_breakpoint_nothing_is_read_or_written() -> None:
    cache = PromptCache()
    cache.use("m", prompt("a", "b"), SHORTEST)
    assert cache.use("m", prompt("a", "b", ttl={}), SHORTEST) == CacheUse(120)


def test_what_is_too_short_is_not_written() -> None:
    cache = PromptCache()
    assert cache.use("m", prompt("a"), SHORTEST) == CacheUse(60)
    assert cache.use("m", prompt("a"), SHORTEST) == CacheUse(60)


def test_a_prefix_more_than_twenty_blocks_back_is_not_found() -> None:
    cache = PromptCache()
    cache.use("m", prompt("a", "b"), SHORTEST)
    assert cache.use("m", prompt("a", "b", *"cdefghijklmnopqrstu"), SHORTEST).read == 120
    other = PromptCache()
    other.use("m", prompt("a", "b"), SHORTEST)
    assert other.use("m", prompt("a", "b", *"cdefghijklmnopqrstuvwxyz"), SHORTEST).read == 0


@pytest.mark.parametrize(
    ("ttl", "pause", "read"), [("5m", 299, 120), ("5m", 301, 0), ("1h", 3599, 120), ("1h", 3601, 0)]
)
def test_an_entry_lives_for_its_time(ttl: str, pause: float, read: int) -> None:
    now = 0.0
    cache = PromptCache(lambda: now)
    written = cache.use("m", prompt("a", "b", ttl={1: ttl}), SHORTEST)
    assert (written.written_5m, written.written_1h) == ((120, 0) if ttl == "5m" else (0, 120))
    now = pause
    assert cache.use("m", prompt("a", "b", ttl={1: ttl}), SHORTEST).read == read


def test_reading_keeps_it_alive() -> None:
    times = iter((0.0, 200.0, 400.0, 600.0))
    cache = PromptCache(lambda: next(times))
    assert [cache.use("m", prompt("a", "b"), SHORTEST).read for _ in range(4)] == [0, 120, 120, 120]


def test_models_share_nothing() -> None:
    cache = PromptCache()
    cache.use("m", prompt("a", "b"), SHORTEST)
    assert cache.use("n", prompt("a", "b"), SHORTEST).read == 0
