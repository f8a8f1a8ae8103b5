"""Discord's part of `FakesClient`: a test is the users, and breaks things."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from tests.fakes import defaults
from tests.fakes.discord import wire
from tests.fakes.errors import FakesError

T = TypeVar("T")


class Get(Protocol):
    """Asks the control API."""

    def __call__(self, path: str, form: type[T], wait: float = 0.0, **query: str | float) -> T:
        """The answer in that form."""


class Post(Protocol):
    """Orders something of the control API."""

    def __call__(self, path: str, body: Any, form: type[T] | None = None) -> T:
        """The answer in that form."""


class DiscordClient:
    """Every method raises FakesError when the stand-ins refuse or are not there."""

    def __init__(self, get: Get, post: Post) -> None:
        """Speaks by these two."""
        self._get = get
        self._post = post

    def user_message(
        self, text: str = "", *, user_id: str = defaults.DISCORD_OWNER_ID, **options: Any
    ) -> wire.DiscordSent:
        """A user writes, in private unless `channel_id` is given; `options` are fields of `wire.DiscordUserMessage`."""
        message = wire.DiscordUserMessage(user_id=user_id, text=text, **options)
        return self._post("/discord/user_message", message, wire.DiscordSent)

    def user_edit(self, sent: wire.DiscordSent, text: str | None) -> wire.DiscordSent:
        """A user gives one of their messages another text; None deletes it."""
        order = wire.DiscordUserEdit(channel_id=sent.channel_id, message_id=sent.message_id, text=text)
        return self._post("/discord/user_edit", order, wire.DiscordSent)

    def order(self, command: str, *, user_id: str = defaults.DISCORD_OWNER_ID, **options: Any) -> wire.DiscordSent:
        """A user picks a command of the menu; `options` are fields of `wire.DiscordOrder`."""
        order = wire.DiscordOrder(user_id=user_id, command=command, **options)
        return self._post("/discord/order", order, wire.DiscordSent)

    def new_channel(self, name: str, *, parent: str | None = None) -> str:
        """A channel of the server, or a thread in one; its id."""
        order = wire.DiscordNewChannel(name=name, parent=parent)
        return self._post("/discord/new_channel", order, dict[str, str])["channel_id"]

    def private(self, user_id: str = defaults.DISCORD_OWNER_ID) -> str:
        """The id of the private channel with a user."""
        return self._get(f"/discord/private/{user_id}", dict[str, str])["channel_id"]

    def messages(self, channel_id: str, *, after: str = "0") -> list[wire.DiscordMessage]:
        """The messages of both sides that are newer than `after`."""
        return self._get(f"/discord/channel/{channel_id}", list[wire.DiscordMessage], after=after)

    def wait_for_reply(
        self, channel_id: str, *, after: str = "0", timeout: float = 10.0, containing: str = ""
    ) -> list[wire.DiscordMessage]:
        """The bot's messages that are newer than `after`, as soon as there are any (and one contains the text).

        Raises:
            FakesError: nothing came in time.
        """
        path, query = f"/discord/channel/{channel_id}/wait", {"after": after, "containing": containing}
        messages = self._get(path, list[wire.DiscordMessage], timeout, timeout=timeout, **query)
        if not messages:
            wanted = f" with {containing!r}" if containing else ""
            raise FakesError(f"the bot sent nothing{wanted} to channel {channel_id} within {timeout:g} s of waiting")
        return messages

    def ask(
        self, text: str, *, timeout: float = 10.0, user_id: str = defaults.DISCORD_OWNER_ID
    ) -> list[wire.DiscordMessage]:
        """Writes in private and waits for the bot's reply."""
        sent = self.user_message(text, user_id=user_id)
        return self.wait_for_reply(sent.channel_id, after=sent.message_id, timeout=timeout)

    def calls(self, route: str = "", *, since: float = 0.0) -> list[wire.DiscordCall]:
        """Requests of the HTTP API, of one route if given, that arrived at or after `since` (Unix time)."""
        return self._get("/discord/calls", list[wire.DiscordCall], route=route, since=since)

    def wait_for_call(self, route: str, *, since: float = 0.0, timeout: float = 10.0) -> wire.DiscordCall:
        """The first such request, as soon as it arrives; raises FakesError when none does."""
        path = "/discord/calls/wait"
        calls = self._get(path, list[wire.DiscordCall], timeout, route=route, since=since, timeout=timeout)
        if not calls:
            raise FakesError(f"no {route} arrived within {timeout:g} s of waiting")
        return calls[0]

    def connections(self) -> list[wire.DiscordConnection]:
        """All connections to the Gateway, the oldest first."""
        return self._get("/discord/connections", list[wire.DiscordConnection])

    def commands(self) -> list[dict[str, Any]]:
        """The menu as it is registered."""
        return self._get("/discord/commands", list[dict[str, Any]])

    def interactions(self) -> list[wire.DiscordInteraction]:
        """The commands that users picked, and what they saw of it."""
        return self._get("/discord/interactions", list[wire.DiscordInteraction])

    def settings(self, **changes: Any) -> None:
        """Changes what is given; see `wire.DiscordSettings`."""
        self._post("/discord/settings", wire.DiscordSettings(**changes))

    def fail(self, fault: wire.DiscordFault) -> None:
        """Makes the next requests of a route go wrong."""
        self._post("/discord/fail", fault)

    def gateway_fail(self, fault: wire.DiscordGatewayFault) -> None:
        """Does something to the connections to the Gateway."""
        self._post("/discord/gateway_fail", fault)
