"""Discord: staying connected, and saying something. What is heard is in `discord_hearing`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator

import aiohttp

from agent.channels.base import OWNER_WAIT_S, ChannelError, Contact, Desk, Limits, Outbound, backoff
from agent.channels.discord import format as discord_format
from agent.channels.discord.files import ORIGINS, Files
from agent.channels.discord.gateway import Gateway
from agent.channels.discord.hearing import Hearing
from agent.channels.discord.parts import ConnectionClosed, DiscordException, HTTPException, LoginFailure, RateLimited
from agent.channels.discord.rest import SERVICE, Rest, id_of
from agent.channels.discord.sending import Sender, nonce_of
from agent.channels.words import Sentence

log = logging.getLogger("discord")

STEADY_S = 120.0  # a connection that lasted so long is begun anew at once; Discord allows 1000 sessions a day


class WedgedError(OSError):
    """Calls fail again and again, although the Gateway is well."""


_TROUBLE = (ChannelError, DiscordException, OSError, TimeoutError, aiohttp.ClientError, ValueError)


class DiscordChannel:
    """One bot."""

    name = "discord"
    limits = Limits(draft_every_s=1.3, file_bytes=10 * 1024 * 1024)

    def __init__(self, token: str, origins: tuple[str, ...] = ORIGINS) -> None:
        """`origins` are scheme and host of where attachments may lie."""
        self.contact = Contact(max_age_s=150.0)  # Discord wants a heartbeat every 41 s, and answers it
        self._rest = Rest(token)
        self._sender = Sender(self._rest)
        self._files = Files(self._rest, origins)
        self._hearing: Hearing | None = None
        self._homes: dict[str, str] = {}

    async def run(self, desk: Desk) -> None:
        """Listen until cancelled."""
        hearing = self._hearing = Hearing(self._rest, desk, self.contact)
        gateway = Gateway(hearing.handlers, hearing.heard)
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._listen(gateway, hearing)
            except _TROUBLE as error:
                failures = 1 if time.monotonic() - began > STEADY_S else failures + 1
                wait = self._trouble(error, failures)
                await self._rest.log_out()
            else:  # Discord has ended it in good order
                failures = 0 if time.monotonic() - began > STEADY_S else failures + 1
                wait = backoff(failures - 1) if failures > 1 else 0.1
            await asyncio.sleep(wait)

    def compose(self, markdown: str) -> list[str]:
        """Messages of at most 2000 characters."""
        return discord_format.bodies(markdown)

    async def send(self, message: Outbound) -> None:
        """Deliver one body, or a file."""
        if message.file is not None:
            await self._sender.file(message)
        else:
            await self._sender.show(message.chat_id, message.text, message.edits, message.reply_to, nonce_of(message))

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:
        """Show a beginning."""
        return await self._sender.show(chat_id, body, shown, reply_to)

    async def typing(self, chat_id: str) -> None:
        """Show «is typing...» for the next ten seconds."""
        with contextlib.suppress(ChannelError):
            await self._rest.call("POST", "/channels/{channel_id}/typing", {"channel_id": chat_id})

    def download(self, reference: str) -> AsyncIterator[bytes]:
        """A file in pieces, from Discord's own hosts."""
        return self._files.download(reference)

    async def home(self, user_id: str) -> str:
        """The private channel with a user."""
        if user_id not in self._homes:
            channel = await self._rest.call("POST", "/users/@me/channels", json={"recipient_id": user_id})
            self._homes[user_id] = id_of(channel)
        return self._homes[user_id]

    async def aclose(self) -> None:
        """Close the connections."""
        if self._hearing is not None:
            await self._hearing.aclose()
        await self._rest.log_out()

    async def _listen(self, gateway: Gateway, hearing: Hearing) -> None:
        """Hear until the connection ends, calls fail again and again, or what was missed is not read any more."""
        http = self._rest.http
        if http is None:
            http, hearing.me.id = await self._rest.log_in()
        listening = asyncio.create_task(gateway.listen(http))
        wedged = asyncio.create_task(self._rest.wedged.wait())
        broken = asyncio.create_task(hearing.broken())
        tasks = (listening, wedged, broken)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if broken.done():
                raise broken.result()
            if not listening.done():
                raise WedgedError
            listening.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if broken.done() and not broken.cancelled():  # a session that is resumed tells nothing of what was missed
                gateway.forget()

    def _trouble(self, error: Exception, failures: int) -> float:
        """Note and log why there is no connection; return the seconds to wait."""
        code = error.code if isinstance(error, ConnectionClosed) else None
        if isinstance(error, LoginFailure) or code == 4004:
            problem = Sentence("discord_token")
        elif code in (4013, 4014):
            problem = Sentence("discord_intents")
        elif code in (4010, 4011, 4012):  # shards, and the version of the API
            problem = Sentence("discord_closes", code=code)
        elif isinstance(error, WedgedError):
            return self._noted(Sentence("discord_wedged"), backoff(failures))
        elif isinstance(error, RateLimited):
            return self._noted(Sentence("slow_down", service=SERVICE), error.retry_after)
        elif isinstance(error, HTTPException):
            return self._noted(Sentence("answers", service=SERVICE, status=error.status), backoff(failures))
        else:
            problem = Sentence("unreachable", service=SERVICE, why=type(error).__name__)
            return self._noted(problem, backoff(failures))
        return self._noted(problem, OWNER_WAIT_S, curable=False)

    def _noted(self, problem: Sentence, wait: float, *, curable: bool = True) -> float:
        if self.contact.failed(problem, curable=curable):
            log.error("%s", problem)
        return wait
