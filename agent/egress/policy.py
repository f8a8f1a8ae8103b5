"""What one client may reach and how much of the gateway it may use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.egress import addresses, rules
from agent.egress.addresses import Address
from agent.egress.errors import RefusedError
from agent.egress.rules import Rule, Target


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds on a client; times in seconds."""

    connections: int = 32
    connections_per_s: float = 50.0  # beyond a burst of twice as many; more wait in the socket's queue
    lookups: int = 4  # at a time; each is a thread
    head_bytes: int = 8192
    head_s: float = 10.0
    lookup_s: float = 10.0
    connect_s: float = 10.0
    idle_s: float = 300.0
    half_closed_s: float = 60.0  # idle, once one side has ended: a client's pool may keep what its server has closed
    tunnel_s: float = 4 * 3600.0
    tunnel_bytes: int = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class Policy:
    """One client's allow-list.

    Args:
        client: its name in the audit log.
        rules: what it may reach; none means nothing.
        remedy: what the owner does to allow `{entry}`, the end of a sentence.
    """

    client: str
    rules: tuple[Rule, ...] = ()
    remedy: str = "add {entry} to sandbox.allow_hosts in config.json and restart picoclaw"
    limits: Limits = Limits()

    def judge(self, target: Target) -> Sequence[Rule]:
        """The rules that allow a target; RefusedError when there are none. To be asked before any name is resolved.

        A refused name must not even reach a name server: its labels could carry data out.
        """
        matching = [rule for rule in self.rules if rule.matches(target)]
        if not matching:
            raise RefusedError(403, f"{target.host}:{target.port} is not allowed: {self._remedy(str(target))}")
        return matching

    def check(self, target: Target, matching: Sequence[Rule], found: Iterable[Address]) -> None:
        """RefusedError unless every address that a target resolved to may be connected to.

        One bad address spoils them all: no honest host has both kinds, a rebinding one may. The answer does not tell
        the address, or a client could map the owner's network with it.
        """
        owned = any(rule.owned for rule in matching)
        for address in found:
            if addresses.is_global(address) or (owned and addresses.is_private(address)):
                continue
            if any(rule.excuses(address, target.port) for rule in self.rules):
                continue
            entry = f"{target}:{rules.HTTPS}" if target.port == rules.HTTPS else str(target)
            where = "is" if target.address is not None else "resolves to"
            raise RefusedError(
                403, f"{target.host} {where} an address that is not global: if it is yours, {self._remedy(entry)}"
            )

    def _remedy(self, entry: str) -> str:
        return self.remedy.format(entry=entry)
