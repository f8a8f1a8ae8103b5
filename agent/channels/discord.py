"""Discord, through discord.py's websocket and HTTP client.

Events are stored as they come. What was said while nobody listened is read from the channels' history whenever a new
session begins; a session that is resumed is told what it missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from discord import File
from discord.errors import ConnectionClosed, DiscordException, HTTPException, LoginFailure, RateLimited

from agent.channels import discord_format, discord_inbound, discord_menu
from agent.channels.base import ChannelError, Contact, Desk, Edited, Inbound, Limits, Outbound, RejectedError, backoff
from agent.channels.discord_gateway import Gateway
from agent.channels.discord_inbound import Me
from agent.channels.discord_rest import GoneError, Rest
from agent.http import tls_context

log = logging.getLogger("discord")

OWNER_WAIT_S = 300.0  # what the owner has to put right is not tried again sooner
FRESH_AFTER = 4  # failures in a row, after which the connections are made anew
ALIVE_EVERY_S = 300.0  # how often it is written down that somebody listens
SERVERS_S = 5.0  # what Discord takes to tell of all servers after READY
MOST_MISSED = 500  # messages of a channel that are caught up with
_PAGE = 100
_EPOCH_MS = 1420070400000  # of Discord's ids
_HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
_EPHEMERAL = 64
_MESSAGES = "/channels/{channel_id}/messages"
_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
_ALIVE, _PLACE, _LOCALE = "discord", "discord:", "discord-locale:"


class DiscordChannel:
    """One bot."""

    name = "discord"
    limits = Limits(draft_every_s=1.3, file_bytes=10 * 1024 * 1024)

    def __init__(self, token: str, hosts: tuple[str, ...] = _HOSTS) -> None:
        """`hosts` are where attachments may lie."""
        self.contact = Contact(max_age_s=150.0)  # Discord wants a heartbeat every 41 s, and answers it
        self._hosts = hosts
        self._me = Me()
        self._rest = Rest(token)
        self._desk: Desk | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._catching_up: asyncio.Task[None] | None = None
        self._held: list[Inbound | Edited] | None = None
        self._servers: dict[str, list[Mapping[str, Any]] | None] = {}
        self._all_servers = asyncio.Event()
        self._languages: dict[str, str] = {}
        self._since = ""
        self._alive_at = 0.0
        self._homes: dict[str, str] = {}
        self._failed_calls = 0

    async def run(self, desk: Desk) -> None:
        """Listen until cancelled."""
        self._desk = desk
        self._since = desk.marks(_ALIVE).get(_ALIVE, "")
        self._languages = {name.removeprefix(_LOCALE): value for name, value in desk.marks(_LOCALE).items()}
        failures = 0
        while True:
            try:
                gateway = await self._log_in()
                while self._rest.connected:
                    await gateway.listen()
                    failures = 0 if self.contact.problem is None else failures + 1
                    await asyncio.sleep(backoff(failures) if failures else 0.1)
            except (DiscordException, OSError, TimeoutError, aiohttp.ClientError) as error:
                failures += 1
                wait = self._trouble(error, failures)
                await self._log_out()
                await asyncio.sleep(wait)

    def compose(self, markdown: str) -> list[str]:
        """Messages of at most 2000 characters."""
        return discord_format.bodies(markdown)

    async def send(self, message: Outbound) -> None:
        """Deliver one body, or a file."""
        try:
            if message.file is not None:
                await self._send_file(message, message.file)
            else:
                await self._show(message.chat_id, message.text, message.edits, message.reply_to, f"out{message.id}")
        except RejectedError:
            raise
        except ChannelError:
            self._failed_calls += 1
            if self._failed_calls % FRESH_AFTER == 0:
                await self._log_out()  # and `run` logs in again
            raise
        self._failed_calls = 0

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:
        """Show a beginning."""
        return await self._show(chat_id, body, shown, reply_to, None)

    async def typing(self, chat_id: str) -> None:
        """Show «is typing...» for the next ten seconds."""
        with contextlib.suppress(ChannelError):
            await self._rest.call("POST", "/channels/{channel_id}/typing", {"channel_id": chat_id})

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """A file in pieces, from Discord's own hosts; an address that has expired is asked for anew."""
        where, _, address = reference.partition(" ")
        for attempt in (address, None):
            current = attempt or await self._address_of(where)
            if urlsplit(current).hostname not in self._hosts:
                raise RejectedError("it is not on one of Discord's own hosts")
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls_context())) as session:
                try:
                    async with session.get(current, allow_redirects=False) as response:
                        if response.status in (403, 404) and attempt is not None:
                            continue
                        if response.status != 200:
                            raise ChannelError(f"Discord answers {response.status} when it is fetched")
                        async for piece in response.content.iter_chunked(64 * 1024):
                            yield piece
                        return
                except (aiohttp.ClientError, TimeoutError) as error:
                    raise ChannelError(f"Discord's file server: {type(error).__name__}") from None

    async def home(self, user_id: str) -> str:
        """The private channel with a user."""
        if user_id not in self._homes:
            channel = await self._rest.call("POST", "/users/@me/channels", json={"recipient_id": user_id})
            self._homes[user_id] = str(channel["id"])
        return self._homes[user_id]

    async def aclose(self) -> None:
        """Close the connections."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._log_out()

    async def _log_in(self) -> Gateway:
        http, self._me.id = await self._rest.log_in()
        return Gateway(http, self._handlers(), self._heard)

    async def _log_out(self) -> None:
        if self._catching_up is not None:
            self._catching_up.cancel()
        await self._rest.log_out()

    def _handlers(self) -> dict[str, Any]:
        return {
            "READY": self._ready,
            "GUILD_CREATE": self._server,
            "MESSAGE_CREATE": lambda data: self._hear(self._message(data, private="guild_id" not in data)),
            "MESSAGE_UPDATE": lambda data: self._hear(discord_inbound.edit(data, self._me)),
            "MESSAGE_DELETE": lambda data: self._hear(*discord_inbound.deletions(data)),
            "MESSAGE_DELETE_BULK": lambda data: self._hear(*discord_inbound.deletions(data)),
            "INTERACTION_CREATE": self._interaction,
        }

    def _heard(self) -> None:
        """A frame has come, if only the answer to a heartbeat."""
        if self._me.application_id:
            self.contact.succeeded()
            if self._desk is not None and self._held is None and time.monotonic() > self._alive_at:
                self._alive_at = time.monotonic() + ALIVE_EVERY_S
                self._desk.receive([], {_ALIVE: _now()})

    def _ready(self, data: Mapping[str, Any]) -> None:
        """A new session begins: what was missed comes before what is said from now on."""
        self._me.application_id = str(data["application"]["id"])
        self.contact.succeeded()
        log.info("connected, listening")
        self._servers = {str(server["id"]): None for server in data.get("guilds") or ()}
        self._all_servers.clear()
        self._count_servers()
        if self._held is None:
            self._held = []
        if self._catching_up is not None:
            self._catching_up.cancel()
        self._catching_up = self._spawn(self._catch_up())
        self._spawn(self._register_commands())

    def _server(self, data: Mapping[str, Any]) -> None:
        self._servers[str(data["id"])] = [*(data.get("channels") or ()), *(data.get("threads") or ())]
        self._count_servers()
        self._me.roles |= {
            str(role["id"])
            for role in data.get("roles") or ()
            if str((role.get("tags") or {}).get("bot_id")) == self._me.id
        }

    def _count_servers(self) -> None:
        if None not in self._servers.values():
            self._all_servers.set()

    def _message(self, data: Mapping[str, Any], *, private: bool) -> Inbound | None:
        language = self._languages.get(str((data.get("author") or {}).get("id")), "en")
        return discord_inbound.message(data, self._me, language, private=private)

    def _interaction(self, data: Mapping[str, Any]) -> None:
        ordered = discord_inbound.command(data)
        if ordered is None or self._desk is None:
            return
        if self._languages.get(ordered.user_id) != ordered.language and self._desk.permits(ordered.user_id):
            self._languages[ordered.user_id] = ordered.language
            self._desk.receive([], {_LOCALE + ordered.user_id: ordered.language})
        self._hear(ordered)
        if self._desk.permits(ordered.user_id):  # a stranger sees it fail, as with a bot that is not there
            self._spawn(self._acknowledge(data, ordered.text))

    def _hear(self, *events: Inbound | Edited | None) -> None:
        for event in events:
            if event is None or self._desk is None:
                continue
            if self._held is not None:
                self._held.append(event)
            else:
                self._hand_in(event)

    def _hand_in(self, event: Inbound | Edited) -> None:
        if self._desk is None:
            return
        placed = isinstance(event, Inbound) and event.message_id
        self._desk.receive([event], {_PLACE + event.chat_id: event.message_id} if placed else None)

    async def _catch_up(self) -> None:
        """Hand in what was missed, oldest first, then what has come meanwhile, then let go of it."""
        failures = 0
        while True:
            try:
                await self._servers_told()
                for channel, after, private in await self._places():
                    await self._read_missed(channel, after, private=private)
            except ChannelError as error:
                failures += 1
                log.warning("what was missed cannot be read yet: %s", error)
                await asyncio.sleep(backoff(failures))
            else:
                break
        held, self._held = self._held or [], None
        for event in held:
            self._hand_in(event)

    async def _servers_told(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all_servers.wait(), SERVERS_S)

    async def _places(self) -> list[tuple[str, str, bool]]:
        """The channels in which something may have been missed, after which message, and whether they are private."""
        desk = self._desk
        if desk is None:
            return []
        marks = {name.removeprefix(_PLACE): value for name, value in desk.marks(_PLACE).items()}
        found = []
        for owner in desk.owners():
            with contextlib.suppress(RejectedError):
                home = await self.home(owner)
                if home not in marks:
                    desk.receive([], {_PLACE + home: self._since or _now()})
                found.append((home, marks.get(home) or self._since or _now(), True))
        private = {home for home, _, _ in found}
        public = {str(channel["id"]): channel for channels in self._servers.values() for channel in channels or ()}
        for channel, about in public.items():
            after = marks.get(channel) or self._since
            if after and int(about.get("last_message_id") or 0) > int(after):
                found.append((channel, after, False))
        known = [(channel, after) for channel, after in marks.items() if channel not in private | public.keys()]
        return found + [(channel, after, True) for channel, after in known]

    async def _read_missed(self, channel: str, after: str, *, private: bool) -> None:
        missed: list[Mapping[str, Any]] = []
        before: dict[str, str] = {}
        while len(missed) < MOST_MISSED:
            try:
                page = await self._rest.call(
                    "GET",
                    _MESSAGES,
                    {"channel_id": channel},
                    params={"limit": str(_PAGE), **before},
                )
            except RejectedError as error:
                log.info("channel %s cannot be read any more: %s", channel, error)
                return
            newer = [one for one in page if int(one["id"]) > int(after)]
            missed += newer
            if len(newer) < _PAGE:
                break
            before = {"before": str(newer[-1]["id"])}
        for data in reversed(missed):
            if (event := self._message(data, private=private)) is not None:
                self._hand_in(event)

    async def _show(self, chat_id: str, body: str, shown: str | None, reply_to: str | None, nonce: str | None) -> str:
        content: dict[str, Any] = {"content": body, "allowed_mentions": {"parse": [], "replied_user": True}}
        if shown is not None:
            try:
                await self._rest.call("PATCH", _MESSAGE, {"channel_id": chat_id, "message_id": shown}, json=content)
            except GoneError:
                log.debug("the message to edit is gone, a new one takes its place")
            else:
                return shown
        content |= _reference(reply_to)
        if nonce is not None:  # by which Discord knows a message that is sent again after a crash
            content |= {"nonce": nonce, "enforce_nonce": True}
        sent = await self._rest.call("POST", _MESSAGES, {"channel_id": chat_id}, json=content)
        return str(sent["id"])

    async def _send_file(self, message: Outbound, path: str) -> None:
        try:
            file = File(path, filename=message.file_name or "file")
        except OSError as error:
            raise RejectedError(f"the file is not there any more: {error.strerror}") from None
        payload = {
            "content": message.text,
            "allowed_mentions": {"parse": []},
            "attachments": [{"id": 0, "filename": file.filename}],
            "nonce": f"out{message.id}",
            "enforce_nonce": True,
        }
        form = [
            {"name": "payload_json", "value": json.dumps(payload)},
            {
                "name": "files[0]",
                "value": file.fp,
                "filename": file.filename,
                "content_type": "application/octet-stream",
            },
        ]
        try:
            await self._rest.call("POST", _MESSAGES, {"channel_id": message.chat_id}, form=form, files=[file])
        finally:
            file.close()

    async def _address_of(self, where: str) -> str:
        """Where an attachment lies now."""
        channel, number, attachment = where.split("/")
        found = await self._rest.call("GET", _MESSAGE, {"channel_id": channel, "message_id": number})
        for one in found.get("attachments") or ():
            if str(one["id"]) == attachment:
                return str(one["url"])
        raise RejectedError("the message does not have it any more")

    async def _acknowledge(self, data: Mapping[str, Any], text: str) -> None:
        answer = {"type": 4, "data": {"content": f"✓ `{text.replace('`', chr(39))[:200]}`", "flags": _EPHEMERAL}}
        try:
            await self._rest.call("POST", f"/interactions/{data['id']}/{data['token']}/callback", json=answer)
        except ChannelError as error:
            log.debug("a command could not be acknowledged: %s", error)

    async def _register_commands(self) -> None:
        try:
            await discord_menu.register(self._rest, self._me.application_id)
        except ChannelError as error:
            log.debug("commands: %s", error)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    def _trouble(self, error: Exception, failures: int) -> float:
        """Note and log why there is no connection; return the seconds to wait."""
        code = error.code if isinstance(error, ConnectionClosed) else None
        if isinstance(error, LoginFailure) or code == 4004:
            problem = "Discord refuses the bot token: put the Developer Portal's into channel.bot_token"
        elif code in (4013, 4014):
            problem = "Discord refuses the intents: switch on Message Content Intent in the Developer Portal, under Bot"
        elif isinstance(error, RateLimited):
            return self._noted("Discord asks to slow down", error.retry_after)
        elif isinstance(error, HTTPException):
            return self._noted(f"Discord answers {error.status}", backoff(failures))
        else:
            return self._noted(f"Discord cannot be reached: {type(error).__name__}", backoff(failures))
        return self._noted(problem, OWNER_WAIT_S, curable=False)

    def _noted(self, problem: str, wait: float, *, curable: bool = True) -> float:
        if self.contact.failed(problem, curable=curable):
            log.error("%s", problem)
        return wait


def _reference(reply_to: str | None) -> dict[str, Any]:
    if not reply_to:
        return {}
    return {"message_reference": {"message_id": reply_to, "fail_if_not_exists": False}}


def _now() -> str:
    """The smallest id of a message that is written from now on."""
    return str((int(time.time() * 1000) - _EPOCH_MS) << 22)
