"""The sections of config.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from agent.config.providers import PROVIDERS
from agent.egress.rules import entry_of


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of config.json; a key it does not know is an error."""


class Price(_Section, frozen=True):
    """What a model costs, in US dollars for a million tokens."""

    input: float
    output: float


class Model(_Section, frozen=True):
    """A model that answers: provider, key, model, and where its API is when that is not the provider's own."""

    provider: str
    api_key: str
    model: str
    api_base: str | None = None
    engine: Literal["auto", "direct", "litellm"] = "auto"
    max_tokens: int | None = None
    temperature: float | None = None
    timeout_s: float = 120.0
    # In place of what the deploy finds in the tables of models.
    context_window: int | None = None
    vision: bool | None = None
    price: Price | None = None

    @property
    def through_litellm(self) -> bool:
        """Whether the container picoclaw-llm translates; else the gateway calls the API itself."""
        if self.engine != "auto":
            return self.engine == "litellm"
        return self.api_base is None and PROVIDERS[self.provider].translated

    @property
    def base_url(self) -> str:
        """The address under which `/chat/completions` answers the direct engine, without a trailing slash."""
        return (self.api_base or str(PROVIDERS[self.provider].openai_base)).rstrip("/")

    @property
    def litellm_hosts(self) -> tuple[str, ...]:
        """What litellm must reach for this model, as entries of an allow-list (see agent.egress.rules)."""
        return (entry_of(self.api_base),) if self.api_base else PROVIDERS[self.provider].hosts


class LLM(Model, frozen=True):
    """The model that answers first, those that stand in for it, and what a day may cost."""

    fallbacks: list[Model] = []
    daily_budget_usd: float | None = None
    daily_tokens: int | None = None
    # How long picoclaw-llm keeps litellm loaded after its last answer; 0 keeps it always.
    idle_minutes: float = 10.0

    @property
    def models(self) -> tuple[Model, ...]:
        """All of them, in the order in which they are asked."""
        return (self, *self.fallbacks)

    @property
    def placed(self) -> Iterator[tuple[str, Model]]:
        """Each with its place in config.json, `llm` or `llm.fallbacks[0]`, in the same order."""
        yield "llm", self
        for place, model in enumerate(self.fallbacks):
            yield f"llm.fallbacks[{place}]", model


class Telegram(_Section, frozen=True, tag_field="type", tag="telegram"):
    """A Telegram bot (BotFather's token)."""

    bot_token: str
    allowed_user_ids: list[int | str] = []


class Discord(_Section, frozen=True, tag_field="type", tag="discord"):
    """A Discord bot."""

    bot_token: str
    allowed_user_ids: list[int | str] = []


class Slack(_Section, frozen=True, tag_field="type", tag="slack"):
    """A Slack app in Socket Mode: bot token and app-level token."""

    bot_token: str
    app_token: str
    allowed_user_ids: list[int | str] = []


Channel = Telegram | Discord | Slack


class Assistant(_Section, frozen=True):
    """How the assistant behaves."""

    language: Literal["auto", "en", "pl"] = "auto"
    instructions: str = ""
    max_steps: int = 20


class Sandbox(_Section, frozen=True):
    """What the commands of the model may use; beyond `workspace_mb` or `workspace_files` they can only delete."""

    command_timeout_s: float = 60.0
    workspace_mb: int = 1024
    workspace_files: int = 200_000
    # What commands may reach through the egress proxy, as entries of agent.egress.rules; none means nothing.
    allow_hosts: list[str] = []


class Config(_Section, frozen=True):
    """The whole of config.json; `channel` and `channels` come out as one list, `channels`."""

    llm: LLM
    channels: list[Channel] = []
    channel: Channel | None = None
    assistant: Assistant = Assistant()
    sandbox: Sandbox = Sandbox()

    @property
    def uses_litellm(self) -> bool:
        """Whether any of the models needs the container picoclaw-llm."""
        return any(model.through_litellm for model in self.llm.models)

    @property
    def placed_channels(self) -> Iterator[tuple[str, Channel]]:
        """Each with its place in config.json, `channels[0]` or `channel`."""
        for place, channel in enumerate(self.channels):
            yield f"channels[{place}]", channel
        if self.channel is not None:
            yield "channel", self.channel

    @property
    def placed_secrets(self) -> Iterator[tuple[str, str]]:
        """Every value that must never be shown, with its key in config.json."""
        for where, model in self.llm.placed:
            yield f"{where}.api_key", model.api_key
        for where, channel in self.placed_channels:
            yield f"{where}.bot_token", channel.bot_token
            if isinstance(channel, Slack):
                yield f"{where}.app_token", channel.app_token

    def secrets(self) -> Iterator[str]:
        """Every value that must never be shown."""
        return (secret for _key, secret in self.placed_secrets)
