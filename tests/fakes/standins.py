"""The stand-ins as a whole: every configured host, one state behind them, and the control API.

Inside a test (one event loop for stand-ins and the code under test):

    async def conversation() -> None:
        async with StandIns() as fakes:
            bot = Bot(defaults.TELEGRAM_TOKEN, base_url=f"{fakes.url(defaults.TELEGRAM_HOST)}/bot")
            fakes.state.telegram.user_writes(UserMessage(user_id=defaults.OWNER_ID, text="hello"))
            ...

    asyncio.run(conversation())

`client.FakesClient` blocks, so there it belongs into a thread; or use `thread.running`.
"""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.fakes.config import HostConfig
from tests.fakes.control import Control
from tests.fakes.services import SERVICES, State
from tests.fakes.web import HostServer, Log, log_nowhere

LOOPBACK = HostConfig(address="127.0.0.1", port=0)


class StandIns:
    """Serves while its context lasts; without arguments every known host, over plain HTTP on free loopback ports."""

    def __init__(
        self, hosts: Mapping[str, HostConfig] | None = None, control: Path | None = None, log: Log = log_nowhere
    ) -> None:
        """Hosts that no stand-in plays (yet) are left out; `control` is where the control socket will be."""
        wanted = dict.fromkeys(SERVICES, LOOPBACK) if hosts is None else hosts
        self.state = State()
        self.left_out = sorted(set(wanted) - set(SERVICES))
        self._hosts = [
            HostServer(name, SERVICES[name](name, self.state), config, log)
            for name, config in wanted.items()
            if name in SERVICES
        ]
        self._control = Control(self.state, self._hosts)
        self._socket = control

    def host(self, name: str) -> HostServer:
        """The server of a host name, to change its network mode."""
        return next(host for host in self._hosts if host.name == name)

    def url(self, name: str) -> str:
        """Scheme, address and port of a host name."""
        return self.host(name).url

    async def __aenter__(self) -> Self:
        """Begins to serve; raises OSError or ssl.SSLError, and then serves nothing."""
        try:
            for host in self._hosts:
                await host.start()
            # names resolve in a lab; where there are no names, services that hand out addresses hand out these
            served = {host.name: host.url for host in self._hosts if not host.secure}
            self.state.discord.addresses = served
            self.state.slack.world.serve_at(served)
            if self._socket is not None:
                await self._control.start(self._socket)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends every connection."""
        await self._stop()

    async def _stop(self) -> None:
        await self._control.stop()
        for host in self._hosts:
            await host.stop()
