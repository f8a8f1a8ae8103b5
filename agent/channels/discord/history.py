"""What was said on Discord while nobody listened, read from the channels' history whenever a new session begins.

Two kinds of marks say where to go on: `discord:<channel>`, the newest message that was stored there, and `discord`, a
message than which nothing older is missing anywhere. Both are Discord's own ids, so no clock is asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent.channels.base import MOST_MISSED, Desk, Inbound, RejectedError
from agent.channels.discord.rest import Rest
from agent.channels.discord.sending import MESSAGES
from agent.channels.words import Sentence

log = logging.getLogger("discord")

Read = Callable[..., Inbound | None]

SERVERS_S = 5.0  # what Discord takes to tell of all servers after READY
SEEN, PLACE = "discord", "discord:"
_PAGE = 100
_OF_STRANGERS = 100  # characters: what is kept of what they wrote
_MARGIN = 60_000 << 22  # ids of a minute: a message may come later than one of another server with a higher id
_PRIVATE = 1


@dataclass(frozen=True, slots=True)
class Place:
    """A channel in which something may have been missed, and after which message.

    Attributes:
        known: whether something was ever said there that was for the assistant.
    """

    channel: str
    after: int
    private: bool
    known: bool = True


class Servers:
    """The bot's servers: their languages, and their channels with the newest message, as far as Discord has told."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self._waited_for: set[str] = set()
        self._locales: dict[str, str] = {}
        self._server_of: dict[str, str] = {}
        self.newest: dict[str, int] = {}

    def begin(self, ready: Mapping[str, Any]) -> None:
        """READY names the servers; what is in them follows."""
        self._waited_for = {str(server["id"]) for server in ready.get("guilds") or ()}
        self.forget_channels()
        self._told.clear()
        self._look()

    def tell(self, server: Mapping[str, Any]) -> None:
        """GUILD_CREATE has come."""
        number = str(server["id"])
        self.speak(server)
        for channel in (*(server.get("channels") or ()), *(server.get("threads") or ())):
            self.newest[str(channel["id"])] = int(channel.get("last_message_id") or 0)
            self._server_of[str(channel["id"])] = number
        self._waited_for.discard(number)
        self._look()

    def speak(self, server: Mapping[str, Any]) -> None:
        """GUILD_UPDATE has come, or a server is told of: its owners may have chosen a language for it."""
        self._locales[str(server["id"])] = str(server.get("preferred_locale") or "en")

    def place(self, channel: Mapping[str, Any]) -> None:
        """A channel was asked about of which no server told."""
        self._server_of[str(channel["id"])] = str(channel.get("guild_id"))

    def language(self, message: Mapping[str, Any]) -> str:
        """That of the server where a message was written; English in private, and where it is not known."""
        # The history of a channel does not say to which server it belongs.
        server = message.get("guild_id") or self._server_of.get(str(message.get("channel_id")))
        return self._locales.get(str(server), "en")

    def forget_channels(self) -> None:
        """What was missed is read; from now on messages tell their server themselves."""
        self.newest.clear()
        self._server_of.clear()

    async def all_told(self) -> None:
        """Wait for those that are well; one that is not must not keep the others waiting."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SERVERS_S):
                await self._told.wait()

    def _look(self) -> None:
        if not self._waited_for:
            self._told.set()


class History:
    """Reads what was missed.

    Args:
        rest: to read with.
        desk: has the marks, and knows the owners.
        servers: as Discord has told of them.
        read: makes an event of a message object; `private` says where it stands.
    """

    def __init__(self, rest: Rest, desk: Desk, servers: Servers, read: Read) -> None:
        self._rest = rest
        self._desk = desk
        self._servers = servers
        self._read = read
        mark = desk.marks(SEEN).get(SEEN)
        self._mark = None if mark is None else int(mark)
        self._seen = self._mark or 0

    def saw(self, number: object) -> None:
        """A message with this id has come, whoever wrote it, and is stored if it is for the assistant."""
        self._seen = max(self._seen, int(str(number or 0)))

    def write_down(self) -> None:
        """Store up to where nothing is missing."""
        mark = self._seen if self._mark is None else max(self._mark, self._seen - _MARGIN)
        if mark != self._mark:
            self._mark = mark
            self._desk.receive([], {SEEN: str(mark)})

    async def missed(self) -> list[Inbound]:
        """What is for the assistant, by channel, oldest first; raise ChannelError when it cannot be read now."""
        found: list[Inbound] = []
        await self._servers.all_told()
        for place in await self._places(self._mark):
            found += await self._read_after(place)
        for newest in self._servers.newest.values():
            self.saw(newest)
        self._servers.forget_channels()
        return found

    async def _places(self, since: int | None) -> list[Place]:
        marks = {name.removeprefix(PLACE): int(value) for name, value in self._desk.marks(PLACE).items()}
        found = [place for owner in self._desk.owners() for place in await self._private(owner, marks, since)]
        private = {place.channel for place in found}
        for channel, newest in self._servers.newest.items():
            after = max(marks.get(channel, -1), -1 if since is None else since)
            if 0 <= after < newest:
                found.append(Place(channel, after, private=False, known=channel in marks))
        for channel in marks.keys() - private - self._servers.newest.keys():
            found += await self._elsewhere(channel, max(marks[channel], since or 0))
        return found

    async def _private(self, owner: str, marks: Mapping[str, int], since: int | None) -> list[Place]:
        """The private channel with an owner; at the very first it begins with what is said from now on."""
        try:
            channel = await self._rest.call("POST", "/users/@me/channels", json={"recipient_id": owner})
        except RejectedError as error:
            log.info("there is no private channel with user %s: %s", owner, error)
            return []
        number, newest = str(channel["id"]), int(channel.get("last_message_id") or 0)
        if number not in marks and since is None:
            self._desk.receive([], {PLACE + number: str(newest)})
            return [Place(number, newest, private=True)]
        return [Place(number, max(marks.get(number, 0), since or 0), private=True)]

    async def _elsewhere(self, number: str, after: int) -> list[Place]:
        """A channel of which READY does not tell: private, a thread that sleeps, or gone."""
        try:
            channel = await self._rest.call("GET", "/channels/{channel_id}", {"channel_id": number})
        except RejectedError:
            return []
        if int(channel.get("last_message_id") or 0) <= after:
            return []
        self._servers.place(channel)
        return [Place(number, after, private=channel.get("type") == _PRIVATE)]

    async def _read_after(self, place: Place) -> list[Inbound]:
        found: list[Inbound] = []
        before: dict[str, str] = {}
        count = 0
        while count < MOST_MISSED:
            try:
                page = await self._rest.call(
                    "GET", MESSAGES, {"channel_id": place.channel}, params={"limit": str(_PAGE), **before}
                )
            except RejectedError as error:
                log.info("channel %s cannot be read any more: %s", place.channel, error)
                break
            newer = [one for one in page if int(one["id"]) > place.after]
            events = (self._read(one, private=place.private) for one in newer)
            found += [self._lean(event) for event in events if event is not None]
            for one in newer[:1]:
                self.saw(one["id"])
            count += len(newer)
            if len(newer) < _PAGE:
                break
            before = {"before": str(newer[-1]["id"])}
        else:
            await self._leave_out(place, int(before["before"]))
        return found[::-1]

    def _lean(self, event: Inbound) -> Inbound:
        """Without what a stranger has written, be it a thousand messages, but for a code to pair with."""
        if self._desk.permits(event.user_id):
            return event
        return replace(event, text=event.text[:_OF_STRANGERS], quoted="", attachments=())

    async def _leave_out(self, place: Place, oldest: int) -> None:
        """Say so where there is more, in a place that knows the assistant; another start reads from `oldest`."""
        left = await self._rest.call(
            "GET", MESSAGES, {"channel_id": place.channel}, params={"limit": "1", "before": str(oldest)}
        )
        if not any(int(one["id"]) > place.after for one in left):
            return
        log.warning(
            "more than %d messages were missed in channel %s; the oldest are left out", MOST_MISSED, place.channel
        )
        if place.known:
            marks = {PLACE + place.channel: str(oldest - 1)}
            self._desk.tell(place.channel, Sentence("left_out", most=MOST_MISSED), marks)
