"""Having litellm loaded before it is needed: `POST /warm` to picoclaw-llm, beside everything else."""

from __future__ import annotations

import asyncio
import logging

import httpx
import msgspec

from agent.http import tls_context
from agent.llm.client import unix_transport

log = logging.getLogger("llm")

# When litellm is to stay loaded, how soon a restart of picoclaw-llm is noticed.
LOOK_S = 20.0
# That container gives its worker so long to start, on a host that swaps.
_PATIENCE_S = 180.0
_LOOK_PATIENCE_S = 3.0
_LOOK_BYTES = 4096


class ContainerState(msgspec.Struct):
    """What picoclaw-llm says of itself: `detail` begins with `worker`; memory in bytes, 0 for unknown or no limit."""

    detail: str
    memory: int = 0
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

    async def look(self) -> ContainerState | None:
        """How the container is, without waking its worker; None when it does not say."""
        try:
            async with (
                asyncio.timeout(_LOOK_PATIENCE_S),
                self._http.stream("GET", "/health") as response,
            ):
                body = b""
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > _LOOK_BYTES:
                        return None
            return msgspec.json.decode(body, type=ContainerState)
        except (httpx.HTTPError, TimeoutError, msgspec.DecodeError, UnicodeError):
            return None

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
