"""Commands that users pick from the menu: known for three seconds, then only by their token when they were answered."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import defaults
from tests.fakes.discord import errors
from tests.fakes.discord.errors import ApiError, form_error
from tests.fakes.discord.objects import DM, Channel, User
from tests.fakes.discord.snowflakes import Snowflakes
from tests.fakes.wire import DiscordCommand

_TO_ANSWER_S = 3.0
_TO_FOLLOW_UP_S = 15 * 60.0
_STRING = 3
_PONG, _MESSAGE, _DEFERRED = 1, 4, 5


@dataclass
class Interaction:
    """One order; `answer` is the type of the callback, 0 while there is none."""

    id: str
    token: str
    channel: Channel
    user: User
    command: dict[str, Any]
    options: list[dict[str, Any]]
    locale: str
    time: float = field(default_factory=time.time)
    answer: int = 0
    answered_at: float | None = None
    text: str = ""
    flags: int = 0

    def as_object(self) -> dict[str, Any]:
        """Discord's Interaction, as the Gateway gives it."""
        data = {"id": self.command["id"], "name": self.command["name"], "type": 1}
        shown: dict[str, Any] = {
            "id": self.id,
            "application_id": defaults.DISCORD_APPLICATION_ID,
            "type": 2,
            "data": data | ({"options": self.options} if self.options else {}),
            "channel_id": self.channel.id,
            "channel": self.channel.as_object(),
            "token": self.token,
            "version": 1,
            "locale": self.locale,
            "app_permissions": "562949953601536",
            "entitlements": [],
            "authorizing_integration_owners": {},
            "attachment_size_limit": 10 * 1024 * 1024,
        }
        if self.channel.type == DM:
            return shown | {"context": 1, "user": self.user.as_object()}
        member = {"user": self.user.as_object(), "roles": [], "permissions": "2147483647"}
        shown |= {"context": 0, "guild_id": self.channel.guild_id, "guild_locale": "en-US"}
        return shown | {"member": member}


class Interactions:
    """All orders of the bot's users."""

    def __init__(self, ids: Snowflakes) -> None:
        """None was given."""
        self.given: dict[str, Interaction] = {}
        self._ids = ids

    def give(self, commands: list[dict[str, Any]], channel: Channel, user: User, order: DiscordCommand) -> Interaction:
        """A new order; raises ApiError when no such command is registered, or its option is not."""
        command = next((one for one in commands if one["name"] == order.name), None)
        if command is None:
            raise ApiError(400, 0, f"the bot has registered no command {order.name}")
        if order.argument and not command["options"]:
            raise ApiError(400, 0, f"/{order.name} takes no argument")
        if not order.argument and any(option.get("required") for option in command["options"]):
            raise ApiError(400, 0, f"/{order.name} wants an argument")
        first = command["options"][0] if order.argument else {}
        options = [{"name": first["name"], "type": _STRING, "value": order.argument}] if order.argument else []
        token = f"aW50ZXJhY3Rpb24{secrets.token_urlsafe(60)}"
        given = Interaction(self._ids.next(), token, channel, user, command, options, order.locale)
        self.given[given.id] = given
        return given

    def answer(self, number: str, token: str, body: dict[str, Any]) -> None:
        """Takes the callback; raises ApiError when it is late, the second, or no answer to a command."""
        given = self.given.get(number)
        if given is None or given.token != token:
            raise errors.unknown("Interaction")
        if given.answer:
            raise ApiError(*errors.ALREADY_ACKNOWLEDGED)
        if time.time() > given.time + _TO_ANSWER_S:
            raise errors.unknown("Interaction")
        kind, data = body.get("type"), body.get("data") or {}
        if kind not in (_MESSAGE, _DEFERRED):
            raise form_error("type", "BASE_TYPE_CHOICES", f"Value must be one of {{{_MESSAGE}, {_DEFERRED}}}.")
        if kind == _MESSAGE:
            given.text = checked_content(data, "data.content")
        given.answer, given.answered_at, given.flags = int(kind), time.time(), int(data.get("flags", 0))

    def by_token(self, token: str) -> Interaction:
        """The answered order of a token that still holds; raises ApiError."""
        given = next((one for one in self.given.values() if one.token == token), None)
        if given is None or time.time() > given.time + _TO_FOLLOW_UP_S:
            raise ApiError(*errors.INVALID_WEBHOOK_TOKEN)
        if not given.answer:
            raise errors.unknown("Webhook")
        return given


def checked_content(body: dict[str, Any], field_name: str = "content") -> str:
    """The text of a message without files; raises ApiError."""
    content = str(body.get("content") or "").strip()
    if len(content) > 2000:
        raise errors.too_long(field_name, 2000)
    if not content and not body.get("embeds"):
        raise ApiError(*errors.EMPTY_MESSAGE)
    return content
