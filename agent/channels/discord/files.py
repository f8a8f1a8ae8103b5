"""Attachments, fetched from Discord's own hosts and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp

from agent.channels.base import ChannelError, RejectedError
from agent.channels.discord import inbound as discord_inbound
from agent.channels.discord.rest import Rest
from agent.channels.discord.sending import MESSAGE
from agent.http import tls_context

ORIGINS = ("https://cdn.discordapp.com", "https://media.discordapp.net")
_PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=30)
_PIECE = 64 * 1024


class Files:
    """Downloads; `origins` are scheme and host of where attachments may lie."""

    def __init__(self, rest: Rest, origins: tuple[str, ...] = ORIGINS) -> None:
        self._rest = rest
        self._origins = origins

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """A file in pieces; an address that has expired is asked for anew."""
        where, _, address = reference.partition(" ")
        connector = aiohttp.TCPConnector(ssl=tls_context())
        async with aiohttp.ClientSession(connector=connector, timeout=_PATIENCE) as session:
            try:
                response = await session.get(self._checked(address), allow_redirects=False)
                if response.status in (403, 404):
                    response.close()
                    address = await self._address_now(where)
                    response = await session.get(self._checked(address), allow_redirects=False)
                async with response:
                    if response.status in (403, 404):
                        raise RejectedError("Discord has the file no more")
                    if response.status != 200:
                        raise ChannelError(f"Discord answers {response.status} when it is fetched")
                    async for piece in response.content.iter_chunked(_PIECE):
                        yield piece
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise ChannelError(f"Discord's file server: {type(error).__name__}") from None

    def _checked(self, address: str) -> str:
        parts = urlsplit(address)
        if f"{parts.scheme}://{parts.netloc}" not in self._origins:
            raise RejectedError("it is not on one of Discord's own hosts")
        return address

    async def _address_now(self, where: str) -> str:
        """Where an attachment, or the picture made of it, lies now."""
        channel, number, _ = where.split("/")
        found = await self._rest.call("GET", MESSAGE, {"channel_id": channel, "message_id": number})
        for one in discord_inbound.attachments(found):
            for reference in (one.reference, one.preview):
                place, _, address = reference.partition(" ")
                if place == where and address:
                    return address
        raise RejectedError("the message does not have it any more")
