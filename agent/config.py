"""config.json: its shape, its checks, and messages that name the key.

Used twice: where the deploy runs (before anything is touched) and in the gateway (which alone can read the file).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import msgspec

from agent.errors import ConfigError

DEFAULT_PATH = Path("/etc/picoclaw/config.json")

# OpenAI chat completions under the provider's own address; `llm.api_base` overrides it.
API_BASES: Mapping[str, str] = {
    "openrouter": "https://openrouter.ai/api/v1",
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "deepseek": "https://api.deepseek.com/v1",
}

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PLACEHOLDER = re.compile(r"\.\.\.|…|UZUPELNIJ|CHANGE_?ME|^<.*>$|^YOUR[_-]|^x{4,}$", re.IGNORECASE)
_TELEGRAM_TOKEN = re.compile(r"\d{5,}:[A-Za-z0-9_-]{30,}")


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of config.json; a key it does not know is an error."""


class LLM(_Section, frozen=True):
    """The model that answers: provider, key, model, and where its API is when that is not the provider's own."""

    provider: str
    api_key: str
    model: str
    api_base: str | None = None
    engine: Literal["auto", "direct"] = "auto"
    max_tokens: int | None = None
    temperature: float | None = None
    timeout_s: float = 120.0

    @property
    def base_url(self) -> str:
        """The address under which `/chat/completions` answers, without a trailing slash."""
        return (self.api_base or API_BASES[self.provider]).rstrip("/")


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


class Config(_Section, frozen=True):
    """The whole of config.json; `channel` and `channels` come out as one list, `channels`."""

    llm: LLM
    channels: list[Channel] = []
    channel: Channel | None = None
    assistant: Assistant = Assistant()
    sandbox: Sandbox = Sandbox()

    def secrets(self) -> Iterator[str]:
        """Every value that must never be shown."""
        yield self.llm.api_key
        for channel in self.channels:
            yield channel.bot_token
            if isinstance(channel, Slack):
                yield channel.app_token


def load(path: Path = DEFAULT_PATH) -> Config:
    """Read and check the file at `path`; raise ConfigError in words a person can act on."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist: create config.json (see README) and deploy again") from None
    except PermissionError:
        raise ConfigError(
            f"{path} cannot be read by uid 1000: run the deploy again, it repairs owner and mode"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {type(error).__name__}; it must be a JSON file in UTF-8") from None
    return parse(text)


def parse(text: str) -> Config:
    """Check the text of a config.json; raise ConfigError naming the key, what was expected and what to do."""
    document = _document(text)
    try:
        config = msgspec.convert(document, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(_in_words(str(error), document)) from None
    channels = [*config.channels, *([config.channel] if config.channel else [])]
    config = msgspec.structs.replace(config, channels=channels, channel=None)
    _check_llm(config.llm)
    _check_channels(channels)
    _check_ranges(config)
    return config


def resolve_references(text: str, environ: Mapping[str, str]) -> str:
    """Replace string values of the form `${NAME}` by the environment's; the text comes back as it was without any.

    Raises:
        ConfigError: a variable is not set; names the key and the variable.
    """
    document = _document(text)

    def resolved(value: str, key: str) -> str:
        match = _REFERENCE.fullmatch(value)
        if match is None:
            return value
        if not environ.get(match[1]):
            raise ConfigError(
                f"config.json: {key} refers to ${{{match[1]}}}, which is not set here: "
                f"export {match[1]} in the shell that runs the deploy"
            )
        return environ[match[1]]

    replaced = _map_strings(document, resolved)
    return text if replaced == document else json.dumps(replaced, indent=2) + "\n"


def _map_strings(value: object, change: Callable[[str, str], str], key: str = "") -> object:
    if isinstance(value, str):
        return change(value, key)
    if isinstance(value, list):
        return [_map_strings(item, change, f"{key}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {name: _map_strings(item, change, f"{key}.{name}".lstrip(".")) for name, item in value.items()}
    return value


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"config.json is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}; correct it there"
        ) from None
    if not isinstance(document, dict):
        raise ConfigError('config.json must hold one JSON object, {"llm": {...}, "channel": {...}}')
    return document


def _in_words(message: str, document: Mapping[str, Any]) -> str:
    """Put msgspec's «Expected `str`, got `int` - at `$.llm.model`» into the words of the file's owner."""
    problem, _, where = message.partition(" - at ")
    key = where.strip("`").removeprefix("$").lstrip(".")
    inside = f"{key}." if key else ""
    if unknown := re.search(r"unknown field `(.+)`", problem):
        hint = _did_you_mean(unknown[1], key, document)
        return f"config.json: {inside}{unknown[1]} is not a known key; {hint}"
    if missing := re.search(r"missing required field `(.+)`", problem):
        return f"config.json: {inside}{missing[1]} is missing; add it (README, Configuration, shows every shape)"
    if key.endswith("type") and problem.startswith("Invalid value"):
        return f"config.json: {key} must be one of telegram, discord, slack"
    return f"config.json: {key or 'the file'}: {problem[:1].lower()}{problem[1:]}; correct the value"


def _did_you_mean(name: str, section: str, document: Mapping[str, Any]) -> str:
    known = _known_keys(section, document)
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"


def _known_keys(section: str, document: Mapping[str, Any]) -> list[str]:
    sections: dict[str, type[msgspec.Struct]] = {"llm": LLM, "assistant": Assistant, "sandbox": Sandbox}
    if section in sections:
        return list(sections[section].__struct_fields__)
    if section == "channel" or section.startswith("channels["):
        named = document.get("channel") if section == "channel" else None
        types: dict[str, type[msgspec.Struct]] = {"discord": Discord, "slack": Slack}
        kind = named.get("type") if isinstance(named, dict) else None
        return ["type", *types.get(str(kind), Telegram if kind == "telegram" else Slack).__struct_fields__]
    return list(Config.__struct_fields__)


def _check_llm(llm: LLM) -> None:
    for key in ("provider", "api_key", "model"):
        _check_secret_or_name(f"llm.{key}", getattr(llm, key))
    if llm.api_base is not None and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", llm.api_base):
        raise ConfigError("config.json: llm.api_base must be an address such as https://host/v1")
    if llm.api_base is None and llm.provider not in API_BASES:
        raise ConfigError(
            f"config.json: llm.provider {llm.provider!r} is not one of {', '.join(API_BASES)}; "
            "choose one, or give llm.api_base, the address of its OpenAI-compatible API"
        )


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


def _check_ranges(config: Config) -> None:
    ranges: list[tuple[str, float, float, float]] = [
        ("llm.timeout_s", config.llm.timeout_s, 1, 3600),
        ("assistant.max_steps", config.assistant.max_steps, 1, 200),
        ("sandbox.command_timeout_s", config.sandbox.command_timeout_s, 1, 3600),
        ("sandbox.workspace_mb", config.sandbox.workspace_mb, 16, 1024 * 1024),
        ("sandbox.workspace_files", config.sandbox.workspace_files, 1000, 10_000_000),
    ]
    for key, value, low, high in ranges:
        if not low <= value <= high:
            raise ConfigError(f"config.json: {key} must be from {low} to {high}, it is {value}")


def _check_secret_or_name(key: str, value: str) -> None:
    if not value.strip() or value != value.strip():
        raise ConfigError(f"config.json: {key} is empty or has spaces around it; put the value itself there")
    if _REFERENCE.fullmatch(value):
        raise ConfigError(
            f"config.json: {key} is the reference {value}, which only the deploy resolves: set it by the deploy"
        )
    if _PLACEHOLDER.search(value):
        raise ConfigError(f"config.json: {key} still holds a placeholder; put your own value there")


def _check_prefix(key: str, value: str, prefix: str) -> None:
    _check_secret_or_name(key, value)
    if not value.startswith(prefix):
        raise ConfigError(f"config.json: {key} must start with {prefix}")
