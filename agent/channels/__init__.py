"""Chat services. A channel knows nothing of the model; its library is imported only when config.json names it."""

from __future__ import annotations

from pathlib import Path

from agent import config
from agent.channels.base import Channel


def slack_manifest() -> str:
    """What api.slack.com makes the app of that a Slack channel needs, JSON."""
    return Path(__file__).with_name("slack").joinpath("manifest.json").read_text(encoding="utf-8")


def make(settings: config.Channel) -> Channel:
    """The channel that a part of config.json describes."""
    if isinstance(settings, config.Telegram):
        from agent.channels.telegram.channel import TelegramChannel

        return TelegramChannel(settings.bot_token)
    if isinstance(settings, config.Discord):
        from agent.channels.discord.channel import DiscordChannel

        return DiscordChannel(settings.bot_token)
    from agent.channels.slack.channel import SlackChannel

    return SlackChannel(settings.bot_token, settings.app_token)
