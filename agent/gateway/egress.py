"""The egress proxy in the gateway: which clients there are, what each may reach, and how its trouble shows.

Imported only when the config gives some client something to reach.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from agent import http
from agent.config import Config
from agent.egress import rules
from agent.egress.errors import EgressError
from agent.egress.policy import Policy
from agent.egress.proxy import EgressProxy
from agent.egress.recorder import Recorder
from agent.egress.rules import Rule
from agent.sandbox.protocol import PROXY_SOCKET, ROOTS, SOCKET_PATH
from agent.store.audit import Audit

log = logging.getLogger("egress")

LLM_DIRECTORY = Path("/run/egress")
SANDBOX_DIRECTORY = Path(SOCKET_PATH).parent
SYSTEM_ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")

LLM_REMEDY = (
    "picoclaw-llm reaches the hosts of llm.provider or llm.api_base alone; if the model is there, "
    "set llm.api_base to https://{entry}/... in config.json and restart picoclaw"
)
# A missing volume takes a deploy, but a full one may have room again.
_RETRY_S = 30.0


def policies(config: Config) -> dict[Path, Policy]:
    """What each client may reach, by the socket it comes through."""
    found: dict[Path, Policy] = {}
    if hosts := dict.fromkeys(host for m in config.llm.models if m.through_litellm for host in m.litellm_hosts):
        found[LLM_DIRECTORY / PROXY_SOCKET] = Policy("llm", _rules(hosts, "llm.api_base"), LLM_REMEDY)
    if allowed := config.sandbox.allow_hosts:
        found[SANDBOX_DIRECTORY / PROXY_SOCKET] = Policy("sandbox", _rules(allowed, "sandbox.allow_hosts"))
    return found


def _rules(entries: Iterable[str], key: str) -> tuple[Rule, ...]:
    return tuple(rules.parse(entry, key) for entry in entries)


class Egress:
    """Serves every client for itself: what keeps one from being served keeps no other, and never the gateway.

    Args:
        policies: see `policies`.
        audit: where connections are recorded.
    """

    def __init__(self, policies: Mapping[Path, Policy], audit: Audit) -> None:
        self._recorder = Recorder(audit)
        self._proxies = {
            policy.client: EgressProxy({path: policy}, self._recorder.add) for path, policy in policies.items()
        }
        self._problems: dict[str, str | None] = {}
        self._opening: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to serve; what fails is logged, reported and tried again."""
        self._opening = [asyncio.create_task(self._open(client)) for client in self._proxies]

    async def close(self) -> None:
        """End every connection and store what is to be recorded."""
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, *(p.close() for p in self._proxies.values()), return_exceptions=True)
        for client in self._proxies:
            with contextlib.suppress(OSError):
                _roots_of(client).unlink()
        self._recorder.flush()

    def report(self) -> dict[str, str | None]:
        """What keeps each client from being served, None for nothing."""
        return {client: self._problems.get(client) for client in self._proxies}

    async def _open(self, client: str) -> None:
        lacking = self._trouble(client, _hand_out_roots(client))
        while True:
            try:
                await self._proxies[client].start()
            except (EgressError, OSError) as error:
                self._problems[client] = self._trouble(client, str(error))
            else:
                self._problems[client] = lacking
                return
            await asyncio.sleep(_RETRY_S)

    def _trouble(self, client: str, problem: str | None) -> str | None:
        if problem is not None and problem != self._problems.get(client):
            log.error("%s: %s", client, problem)
        return problem


def _roots_of(client: str) -> Path:
    return (LLM_DIRECTORY if client == "llm" else SANDBOX_DIRECTORY) / ROOTS


def _hand_out_roots(client: str) -> str | None:
    """Give a client the owner's own certificate authority, or take it away when there is none any more; what failed.

    The worker of picoclaw-llm adds its own system's roots. The clients that commands use (curl, git, requests) take one
    file in place of what they know, so theirs holds both. Nobody reads it while it is written: commands start after.
    """
    roots = _roots_of(client)
    try:
        roots.unlink(missing_ok=True)
        if http.EXTRA_ROOTS.exists():
            system = b"" if client == "llm" else SYSTEM_ROOTS.read_bytes() + b"\n"
            roots.write_bytes(system + http.EXTRA_ROOTS.read_bytes())
    except OSError as error:
        return f"The owner's certificate authority could not be written to {roots}: {error.strerror}"
    return None
