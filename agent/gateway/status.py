"""/status: how the assistant is, short enough for a phone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from agent import __version__, cgroup
from agent.channels.base import Contact
from agent.confinement.report import look
from agent.llm.models import Models
from agent.messages import say
from agent.sandbox.client import SandboxError, SandboxLink
from agent.sandbox.results import Usage

_BAR = 10


class Status:
    """What the parts of the gateway say of themselves; costs no tokens.

    Args:
        contacts: of the channels, by name.
        sandbox: the connection to it.
        model: who is asked, and what picoclaw-llm says of itself.
        asked: the names of the configured models, in the order of config.json.
        strangers: how many have written.
        waiting: how many messages wait.
    """

    def __init__(  # noqa: PLR0913 - what there is to tell of
        self,
        contacts: Mapping[str, Contact],
        sandbox: SandboxLink,
        model: Models,
        *,
        asked: list[str],
        strangers: Callable[[], int],
        waiting: Callable[[], int],
    ) -> None:
        self._contacts = contacts
        self._sandbox = sandbox
        self._model = model
        self._asked = asked
        self._strangers = strangers
        self._waiting = waiting
        self._began = time.monotonic()

    @property
    def uptime_s(self) -> int:
        """Seconds since the start."""
        return round(time.monotonic() - self._began)

    async def text(self, language: str) -> str:
        """The whole of it, Markdown."""
        usage = await self._usage()
        lines = [
            say("status_head", language, version=__version__, uptime=timedelta(seconds=self.uptime_s)),
            say("status_model", language, model=f"`{self._asked[self._model.first]}`"),
            *(_contact(name, contact, language) for name, contact in self._contacts.items()),
            _workspace(usage, language),
            *await self._memory(usage),
            _confined(language),
            say("status_counts", language, waiting=self._waiting(), strangers=self._strangers()),
        ]
        return "\n".join(lines)

    async def _usage(self) -> Usage | None:
        try:
            return await self._sandbox.usage() if self._sandbox.connected else None
        except SandboxError:
            return None

    async def _memory(self, usage: Usage | None) -> list[str]:
        rows: list[tuple[str, int, int]] = []
        used, limit = cgroup.memory()
        rows.append(("picoclaw", used, limit or 0))
        if usage is not None and usage.memory_limit:
            rows.append(("picoclaw-sandbox", usage.memory_bytes, usage.memory_limit))
        llm: Mapping[str, Any] | None = await self._model.memory()
        if llm is not None:
            rows.append(("picoclaw-llm", llm["memory_bytes"], llm["memory_limit"]))
        return [f"`{bar(used, limit)}` {name} {used / 2**20:.0f}/{limit / 2**20:.0f} MB" for name, used, limit in rows]


def bar(used: int, limit: int) -> str:
    """How much of a limit is used."""
    full = min(_BAR, round(_BAR * used / limit)) if limit > 0 else 0
    return "█" * full + "░" * (_BAR - full)


def _contact(name: str, contact: Contact, language: str) -> str:
    if contact.problem is not None:
        return f"{name}: ✗ {contact.problem}"
    return say("status_contact", language, name=name, seconds=round(contact.age() or 0))


def _workspace(usage: Usage | None, language: str) -> str:
    if usage is None:
        return say("sandbox_down", language)
    used, limit = (f"{size / 2**20:.0f}" for size in (usage.bytes, usage.bytes_limit))
    return say("sandbox_full" if usage.full else "sandbox_up", language, used=used, limit=limit)


def _confined(language: str) -> str:
    rows = look("gateway")
    return say("status_confined", language, ok=sum(row.ok for row in rows), all=len(rows))
