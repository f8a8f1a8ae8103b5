"""The owner's private chat on each service, through its stand-in: what the tests, the trace and the bench write to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes import defaults
from tests.fakes.client import FakesClient
from tests.fakes.wire import Attachment, DiscordSeen, Message, SlackSeen

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
    """A message of the bot's, as it stands in the chat now; `time` is Unix time, `files` are names and bytes."""

    text: str
    time: float
    files: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Chat:
    """One service's.

    Attributes:
        name: of the channel.
        write: the owner writes.
        attach: the owner sends a file, with a few words.
        messages: the messages, the owner's as well, as the stand-in tells them.
        lose: every connection that the bot has is lost.
        hosts: where the service is reached.
    """

    name: str
    write: Callable[[str], object]
    attach: Callable[[str, Attachment], object]
    messages: Callable[[], Sequence[Message | DiscordSeen | SlackSeen]]
    lose: Callable[[], None]
    hosts: tuple[str, ...]

    def shown(self) -> list[Shown]:
        """The bot's messages, oldest first."""
        return [Shown(one.text, one.time, _files(one)) for one in self.messages() if one.from_bot and not one.deleted]


def chats(fakes: FakesClient) -> list[Chat]:
    """All three."""

    def attach_on_telegram(text: str, file: Attachment) -> None:
        if file.mime_type.startswith("image/"):
            fakes.user_message(text, photo=file)
        else:
            fakes.user_message(text, document=file)

    def lose_telegram() -> None:
        fakes.network(defaults.TELEGRAM_HOST, "reset")
        fakes.network(defaults.TELEGRAM_HOST, "ok")

    return [
        Chat("telegram", fakes.user_message, attach_on_telegram, fakes.chat, lose_telegram, (defaults.TELEGRAM_HOST,)),
        Chat(
            "discord",
            fakes.discord_message,
            lambda text, file: fakes.discord_message(text, attachments=[file]),
            fakes.discord_chat,
            lambda: fakes.discord_gateway("drop"),
            (defaults.DISCORD_HOST, defaults.DISCORD_GATEWAY_HOST),
        ),
        Chat(
            "slack",
            fakes.slack_message,
            lambda text, file: fakes.slack_message(text, files=[file]),
            fakes.slack_chat,
            lambda: fakes.slack_socket("drop"),
            (defaults.SLACK_HOST, defaults.SLACK_SOCKET_HOST),
        ),
    ]


def _files(message: Message | DiscordSeen | SlackSeen) -> tuple[tuple[str, int], ...]:
    if isinstance(message, Message):
        return ((message.file_name, message.file_size or 0),) if message.file_name else ()
    return tuple(zip(message.files, message.sizes, strict=True))
