"""Which model answers: a number of a list, a part of a name, or any name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from agent.gateway.printable import one_line
from agent.llm.tables import Known
from agent.operator.setup.asking import Asking
from agent.operator.setup.suggested import suggested
from roles.models import table

_MOST = 15


def choose(ask: Asking, present: str | None, provider: str, live: Sequence[str], *, own_address: bool) -> str:
    """Ask for one of the provider's models.

    Args:
        ask: whom.
        present: the model that is configured.
        provider: under its name in config.json.
        live: what it has, as it says itself; nothing where it was not asked.
        own_address: whether config.json says where its API is, so that the table knows nothing of it.
    """
    known = {} if own_address else table.models_of(provider)
    offered = list(live) or sorted(known)
    if "model" in ask.given or ask.yes or not offered:
        model = ask.text("model", present)
        # OpenRouter's `:online` and the like are in no list.
        if live and model.partition(":")[0] not in {one.partition(":")[0] for one in live}:
            close = get_close_matches(model, live, n=1)
            ask.say("init_unlisted_close" if close else "init_unlisted", provider=provider, model=model, close=close)
        return model
    ask.say("init_models" if live else "init_models_known", provider=provider, count=len(offered))
    return _chosen(ask, present, provider, offered, known)


def _chosen(ask: Asking, present: str | None, provider: str, offered: Sequence[str], known: Mapping[str, Known]) -> str:
    shown, last = suggested(offered, known), ""
    _print(ask, shown, known)
    while True:
        answer = ask.text("part", present)
        if answer in (present, *offered):
            return answer
        if answer.isdecimal() and 0 < int(answer) <= len(shown):
            return shown[int(answer) - 1]
        found = [model for model in offered if answer.lower() in model.lower()]
        unlisted = not found or answer == last
        if unlisted and ask.agree("init_use_unlisted", default=False, provider=provider, model=answer):
            return answer
        last = answer
        if found:
            shown = found[:_MOST]
            _print(ask, shown, known)
        if len(found) > _MOST:
            ask.say("init_more", count=len(found) - _MOST)


def _print(ask: Asking, models: Sequence[str], known: Mapping[str, Known]) -> None:
    """A line for each, with what it costs where that is known."""
    width = max(map(len, models))
    for number, model in enumerate(models, 1):
        price = known[model].price if model in known else None
        cost = "" if price is None else f"  ${price.input:g} / ${price.output:g}"
        ask.tell(f"  {number:2} {one_line(model):{width if cost else 0}}{cost}")
