"""Having litellm loaded before it is needed: `POST /warm` to picoclaw-llm, beside everything else."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import msgspec

from agent.http import tls_context
from agent.llm.client import unix_transport

log = logging.getLogger("llm")

# When litellm is to stay loaded, how soon a restart of picoclaw-llm is noticed.
LOOK_S = 20.0
# That container gives its worker so long to start, on a host that swaps.
_PATIENCE_S = 180.0
_LOOK_AT_MOST_S = 2.0
_LARGEST_STATE = 4096


class _State(msgspec.Struct):
    detail: str
    memory_bytes: int = 0
    memory_limit: int = 0


class Warmth:
    """Asks for the worker; whatever goes wrong here shows, in better words, when the model is asked."""

    def __init__(self, idle_minutes: float, socket: str) -> None:
        self._idle_minutes = idle_minutes
        self._http = httpx.AsyncClient(
            base_url="http://picoclaw-llm",
            timeout=httpx.Timeout(_PATIENCE_S, connect=5),
            verify=tls_context(),
            transport=unix_transport(socket),
        )
        self._nudging: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Keep it loaded from now on, if it is never to leave."""
        if self._idle_minutes == 0 and self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())

    def nudge(self) -> None:
        """Have it loaded; does not wait."""
        if self._nudging is None or self._nudging.done():
            self._nudging = asyncio.create_task(self._warm())

    async def state(self) -> dict[str, Any] | None:
        """What picoclaw-llm tells of itself, distrusted: litellm may be the one who answers; None without an answer."""
        try:
            async with asyncio.timeout(_LOOK_AT_MOST_S), self._http.stream("GET", "/health") as response:
                body = b""
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > _LARGEST_STATE:
                        return None
            told = msgspec.json.decode(body, type=_State)
        except (httpx.HTTPError, TimeoutError, msgspec.MsgspecError, UnicodeError):
            return None
        return {
            "warm": told.detail == "worker warm",
            "memory_bytes": told.memory_bytes,
            "memory_limit": told.memory_limit,
        }

    async def aclose(self) -> None:
        """Stop asking."""
        tasks = [task for task in (self._nudging, self._keeping) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.aclose()

    async def _keep(self) -> None:
        while True:
            await self._warm()
            await asyncio.sleep(LOOK_S)

    async def _warm(self) -> None:
        try:
            await self._http.post("/warm", json={"idle_minutes": self._idle_minutes})
        except httpx.HTTPError as error:
            log.debug("picoclaw-llm cannot be warmed: %s", error)
