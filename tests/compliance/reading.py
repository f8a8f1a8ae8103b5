"""Reading the hosts, all at once, each in one round trip over testinfra's connection."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from testinfra.host import Host

from tests.compliance.live import Live, Unfit, parse

_PARTS = Path(__file__).with_name("host")

# What the gateway must not reach. Private, link-local, shared and documentation addresses only: a probe that gets out,
# because its firewall was taken away, still goes nowhere.
TRIED = (
    ("169.254.169.254", 80),  # cloud metadata
    ("169.254.169.254", 443),
    ("10.255.255.1", 443),
    ("10.255.255.1", 22),
    ("172.17.0.1", 80),  # Docker's default bridge
    ("172.31.255.1", 443),
    ("192.168.77.77", 443),
    ("192.168.77.77", 8080),
    ("100.64.0.1", 443),
    ("192.0.2.1", 443),
    ("198.51.100.1", 80),
    ("203.0.113.1", 443),
    ("127.0.0.1", 22),
    ("fd00::1", 443),
    ("2001:db8::1", 443),
    ("::ffff:169.254.169.254", 80),
)


class Reading:
    """Begins to read every host in the background; each check waits for its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(16, thread_name_prefix="host")
        self._found: dict[str, Future[Live]] = {}

    def begin(self, hosts: Iterable[Host]) -> None:
        """Start with hosts that are not being read yet."""
        for host in hosts:
            name = host.backend.get_pytest_id()
            if name not in self._found:
                self._found[name] = self._pool.submit(read, host)

    def of(self, host: Host) -> Live:
        """What was read from a host.

        Raises:
            Unfit: there is nothing to look at.
        """
        self.begin([host])
        try:
            return self._found[host.backend.get_pytest_id()].result()
        except Unfit as error:  # another one for each check: the same one would grow a longer traceback every time
            raise Unfit(*error.args) from None

    def has(self, host: Host, container: str) -> bool:
        """Whether a container runs there; not when the host cannot be read, as each check will say."""
        self.begin([host])
        reading = self._found[host.backend.get_pytest_id()]
        return reading.exception() is None and container in reading.result().containers

    def results(self) -> dict[str, Live]:
        """What was read so far, by testinfra's name of the host."""
        done = {name: future for name, future in self._found.items() if future.done() and not future.exception()}
        return {name: future.result() for name, future in done.items()}


def read(host: Host) -> Live:
    """One round trip.

    Raises:
        Unfit: there is nothing to look at.
    """
    heading = f"@@ {secrets.token_hex(8)}"
    script, probe = ((_PARTS / file).read_text(encoding="utf-8") for file in ("gather.sh", "probe.py"))
    addresses = "\n".join(f"{address} {port}" for address, port in TRIED)
    try:
        done = host.run("sh -c %s gather %s %s %s", script, heading, probe, addresses)
    except RuntimeError as error:  # testinfra's, when ssh itself fails; its text repeats the whole script
        said = str(getattr(error.args[0], "stderr", "")) if error.args else ""
        raise Unfit(f"This host cannot be reached by ssh: {_last_line(said)}") from None
    if heading not in done.stdout:
        raise Unfit(f"The host could not be read (exit code {done.rc}): {_last_line(done.stderr)}")
    try:
        return parse(done.stdout, heading)
    except (KeyError, ValueError, StopIteration, IndexError) as error:
        raise Unfit(f"What the host answered is not understood ({error!r}): is it overloaded? Try again") from None


def _last_line(text: str) -> str:
    return ([line for line in text.splitlines() if line.strip()] or ["it said nothing"])[-1]
