"""The stand-ins in a thread of their own, for tests that block: subprocesses, synchronous clients, `FakesClient`."""

import asyncio
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.client import FakesClient
from tests.fakes.config import HostConfig
from tests.fakes.standins import StandIns


class _Server:
    def __init__(self, hosts: Mapping[str, HostConfig] | None, control: Path) -> None:
        self._hosts = hosts
        self._control = control
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._finish = asyncio.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="stand-ins")

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._finish.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that started this one
            self._error = error
        finally:
            self._loop.close()
            self._ready.set()

    async def _serve(self) -> None:
        async with StandIns(self._hosts, self._control):
            self._ready.set()
            await self._finish.wait()


@contextmanager
def running(hosts: Mapping[str, HostConfig] | None = None) -> Iterator[FakesClient]:
    """Serves while the block runs; `client.ping()` says where. Raises OSError."""
    with tempfile.TemporaryDirectory(prefix="fakes-") as folder:
        control = Path(folder) / "control.sock"
        server = _Server(hosts, control)
        server.start()
        try:
            with FakesClient(control) as client:
                yield client
        finally:
            server.stop()
