"""What Discord's Gateway tells, handed in: stored as it comes, and after what was missed when a new session begins."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agent.background import Background
from agent.channels.base import ChannelError, Contact, Desk, Edited, Inbound, RejectedError, backoff
from agent.channels.discord import inbound as discord_inbound
from agent.channels.discord import menu as discord_menu
from agent.channels.discord.gateway import GarbageError, Handler
from agent.channels.discord.history import PLACE, History, Servers
from agent.channels.discord.inbound import Me
from agent.channels.discord.rest import Rest
from agent.channels.words import Sentence

log = logging.getLogger("discord")

SEEN_EVERY_S = 300.0  # how often it is written down up to where nothing is missing
MENU_TRIES = 8  # in some minutes; after that the next session tries
_EPHEMERAL = 64
_LOCALE = "discord-locale:"
_UNKNOWN_FORM = (KeyError, TypeError, ValueError, AttributeError)


class Hearing:
    """The handlers of the Gateway's events.

    Args:
        rest: to read what was missed, and to acknowledge commands.
        desk: where messages are handed in.
        contact: is told when something was heard.
    """

    def __init__(self, rest: Rest, desk: Desk, contact: Contact) -> None:
        self.me = Me()
        self._rest = rest
        self._desk = desk
        self._contact = contact
        self._servers = Servers()
        self._history = History(rest, desk, self._servers, self._message)
        self._languages = {name.removeprefix(_LOCALE): value for name, value in desk.marks(_LOCALE).items()}
        self._background = Background()
        self._catching_up: asyncio.Task[None] | None = None
        self._held: list[Callable[[], None]] | None = None
        self._behind = False
        self._troubles: asyncio.Queue[Exception] = asyncio.Queue()
        self._write_at = 0.0

    @property
    def handlers(self) -> dict[str, Handler]:
        """By the names of the events."""
        return {
            "READY": self._ready,
            "GUILD_CREATE": self._server,
            "GUILD_UPDATE": self._servers.speak,
            "MESSAGE_CREATE": self._created,
            "MESSAGE_UPDATE": lambda data: self._changed(discord_inbound.edits, data),
            "MESSAGE_DELETE": lambda data: self._changed(discord_inbound.deletions, data),
            "MESSAGE_DELETE_BULK": lambda data: self._changed(discord_inbound.deletions, data),
            "INTERACTION_CREATE": self._ordered,
        }

    def heard(self) -> None:
        """A frame has come, if only the answer to a heartbeat; that is not all while what was missed cannot be read."""
        if self._behind:
            return
        self._contact.succeeded()
        if self._held is None and time.monotonic() > self._write_at:
            self._write_at = time.monotonic() + SEEN_EVERY_S
            self._history.write_down()

    async def broken(self) -> Exception:
        """Why what was missed is not read any more, as soon as that is so: another session has to begin."""
        return await self._troubles.get()

    async def aclose(self) -> None:
        """End what goes on in the background."""
        await self._background.aclose()

    def _ready(self, data: Mapping[str, Any]) -> None:
        """A new session begins: what was missed comes before what is said from now on."""
        self.me.application_id = str(data["application"]["id"])
        if self._held is None:
            self._held = []
        self._behind = True
        log.info("connected, listening")
        self._servers.begin(data)
        if self._catching_up is not None:
            self._catching_up.cancel()
        self._catching_up = self._background.start(self._catch_up_or_tell())
        self._background.start(self._register_commands())

    def _server(self, data: Mapping[str, Any]) -> None:
        self._servers.tell(data)
        self.me.roles |= {
            str(role["id"])
            for role in data.get("roles") or ()
            if str((role.get("tags") or {}).get("bot_id")) == self.me.id
        }

    def _message(self, data: Mapping[str, Any], *, private: bool) -> Inbound | None:
        """A message object as an event; None when it is not for the assistant, or of a form that nobody knew."""
        try:
            # Messages do not tell it; a command of the menu does.
            language = self._languages.get(str((data.get("author") or {}).get("id")))
            language = language or self._servers.language(data)
            return discord_inbound.message(data, self.me, language, private=private)
        except _UNKNOWN_FORM as error:
            log.warning("message %s is of an unknown form: %r", data.get("id"), error)
            return None

    def _created(self, data: Mapping[str, Any]) -> None:
        message = self._message(data, private="guild_id" not in data)

        def hand_in() -> None:
            if message is not None:
                self._hand_in(message)
            self._history.saw(data.get("id"))

        self._in_turn(hand_in)

    def _changed(self, read: Callable[[Mapping[str, Any], Me], Iterable[Edited]], data: Mapping[str, Any]) -> None:
        try:
            events = list(read(data, self.me))
        except _UNKNOWN_FORM as error:
            log.warning("an edit is of an unknown form: %r", error)
            return
        if events:
            self._in_turn(lambda: self._desk.receive(events))

    def _ordered(self, data: Mapping[str, Any]) -> None:
        try:
            order = discord_inbound.command(data)
        except _UNKNOWN_FORM as error:
            log.warning("a command is of an unknown form: %r", error)
            return
        if order is not None:
            self._in_turn(lambda: self._take(order, f"/interactions/{data['id']}/{data['token']}/callback"))

    def _take(self, order: Inbound, answer_at: str) -> None:
        """Store a command of the menu, then acknowledge it; to a stranger it looks like a bot that is not there."""
        self._hand_in(order)
        if not self._desk.permits(order.user_id):
            return
        if self._languages.get(order.user_id) != order.language:  # messages do not tell it
            self._languages[order.user_id] = order.language
            self._desk.receive([], {_LOCALE + order.user_id: order.language})
        self._background.start(self._acknowledge(answer_at, order.text))

    def _in_turn(self, work: Callable[[], None]) -> None:
        """Do it now, or after what was missed."""
        if self._held is None:
            work()
        else:
            self._held.append(work)

    def _hand_in(self, message: Inbound) -> None:
        """Store a message, with the place of it unless a stranger wrote it."""
        placed = message.message_id and self._desk.permits(message.user_id)
        self._desk.receive([message], {PLACE + message.chat_id: message.message_id} if placed else None)

    async def _catch_up_or_tell(self) -> None:
        try:
            await self._catch_up()
        except Exception as error:  # noqa: BLE001 - whoever waits for it raises it again
            self._troubles.put_nowait(error)

    async def _catch_up(self) -> None:
        """Hand in what was missed, oldest first, then what has come meanwhile, then let go of it."""
        failures = 0
        while True:
            try:
                missed = await self._history.missed()
            except ChannelError as error:
                failures += 1
                if self._contact.failed(Sentence("discord_missed", why=error.words)):
                    log.error("what was missed cannot be read: %s", error)
                await asyncio.sleep(error.retry_after or backoff(failures))
            except _UNKNOWN_FORM as error:
                raise GarbageError(type(error).__name__) from None
            else:
                break
        for message in missed:
            self._hand_in(message)
        for work in self._held or ():
            work()
        self._held = None
        self._behind = False
        self._history.write_down()
        self._contact.succeeded()

    async def _acknowledge(self, path: str, text: str) -> None:
        shown = text.replace("`", "'")[:200]
        answer = {"type": 4, "data": {"content": f"✓ `{shown}`", "flags": _EPHEMERAL}}
        try:
            await self._rest.call("POST", path, json=answer)
        except ChannelError as error:
            log.debug("a command could not be acknowledged: %s", error)

    async def _register_commands(self) -> None:
        for failures in range(1, MENU_TRIES + 1):
            try:
                await discord_menu.register(self._rest, self.me.application_id)
            except RejectedError as error:
                log.warning("the menu of commands is not as it should be: %s", error)
                return
            except ChannelError as error:
                log.debug("the menu of commands: %s", error)
                await asyncio.sleep(backoff(failures))
            else:
                return
