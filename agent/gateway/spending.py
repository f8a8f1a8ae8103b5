"""What the model has cost: counted with each answer, held against the day's budget, told on /usage.

A budget is looked at before each request and reserves nothing: what is on its way when it is reached is still paid, one
request for each chat that is being answered.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from agent import config
from agent.gateway.printable import duration
from agent.llm import tables
from agent.llm.prices import microdollars
from agent.llm.stream import Completion
from agent.llm.tables import Table
from agent.messages import say
from agent.store.usage import MICRODOLLARS, DayOfModel, Spent, Usage, total

log = logging.getLogger("spending")

_MONTH = 30


class Spending:
    """The accounts of one gateway."""

    def __init__(self, llm: config.LLM, table: Table, usage: Usage) -> None:
        self._llm = llm
        self._table = table
        self._usage = usage
        self._gaps = list(tables.gaps(llm, table))
        for gap in self._gaps:
            log.warning("%s", gap.sentence("en"))

    def refusal(self, language: str) -> str | None:
        """Why the model may not be asked now; None when it may."""
        llm = self._llm
        if llm.daily_budget_usd is not None and (keys := [f"{gap.where}.price" for gap in self._gaps if gap.price]):
            return say("budget_blind", language, keys=", ".join(keys))
        if llm.daily_budget_usd is None and llm.daily_tokens is None:
            return None
        spent = self._usage.spent_today()
        if llm.daily_budget_usd is not None and spent.cost >= llm.daily_budget_usd * MICRODOLLARS:
            used, limit = dollars(spent.cost), f"{llm.daily_budget_usd:g}"
            return say("budget_usd", language, used=used, limit=limit, wait=self._wait())
        if llm.daily_tokens is not None and spent.tokens >= llm.daily_tokens:
            used, limit = number(spent.tokens), number(llm.daily_tokens)
            return say("budget_tokens", language, used=used, limit=limit, wait=self._wait())
        return None

    def record(self, completions: Iterable[Completion]) -> None:
        """Count answers; to be called in the transaction that stores them."""
        for completion in completions:
            model = self._answerer(completion)
            cost = microdollars(model, completion.usage, self._table)
            self._usage.add(tables.name_of(model), spent_on(completion, cost))

    def report(self, language: str) -> str:
        """Today, yesterday and a month in the owner's language, by model, and what is left of the budget."""
        rows = self._usage.days(_MONTH)
        today = self._usage.today()
        spans = {"usage_today": today, "usage_yesterday": today - timedelta(days=1), "usage_month": None}
        lines = [
            line(say(name, language), (row.spent for row in rows if day in (None, row.day)), language)
            for name, day in spans.items()
        ]
        missing = (gap.sentence(language) for gap in self._gaps)
        return "\n".join([say("usage", language), *lines, *_by_model(rows, language), *self._left(language), *missing])

    def _answerer(self, completion: Completion) -> config.Model:
        """The configured model that gave an answer."""
        who = (completion.provider, completion.model)
        return next((model for model in self._llm.models if (model.provider, model.model) == who), self._llm)

    def _left(self, language: str) -> Iterator[str]:
        llm, spent = self._llm, self._usage.spent_today()
        if llm.daily_budget_usd is not None:
            left = max(round(llm.daily_budget_usd * MICRODOLLARS) - spent.cost, 0)
            yield say("usage_left_usd", language, left=dollars(left), limit=f"{llm.daily_budget_usd:g}")
        if llm.daily_tokens is not None:
            left = max(llm.daily_tokens - spent.tokens, 0)
            yield say("usage_left_tokens", language, left=number(left), limit=number(llm.daily_tokens))

    def _wait(self) -> str:
        now = self._usage.now()
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
        minutes = -(-(midnight - now) // timedelta(minutes=1))
        return duration(minutes * 60)


def spent_on(completion: Completion, cost: int | None) -> Spent:
    """The one request that an answer was."""
    usage = completion.usage
    return Spent(
        requests=1,
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        completion_tokens=usage.completion_tokens,
        cost=cost or 0,
        unpriced=int(cost is None),
    )


def line(name: str, parts: Iterable[Spent], language: str) -> str:
    """What was spent on or in `name`, for a chat."""
    spent = total(parts)
    said = "usage_unpriced" if spent.unpriced else "usage_cost"
    cost = say(said, language, cost=dollars(spent.cost), requests=spent.unpriced)
    return say(
        "usage_line",
        language,
        name=name,
        requests=number(spent.requests),
        tokens=number(spent.tokens),
        cached=share(spent),
        cost=cost,
    )


def dollars(cost: int) -> str:
    """Millionths of a dollar as dollars: cents when it is more than one, else with what lies below them."""
    return f"{cost / MICRODOLLARS:.2f}" if cost >= MICRODOLLARS else f"{cost / MICRODOLLARS:.4f}"


def number(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")


def share(spent: Spent) -> str:
    """How much of the prompts was read from a cache."""
    return f"{100 * spent.cached_tokens / spent.prompt_tokens:.0f}%" if spent.prompt_tokens else "0%"


def _by_model(rows: list[DayOfModel], language: str) -> Iterator[str]:
    """Each model's month, as code: the underscores of a name are no Markdown."""
    for model in dict.fromkeys(row.model for row in rows):
        yield line(f"• `{model}`", (row.spent for row in rows if row.model == model), language)
