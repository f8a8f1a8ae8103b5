"""What the shapes alone do not tell of a config.json: placeholders, tokens, addresses, ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from agent.config.problem import Hint, Problem
from agent.config.providers import PROVIDERS
from agent.config.references import REFERENCE
from agent.config.shapes import Channel, Config, Model, Slack
from agent.egress import rules
from agent.errors import ConfigError

_PLACEHOLDER = re.compile(r"\.\.\.|…|UZUPELNIJ|CHANGE_?ME|^<.*>$|^YOUR[_-]|^x{4,}$", re.IGNORECASE)
_PREFIXES = {("slack", "bot_token"): "xoxb-", ("slack", "app_token"): "xapp-"}
_TELEGRAM_TOKEN = re.compile(r"\d{5,}:[A-Za-z0-9_-]{30,}")


def problems(config: Config, channels: Sequence[tuple[str, Channel]]) -> Iterator[Problem]:
    """Every value that cannot work; `channels` are the config's, each with its place in the file."""
    for where, model in config.llm.placed:
        yield from _model(where, model)
    yield from _channels(channels)
    yield from _ranges(config)
    for entry in config.sandbox.allow_hosts:
        yield from _entry("sandbox.allow_hosts", entry)


def is_placeholder(value: str) -> bool:
    """Whether it stands in an example for what the owner has to put there."""
    return _PLACEHOLDER.search(value) is not None


def _model(where: str, model: Model) -> Iterator[Problem]:
    for name in ("provider", "api_key", "model"):
        yield from _text(f"{where}.{name}", getattr(model, name))
    if model.api_base is not None:
        yield from _address(f"{where}.api_base", model)
        return
    known = PROVIDERS.get(model.provider)
    if known is None:
        close = get_close_matches(model.provider, PROVIDERS, n=1)
        hint: object = Hint("close", {"close": close[0]}) if close else Hint("choose", {})
        values = {"value": model.provider, "known": ", ".join(PROVIDERS), "where": where, "hint": hint}
        yield Problem(f"{where}.provider", "provider", values)
    elif model.engine == "direct" and known.openai_base is None:
        yield Problem(f"{where}.engine", "engine", {"provider": model.provider})


def _address(key: str, model: Model) -> Iterator[Problem]:
    address = str(model.api_base)
    try:
        entry = rules.entry_of(address) if re.fullmatch(r"https?://[^\s/]+(/\S*)?", address) else None
    except ValueError:
        entry = None
    if entry is None:
        yield Problem(key, "address")
    elif model.through_litellm:
        yield from _entry(key, entry)


def _entry(key: str, entry: str) -> Iterator[Problem]:
    try:
        rules.parse(entry, key)
    except ConfigError as error:
        yield Problem(key, "entry", {"entry": entry, "sentence": str(error)})


def _channels(placed: Sequence[tuple[str, Channel]]) -> Iterator[Problem]:
    if not placed:
        yield Problem("channel", "no_channel")
    kinds = [kind_of(channel) for _where, channel in placed]
    if len(set(kinds)) < len(kinds):
        yield Problem("channels", "twice")
    for kind, (where, channel) in zip(kinds, placed, strict=True):
        yield from secret_problems(f"{where}.bot_token", kind, channel.bot_token)
        for user in channel.allowed_user_ids:
            yield from user_problems(f"{where}.allowed_user_ids", kind, user)
        if isinstance(channel, Slack):
            yield from secret_problems(f"{where}.app_token", kind, channel.app_token)


def kind_of(channel: Channel) -> str:
    """The channel's type, as config.json has it."""
    return type(channel).__name__.lower()


def user_problems(key: str, kind: str, user: int | str) -> Iterator[Problem]:
    """Why that is nobody's id on a channel of that kind."""
    if user in (0, "0", "", "*"):
        yield Problem(key, "nobody", {"user": user}, kind)
    elif kind == "telegram" and not re.fullmatch(r"\d+", str(user)):
        yield Problem(key, "telegram_user", {"user": user}, kind)
    elif kind == "discord" and not re.fullmatch(r"\d{17,20}", str(user)):
        yield Problem(key, "discord_user", {"user": user}, kind)
    elif kind == "slack" and not re.fullmatch(r"[UW][A-Z0-9]{2,}", str(user)):
        yield Problem(key, "slack_user", {"user": user}, kind)


def secret_problems(key: str, kind: str, value: str) -> Iterator[Problem]:
    """Why that cannot be the secret of that key; `kind` is the channel's, empty for the key of a model."""
    found = list(_text(key, value, kind))
    prefix = _PREFIXES.get((kind, key.rpartition(".")[2]), "")
    if found:
        yield from found
    elif not value.startswith(prefix):
        yield Problem(key, "prefix", {"prefix": prefix}, kind)
    elif kind == "telegram" and not _TELEGRAM_TOKEN.fullmatch(value):
        yield Problem(key, "telegram_token", kind=kind)


def _ranges(config: Config) -> Iterator[Problem]:
    ranges: list[tuple[str, float | None, float, float]] = [
        ("llm.idle_minutes", config.llm.idle_minutes, 0, 7 * 24 * 60),
        ("llm.daily_tokens", config.llm.daily_tokens, 1000, 10**12),
        ("llm.daily_budget_usd", config.llm.daily_budget_usd, 0.01, 10**6),
        ("assistant.max_steps", config.assistant.max_steps, 1, 200),
        ("sandbox.command_timeout_s", config.sandbox.command_timeout_s, 1, 3600),
        ("sandbox.workspace_mb", config.sandbox.workspace_mb, 16, 1024 * 1024),
        ("sandbox.workspace_files", config.sandbox.workspace_files, 1000, 10_000_000),
    ]
    for where, model in config.llm.placed:
        ranges += [
            (f"{where}.timeout_s", model.timeout_s, 1, 3600),
            (f"{where}.context_window", model.context_window, 4000, 10**8),
            (f"{where}.price.input", model.price.input if model.price else None, 0, 10**5),
            (f"{where}.price.output", model.price.output if model.price else None, 0, 10**5),
        ]
    for key, value, low, high in ranges:
        if value is not None and not low <= value <= high:
            yield Problem(key, "range", {"low": low, "high": high, "value": value})


def _text(key: str, value: str, kind: str = "") -> Iterator[Problem]:
    if not value.strip() or value != value.strip():
        yield Problem(key, "empty", kind=kind)
    elif REFERENCE.fullmatch(value):
        yield Problem(key, "reference", {"value": value}, kind)
    elif is_placeholder(value):
        yield Problem(key, "placeholder", kind=kind)
