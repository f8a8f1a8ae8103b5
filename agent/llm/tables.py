"""What is known of the configured models: how much they read, and what that costs.

The deploy looks it up in roles/models/models.json and ships the configured models' part as models.json beside
config.json (see roles/models); `context_window` and `price` of config.json win over it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agent import config
from agent.config.providers import PROVIDERS
from agent.egress.rules import entry_of
from agent.messages import say

log = logging.getLogger("models")

DEFAULT_PATH = Path("/etc/picoclaw/models.json")
# Where nothing says otherwise: every model that can use tools reads as much.
ASSUMED_WINDOW = 32_000
_ASSUMED_ANSWER = 4096


class Rates(msgspec.Struct, frozen=True, omit_defaults=True):
    """US dollars for a million tokens; None where the table does not say."""

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None


class Tier(Rates, frozen=True, omit_defaults=True, kw_only=True):
    """The rates of a whole request whose prompt is longer than `above` tokens."""

    above: int


class Known(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the table tells of a model."""

    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    price: Rates | None = None
    tiers: tuple[Tier, ...] = ()
    vision: bool = False
    tools: bool = False


Table = Mapping[str, Known | None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What of a model's window a request may use.

    Attributes:
        window: tokens that the model reads, or reads and writes, at most.
        answer: tokens of it that are kept free for the answer.
    """

    window: int
    answer: int

    @property
    def room(self) -> int:
        """Tokens for system prompt, tools and history."""
        return self.window - self.answer


def name_of(model: config.Model) -> str:
    """The model under litellm's name for it, `provider/model`.

    What already begins with its provider's name is left as it is, except that OpenRouter has models of its own name,
    such as `openrouter/auto`.
    """
    prefix = f"{model.provider}/"
    own = model.provider == "openrouter" and model.model.count("/") == 1
    return model.model if model.model.startswith(prefix) and not own else prefix + model.model


def key_of(model: config.Model) -> str | None:
    """Its key in the table; None for what another server than the provider's own offers under the same name."""
    known = PROVIDERS.get(model.provider)
    if model.api_base is not None and known is not None and entry_of(model.api_base) not in known.hosts:
        return None
    return name_of(model)


def load(path: Path = DEFAULT_PATH) -> Table:
    """Read models.json; nothing is known while there is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Known | None])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        log.warning("%s cannot be used (%s): run the deploy again, it writes it anew", path, type(error).__name__)
        return {}


def known_of(model: config.Model, table: Table) -> Known:
    """What is known of a model; an empty `Known` when nothing is."""
    key = key_of(model)
    return (table.get(key) if key else None) or Known()


def limits_of(model: config.Model, table: Table) -> Limits:
    """Its window, and the part of it that is the answer's: never more than a third, whatever the model could write."""
    known = known_of(model, table)
    window = model.context_window or known.max_input_tokens or ASSUMED_WINDOW
    answer = model.max_tokens or known.max_output_tokens or _ASSUMED_ANSWER
    return Limits(window, min(answer, window // 3))


def sees(model: config.Model, table: Table) -> bool:
    """Whether it looks at pictures; of what nobody knows, not."""
    return known_of(model, table).vision if model.vision is None else model.vision


def price_of(model: config.Model, table: Table) -> tuple[Rates, tuple[Tier, ...]] | None:
    """Its rates and those of long prompts; None when nobody knows them."""
    if model.price is not None:
        return Rates(model.price.input, model.price.output), ()
    known = known_of(model, table)
    return (known.price, known.tiers) if known.price is not None else None


def reports_cost(model: config.Model) -> bool:
    """Whether each answer says what it cost: OpenRouter's do, and litellm does not pass it on."""
    return model.provider == "openrouter" and not model.through_litellm


@dataclass(frozen=True, slots=True)
class Gap:
    """What is not known of a configured model; `where` is its section of config.json, `why` a key of agent.messages."""

    where: str
    model: str
    why: str
    window: bool
    price: bool

    def sentence(self, language: str) -> str:
        """What is missing, what that means, and what to do about it."""
        parts = [say(self.why, language, where=self.where, model=self.model)]
        if self.window:
            parts.append(say("gap_window", language, where=self.where, tokens=ASSUMED_WINDOW))
        if self.price:
            parts.append(say("gap_price", language, where=self.where))
        return "; ".join(parts)


def gaps(llm: config.LLM, table: Table) -> Iterator[Gap]:
    """Each configured model of which something is missing."""
    for where, model in llm.placed:
        window = model.context_window is None and known_of(model, table).max_input_tokens is None
        price = price_of(model, table) is None and not reports_cost(model)
        if window or price:
            yield Gap(where, model.model, _why(model, table), window, price)


def _why(model: config.Model, table: Table) -> str:
    key = key_of(model)
    if key is None:
        return "gap_elsewhere"
    return "gap_unlisted" if key in table else "gap_not_shipped"


def unpriced(llm: config.LLM, table: Table) -> list[str]:
    """The keys that config.json must have before `llm.daily_budget_usd` can hold: `llm.price`."""
    return [f"{gap.where}.price" for gap in gaps(llm, table) if gap.price]
