"""A formatted text as several messages: cut where a reader would pause, never inside of what belongs together."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from telegramify_markdown import MessageEntity

_ENTITIES = 100  # Telegram forgets the formatting of what comes after so many
_JOINED = "\u200d\ufe0e\ufe0f\u20e3"  # joins emoji, or says how the one before looks
_SKIN = range(0x1F3FB, 0x1F400)
_FLAG = range(0x1F1E6, 0x1F200)
_LONGEST_CLUSTER = 40


def units(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text) + sum(letter > "\uffff" for letter in text)


@dataclass(frozen=True, slots=True)
class _Span:
    """An entity by places in the text instead of UTF-16 units."""

    start: int
    end: int
    entity: MessageEntity

    def holds(self, place: int) -> bool:
        return self.start < place < self.end


def split(text: str, entities: Sequence[MessageEntity], limit: int) -> list[tuple[str, list[MessageEntity]]]:
    """Parts of at most `limit` units, which together are the whole; an entity that is cut goes on in the next part."""
    offsets = list(accumulate((2 if letter > "\uffff" else 1 for letter in text), initial=0))
    spans = sorted(
        (
            _Span(bisect_left(offsets, one.offset), bisect_left(offsets, one.offset + one.length), one)
            for one in entities
        ),
        key=lambda span: (span.start, -span.end),
    )
    parts, start = [], 0
    while start < len(text):
        end = bisect_right(offsets, offsets[start] + limit) - 1
        here = [span for span in spans if span.end > start and span.start < end]
        if len(here) > _ENTITIES and here[_ENTITIES].start > start:
            end = here[_ENTITIES].start
        if end < len(text):
            end = _cut(text, start, end, here)
        parts.append((text[start:end], [_within(span, start, end, offsets) for span in here if span.start < end]))
        start = end
    return parts


def _within(span: _Span, start: int, end: int, offsets: list[int]) -> MessageEntity:
    first, last = max(span.start, start), min(span.end, end)
    return span.entity.copy_with(offset=offsets[first] - offsets[start], length=offsets[last] - offsets[first])


def _cut(text: str, start: int, most: int, spans: Sequence[_Span]) -> int:
    """The best place for a cut after `start`, at `most` at the latest."""
    least = start + (most - start) // 2
    blocks = [span for span in spans if span.entity.type == "pre"]
    short = [span for span in spans if span.entity.type in ("code", "text_link")]

    def last(mark: str, kept: Sequence[_Span]) -> int:
        return _last(text, mark, least, most, lambda place: not any(span.holds(place) for span in kept))

    before = next((block.start for block in blocks if block.holds(most)), start)
    return (
        last("\n\n", blocks)
        or last("\n", blocks)
        or (before if before > start + (most - start) // 4 else 0)
        or last("\n", ())
        or last(" ", short)
        or last(" ", ())
        or _between_letters(text, start, most)
    )


def _last(text: str, mark: str, least: int, most: int, fits: Callable[[int], bool]) -> int:
    """The place after the last `mark` that fits; 0 when none does."""
    place = most
    while (place := text.rfind(mark, least, place)) >= 0:
        if fits(place + len(mark)):
            return place + len(mark)
        place += len(mark) - 1
    return 0


def _between_letters(text: str, start: int, most: int) -> int:
    """A place where neither a letter and its accents nor the parts of an emoji are torn apart."""
    for place in range(most, max(start, most - _LONGEST_CLUSTER), -1):
        if not _belongs(text, place):
            return place
    return most


def _belongs(text: str, place: int) -> bool:
    """Whether the letter at `place` is shown together with the one before it."""
    letter, before = text[place], text[place - 1]
    if ord(letter) in _FLAG:  # a flag is two of them
        first = place
        while first and ord(text[first - 1]) in _FLAG:
            first -= 1
        return (place - first) % 2 == 1
    return letter in _JOINED or before == "\u200d" or ord(letter) in _SKIN or unicodedata.combining(letter) != 0
