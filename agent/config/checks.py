"""What the shapes alone do not tell of a config.json: placeholders, tokens, addresses, ranges."""

from __future__ import annotations

import re

from agent.config.providers import PROVIDERS
from agent.config.references import REFERENCE
from agent.config.shapes import Channel, Config, Model, Slack, Telegram
from agent.egress import rules
from agent.errors import ConfigError

_PLACEHOLDER = re.compile(r"\.\.\.|…|UZUPELNIJ|CHANGE_?ME|^<.*>$|^YOUR[_-]|^x{4,}$", re.IGNORECASE)
_TELEGRAM_TOKEN = re.compile(r"\d{5,}:[A-Za-z0-9_-]{30,}")


def check(config: Config) -> None:
    """Raise ConfigError when the values cannot work, naming key, expectation and remedy."""
    for where, model in config.llm.placed:
        _check_model(where, model)
    _check_channels(config.channels)
    _check_ranges(config)
    for entry in config.sandbox.allow_hosts:
        rules.parse(entry, "sandbox.allow_hosts")


def _check_model(where: str, model: Model) -> None:
    for key in ("provider", "api_key", "model"):
        _check_secret_or_name(f"{where}.{key}", getattr(model, key))
    if model.api_base is not None:
        _check_address(f"{where}.api_base", model)
        return
    known = PROVIDERS.get(model.provider)
    if known is None:
        raise ConfigError(
            f"config.json: {where}.provider {model.provider!r} is not one of {', '.join(PROVIDERS)}; choose one, or "
            f"give {where}.api_base, the address of its API (with {where}.engine litellm unless that is OpenAI's)"
        )
    if model.engine == "direct" and known.openai_base is None:
        raise ConfigError(
            f"config.json: {where}.engine cannot be direct, {model.provider} does not speak OpenAI's protocol; "
            "leave engine out"
        )


def _check_address(key: str, model: Model) -> None:
    address = str(model.api_base)
    try:
        entry = rules.entry_of(address) if re.fullmatch(r"https?://[^\s/]+(/\S*)?", address) else None
    except ValueError:
        entry = None
    if entry is None:
        raise ConfigError(f"config.json: {key} must be an address such as https://host/v1")
    if model.through_litellm:
        rules.parse(entry, key)


def _check_channels(channels: list[Channel]) -> None:
    if not channels:
        raise ConfigError('config.json: channel is missing; add "channel": {"type": "telegram", "bot_token": ...}')
    kinds = [type(channel).__name__.lower() for channel in channels]
    if len(set(kinds)) < len(kinds):
        raise ConfigError("config.json: channels names the same type twice; keep one of each")
    for kind, channel in zip(kinds, channels, strict=True):
        _check_secret_or_name(f"channel.bot_token ({kind})", channel.bot_token)
        _check_users(kind, channel)
        if isinstance(channel, Telegram) and not _TELEGRAM_TOKEN.fullmatch(channel.bot_token):
            raise ConfigError(
                "config.json: channel.bot_token (telegram) must look like 123456789:AAH... as BotFather gave it"
            )
        if isinstance(channel, Slack):
            _check_prefix("channel.bot_token (slack)", channel.bot_token, "xoxb-")
            _check_prefix("channel.app_token (slack)", channel.app_token, "xapp-")


def _check_users(kind: str, channel: Channel) -> None:
    for user in channel.allowed_user_ids:
        if user in (0, "0", "", "*"):
            raise ConfigError(
                f"config.json: channel.allowed_user_ids ({kind}) holds {user!r}, which is nobody's id; "
                "put your own numeric id there, or leave the list out and pair with /pair"
            )
        if isinstance(channel, Telegram) and not re.fullmatch(r"\d+", str(user)):
            raise ConfigError(
                f"config.json: channel.allowed_user_ids (telegram) holds {user!r}; Telegram ids are numbers "
                "(write to @userinfobot to learn yours)"
            )

        if isinstance(channel, Slack) and not re.fullmatch(r"[UW][A-Z0-9]{2,}", str(user)):
            raise ConfigError(
                f"config.json: channel.allowed_user_ids (slack) holds {user!r}; Slack's member ids begin with U or W "
                "(in your profile: More, Copy member ID)"
            )


def _check_ranges(config: Config) -> None:
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
            raise ConfigError(f"config.json: {key} must be from {low} to {high}, it is {value}")


def _check_secret_or_name(key: str, value: str) -> None:
    if not value.strip() or value != value.strip():
        raise ConfigError(f"config.json: {key} is empty or has spaces around it; put the value itself there")
    if REFERENCE.fullmatch(value):
        raise ConfigError(
            f"config.json: {key} is the reference {value}, which only the deploy resolves: set it by the deploy"
        )
    if _PLACEHOLDER.search(value):
        raise ConfigError(f"config.json: {key} still holds a placeholder; put your own value there")


def _check_prefix(key: str, value: str, prefix: str) -> None:
    _check_secret_or_name(key, value)
    if not value.startswith(prefix):
        raise ConfigError(f"config.json: {key} must start with {prefix}")
