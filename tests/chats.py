"""The owner's private chat on each service, through its stand-in: what the tests, the trace and the bench write to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes import defaults
from tests.fakes.client import FakesClient

CHANNELS: list[dict[str, Any]] = [
    {"type": "telegram", "bot_token": defaults.TELEGRAM_TOKEN, "allowed_user_ids": [defaults.OWNER_ID]},
    {"type": "discord", "bot_token": defaults.DISCORD_TOKEN, "allowed_user_ids": [defaults.DISCORD_OWNER_ID]},
    {
        "type": "slack",
        "bot_token": defaults.SLACK_TOKEN,
        "app_token": defaults.SLACK_APP_TOKEN,
        "allowed_user_ids": [defaults.SLACK_OWNER_ID],
    },
]


@dataclass(frozen=True)
class Shown:
    """A message of the bot's, as it stands in the chat now; `time` is Unix time."""

    text: str
    time: float


@dataclass(frozen=True)
class Chat:
    """One service's.

    Attributes:
        name: of the channel.
        write: the owner writes; when that was, in Unix time.
        shown: the bot's messages, oldest first.
        lose: every connection that the bot has is lost.
    """

    name: str
    write: Callable[[str], None]
    shown: Callable[[], list[Shown]]
    lose: Callable[[], None]


def chats(fakes: FakesClient) -> list[Chat]:
    """All three."""

    def of_telegram() -> list[Shown]:
        return [Shown(one.text, one.time) for one in fakes.chat() if one.from_bot and not one.deleted]

    def of_discord() -> list[Shown]:
        found = fakes.discord_chat()
        return [Shown(one.text, one.time) for one in found if one.from_bot and not one.deleted]

    def of_slack() -> list[Shown]:
        found = fakes.slack_chat()
        return [Shown(one.text, one.time) for one in found if one.from_bot and not one.deleted]

    def lose_telegram() -> None:
        fakes.network(defaults.TELEGRAM_HOST, "reset")
        fakes.network(defaults.TELEGRAM_HOST, "ok")

    return [
        Chat("telegram", lambda text: _done(fakes.user_message(text)), of_telegram, lose_telegram),
        Chat(
            "discord",
            lambda text: _done(fakes.discord_message(text)),
            of_discord,
            lambda: fakes.discord_gateway("drop"),
        ),
        Chat("slack", lambda text: _done(fakes.slack_message(text)), of_slack, lambda: fakes.slack_socket("drop")),
    ]


def _done(_: object) -> None:
    """What the stand-in says of a message is of no interest here."""
