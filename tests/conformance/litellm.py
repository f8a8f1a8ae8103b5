"""The litellm engine as it is deployed, but for Docker: one for all scenarios, because its start takes seconds.

The real parent and worker, without a network, lead through the real forwarder and the real egress proxy to the
stand-ins, which have their real names, global addresses and TLS in a network namespace of their own.
"""

from __future__ import annotations

import asyncio
import ctypes
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.config.providers import PROVIDERS as KNOWN
from agent.egress import rules
from agent.egress.policy import Policy
from agent.egress.proxy import EgressProxy
from agent.store.audit import EgressRecord
from tests.conformance.engines import Scenario, World
from tests.conformance.providers import PROVIDERS, Provider
from tests.fakes.config import HostConfig
from tests.fakes.standins import StandIns
from tests.lab.authority import Authority
from tests.unit.llm_container.box import REPOSITORY, Box
from tests.unit.llm_container.engine import LAUNCH, python

#: allowed, and yet resolved by no name server
NOWHERE = "nowhere.invalid"
# Long enough for what litellm loads at the first call of a provider, on a busy machine.
_TIMEOUT_S = 4.0
_CLONE_NEWNET = 0x40000000
_ADDRESSES = {provider.host: f"93.184.216.{place}" for place, provider in enumerate(PROVIDERS.values(), start=10)}


class Litellm:
    """Plays scenarios over the litellm engine."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs before `start`."""
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._trouble: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="litellm engine's world")
        self.records: list[EgressRecord] = []
        self.box: Box | None = None

    def start(self, *, warm: bool = True) -> None:
        """Raises what keeps it from serving; `warm`: and waits until litellm is loaded."""
        hosts = self._hosts()
        self._standins = StandIns(hosts)
        self._thread.start()
        self._ready.wait()
        if self._trouble is not None:
            raise self._trouble
        self.box = Box(self._folder, [str(python()), "-c", LAUNCH, str(REPOSITORY), str(self._folder)])
        self._socket = str(self.box.socket)
        if warm:
            self.warm()

    def warm(self) -> None:
        """Have litellm loaded."""
        if self.box is not None:
            self.box.post("/warm", timeout=120, json={"idle_minutes": 0})

    def stop(self) -> None:
        """End everything."""
        if self.box is not None:
            self.box.stop()
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join()

    def play(self, provider: Provider, scenario: Scenario) -> Any:
        """See Engine; the stand-ins have forgotten what was before."""
        return asyncio.run_coroutine_threadsafe(self._play(provider, scenario), self._loop).result()

    async def _play(self, provider: Provider, scenario: Scenario) -> Any:
        fakes = self._standins
        fakes.state.reset()
        try:
            world = World(fakes, provider, "litellm", None, _TIMEOUT_S, self._socket)
            return await scenario(world)
        finally:
            await fakes.host(provider.host).set_mode("ok")

    def _run(self) -> None:
        try:
            _enter_namespace()
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised again where it was started
            self._trouble = error
        finally:
            self._loop.close()
            self._ready.set()

    async def _serve(self) -> None:
        proxy = {self._folder / "proxy.sock": _policy()}
        async with self._standins, EgressProxy(proxy, self.records.append, lookup=_lookup):
            self._ready.set()
            await self._over.wait()

    def _hosts(self) -> dict[str, HostConfig]:
        authority = Authority.create("conformance")
        authority.save(self._folder / "ca.pem")
        made = {}
        for host, address in _ADDRESSES.items():
            certificate, key = authority.issue(host)
            files = self._folder / f"{host}.pem", self._folder / f"{host}.key"
            files[0].write_bytes(certificate)
            files[1].write_bytes(key)
            made[host] = HostConfig(address=address, cert=str(files[0]), key=str(files[1]))
        return made


def _policy() -> Policy:
    entries = [host for name in PROVIDERS for host in KNOWN[name].hosts]
    parsed = tuple(rules.parse(entry, "llm") for entry in (*entries, NOWHERE))
    return Policy("llm", parsed, remedy="check llm.api_base in config.json and deploy again")


def _lookup(host: str, port: int) -> list[tuple[Any, ...]]:
    if host not in _ADDRESSES:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return list(socket.getaddrinfo(_ADDRESSES[host], port, type=socket.SOCK_STREAM))


def _enter_namespace() -> None:
    """Of the calling thread only."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace can be made here")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in _ADDRESSES.values():
        subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)


@contextmanager
def running(*, warm: bool = True) -> Iterator[Litellm]:
    """The engine while the block runs."""
    with tempfile.TemporaryDirectory(prefix="picoclaw-llm-") as name:
        engine = Litellm(Path(name))
        try:
            engine.start(warm=warm)
            yield engine
        finally:
            engine.stop()
