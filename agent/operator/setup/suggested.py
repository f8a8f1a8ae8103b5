"""Which models to show first, by what the table knows of them: a handful from cheap to strong, one of each family."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agent.llm.tables import Known

COUNT = 10
_ENOUGH = 3  # then what is old, or unknown, is not shown unless somebody asks for it

# What is made for something else than to talk and call tools, is tried out, or is another name for one that is there.
_SPECIAL = re.compile(
    r"audio|codex|computer-use|customtools|dall-e|deep-research|embed|exacto|free|guard|image|latest|live|moderation"
    r"|omni|preview|realtime|robotics|search|sora|speech|transcribe|tts|vision|whisper"
    r"|\b(beta|chat-latest|exp|experimental|ft|vl)\b"
)
_SMALL = re.compile(r"(?<![\d.])[1-9]b\b")  # in the name, as billions of parameters
_DATE = re.compile(r"[-@]20\d{2}-?\d{2}-?\d{2}\b")
_WORD = re.compile(r"\d+b\b|[a-z]+|\d+")
# An assistant that uses tools reads what they print, at every step once more.
_READS = 100_000
_DEAREST = 6.0  # dollars for a million tokens read


def suggested(models: Sequence[str], known: Mapping[str, Known], count: int = COUNT) -> list[str]:
    """At most `count` of the models, cheapest first; others only where the table knows hardly any that will do."""
    newest: dict[frozenset[str], str] = {}
    for name in models:
        if _capable(name, known.get(name)):
            family = frozenset(word for word in _words(name) if not word.isdigit())
            newest[family] = max(newest.get(family, name), name, key=_age)
    capable = sorted(newest.values(), key=lambda name: _price(known[name]))
    seeing = [name for name in capable if known[name].vision]
    chosen = _spread(seeing if len(seeing) >= count else capable, count)
    if len(chosen) >= _ENOUGH:
        return chosen
    rest = [name for name in models if name not in chosen and not _SPECIAL.search(name.lower())]
    return [*chosen, *rest[: count - len(chosen)]]


def _capable(name: str, model: Known | None) -> bool:
    if model is None or model.price is None or not model.tools or (model.max_input_tokens or 0) < _READS:
        return False
    odd = _SPECIAL.search(name.lower()) or _SMALL.search(name.lower())
    return odd is None and 0 < model.price.input <= _DEAREST


def _words(name: str) -> list[str]:
    return _WORD.findall(_DATE.sub("", name.lower()))


def _age(name: str) -> tuple[list[int], int]:
    """Greater for a newer one; of two names for the same the shorter, which has no date."""
    return [int(word) for word in _words(name) if word.isdigit()], -len(name)


def _price(model: Known) -> float:
    """Of a turn, roughly: far more is read than written."""
    return 0.0 if model.price is None else 3 * model.price.input + model.price.output


def _spread(names: Sequence[str], count: int) -> list[str]:
    """So many of them, evenly from the first to the last."""
    if len(names) <= count:
        return list(names)
    return [names[round(place * (len(names) - 1) / (count - 1))] for place in range(count)]
