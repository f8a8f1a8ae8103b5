"""Chat services. A channel knows nothing of the model; its library is imported only when config.json names it."""

from __future__ import annotations

from agent import config
from agent.channels.base import Channel
from agent.errors import ConfigError


def make(settings: config.Channel) -> Channel:
    """The channel that a part of config.json describes.

    Raises:
        ConfigError: this version does not speak that service yet.
    """
    if isinstance(settings, config.Telegram):
        from agent.channels.telegram import TelegramChannel

        return TelegramChannel(settings.bot_token)
    if isinstance(settings, config.Discord):
        from agent.channels.discord import DiscordChannel

        return DiscordChannel(settings.bot_token)
    kind = type(settings).__name__.lower()
    raise ConfigError(f"config.json: channel.type {kind} is not served by this version; use telegram, or upgrade")
