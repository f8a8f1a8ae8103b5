"""The commands' way to the gateway's egress proxy: a loopback port, and the environment that leads clients to it.

PID 1 listens on the port itself. A process of its own would share the commands' uid: one of them could end it, and take
the port over. It is open exactly while a gateway is connected that says so, and no command of before outlives a
connection, so that none can have taken the port first. What goes through it could go to the Unix socket as well; who
may reach what is decided in the gateway.
"""

import os

from agent.pid1.poll import Poll
from agent.sandbox.protocol import PROXY_SOCKET, ROOTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from agent.forwarder import Forwarder

# A command's own servers are on this side of the proxy.
_LOCAL = "localhost,127.0.0.1,::1"
# Python by way of OpenSSL, and curl; git; pip and what else is made with requests; Node.
_NAMES_OF_ROOTS = ("SSL_CERT_FILE", "GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")


class Proxy:
    """The port, open or not; `directory` is where the gateway's socket is."""

    __slots__ = ("_directory", "_forwarder", "_poll", "environment")

    def __init__(self, poll: Poll, directory: str) -> None:
        self._poll = poll
        self._directory = directory
        self._forwarder: Forwarder | None = None
        # What commands get besides their usual one.
        self.environment: dict[str, str] = {}

    def open(self) -> None:
        """Listen; OSError when that is impossible."""
        if self._forwarder is not None:
            return
        # Not in memory where nothing may be reached.
        from agent.forwarder import HOST, PORT, Forwarder

        self._forwarder = Forwarder(f"{self._directory}/{PROXY_SOCKET}")
        self._poll.watch(self._forwarder.fileno(), self._forwarder.turn)
        self.environment = _environment(f"http://{HOST}:{PORT}", f"{self._directory}/{ROOTS}")

    def close(self) -> None:
        """Stop listening and drop what goes through."""
        forwarder, self._forwarder = self._forwarder, None
        self.environment = {}
        if forwarder is not None:
            self._poll.unwatch(forwarder.fileno())
            forwarder.close()


def _environment(address: str, roots: str) -> dict[str, str]:
    # Plain http as well: its refusal tells to use https, whereas without a proxy the name would just be unknown.
    both = {"https_proxy": address, "http_proxy": address, "no_proxy": _LOCAL}
    found = {**both, **{name.upper(): value for name, value in both.items()}}
    found["PIP_BREAK_SYSTEM_PACKAGES"] = "1"  # the system is read-only: what pip installs goes below /workspace
    found["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    if os.path.exists(roots):  # noqa: PTH110 - pathlib costs 1 MB
        found.update(dict.fromkeys(_NAMES_OF_ROOTS, roots))
    return found
