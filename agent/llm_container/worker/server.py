"""The worker's life: imports litellm, takes over the socket, beats, leaves."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import socket
from collections.abc import Sequence

from aiohttp import web

from agent.llm_container.process import BEAT_S
from agent.llm_container.worker import settings
from agent.llm_container.worker.app import application
from agent.llm_container.worker.idle import Idle

# How long a connection that has been accepted may take to appear in the server's list.
_ACCEPTING_S = 0.05
_SHUTDOWN_S = 0.5


def serve(listening: int, heartbeat: int, connections: Sequence[int]) -> int:
    """Serve until idle or told to stop; the exit code."""
    settings.after_import()
    gc.collect()
    gc.freeze()
    ctypes.CDLL(None).malloc_trim(0)
    asyncio.run(_Server(listening).run(heartbeat, connections))
    return 0


class _Server:
    def __init__(self, listening: int) -> None:
        self._listening = listening
        self._idle = Idle(self._busy)
        # A request whose client has gone is cancelled, and with it the call to the provider.
        options = {"access_log": None, "handler_cancellation": True, "shutdown_timeout": _SHUTDOWN_S}
        self._runner = web.AppRunner(application(self._idle), **options)  # type: ignore[arg-type]
        self._stopped = asyncio.Event()

    async def run(self, heartbeat: int, connections: Sequence[int]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopped.set)
        await self._runner.setup()
        for fd in connections:
            await loop.connect_accepted_socket(self._protocol, socket.socket(fileno=fd))
        beating = asyncio.create_task(_beat(heartbeat))
        stopping = asyncio.create_task(self._stopped.wait())
        while not await self._may_leave(beating, stopping):
            continue
        await self._runner.cleanup()

    async def _may_leave(self, *ends: asyncio.Task[object]) -> bool:
        """Accept until there is a reason to leave; False when somebody came at the last moment."""
        site = web.SockSite(self._runner, socket.socket(fileno=os.dup(self._listening)))
        await site.start()
        leaving = asyncio.create_task(self._idle.over())
        await asyncio.wait((leaving, *ends), return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        # From here on who connects waits in the backlog: for this worker, or for the next.
        await site.stop()
        await asyncio.sleep(_ACCEPTING_S)
        return any(end.done() for end in ends) or not self._busy()

    def _busy(self) -> bool:
        return bool(self._runner.server is not None and self._runner.server.connections)

    def _protocol(self) -> asyncio.BaseProtocol:
        if self._runner.server is None:
            raise RuntimeError("the runner has not been set up")
        return self._runner.server()


async def _beat(heartbeat: int) -> None:
    """Tell the parent that the loop turns; returns when there is no parent any more."""
    while True:
        try:
            os.write(heartbeat, b".")
        except OSError:
            return
        await asyncio.sleep(BEAT_S)
