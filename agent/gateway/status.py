"""`/status`: how the whole assistant is, on a phone's screen, without asking a model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from agent.cgroup import Cgroup
from agent.confinement.report import look
from agent.gateway.printable import duration
from agent.llm.models import Models
from agent.llm.warmth import ContainerState
from agent.messages import say
from agent.sandbox.client import SandboxError, SandboxLink
from agent.sandbox.results import Usage

CELLS = 8
_MEGABYTE = 2**20
_ENGINES = {"worker asleep": "engine_asleep", "worker starting": "engine_starting", "worker warm": "engine_warm"}


class Status:
    """Asks each part how it is.

    Args:
        report: what `/health` answers.
        sandbox: tells its memory and how full the workspace is.
        models: which one answers.
    """

    def __init__(self, report: Callable[[], dict[str, Any]], sandbox: SandboxLink, models: Models) -> None:
        self._report = report
        self._sandbox = sandbox
        self._models = models
        self._cgroup = Cgroup()

    async def text(self, language: str) -> str:
        """Markdown."""
        report = self._report()
        usage, container = await asyncio.gather(self._usage(), self._models.container())
        lines = [
            say("status_title", language, version=report["version"], uptime=duration(report["uptime_s"])),
            *(_channel(name, channel, language) for name, channel in report["channels"].items()),
            self._model(container, language),
            *([] if usage else [say("status_sandbox_down", language)]),
            "",
            say("status_memory", language),
            *_fenced(self._bars(usage, container, language)),
            *([say("status_workspace_full", language)] if usage and usage.full else []),
            *await self._confinement(language),
            *_counts(report, language),
        ]
        return "\n".join(lines)

    async def _usage(self) -> Usage | None:
        try:
            return await self._sandbox.usage() if self._sandbox.connected else None
        except SandboxError:
            return None

    def _model(self, container: ContainerState | None, language: str) -> str:
        names, first, now = self._models.names, self._models.first, self._models.next
        engine = "engine_direct"
        if self._models.through_litellm(now):
            engine = "engine_down" if container is None else _ENGINES.get(container.detail, "engine_down")
        said = "status_model" if now == first else "status_model_resting"
        return say(said, language, model=names[now], first=names[first], engine=say(engine, language))

    def _bars(self, usage: Usage | None, container: ContainerState | None, language: str) -> Iterator[str]:
        yield bar("gateway", self._cgroup.memory(), self._cgroup.memory_limit or 0)
        if usage is not None:
            yield bar("sandbox", usage.memory, usage.memory_limit)
        if container is not None:
            yield bar("litellm", container.memory, container.memory_limit)
        if usage is not None:
            yield bar(say("workspace", language), usage.bytes, usage.bytes_limit)

    async def _confinement(self, language: str) -> list[str]:
        """The gateway's own; the others do not serve when theirs are weaker."""
        rows = await asyncio.to_thread(look, "gateway")
        missing = [row.id for row in rows if not row.ok]
        said = "status_weak" if missing else "status_confined"
        return [say(said, language, all=len(rows), ok=len(rows) - len(missing), missing=", ".join(missing))]


def bar(name: str, used: int, limit: int) -> str:
    """`gateway   ███░░░░░ 41/128 MB`; whoever tells the figures, it stays one short line."""
    used, limit = (min(max(size, 0), 10**15) for size in (used, limit))
    filled = min(round(CELLS * used / limit), CELLS) if limit else 0
    of = f"/{limit // _MEGABYTE}" if limit else ""
    return f"{name:9} {'█' * filled}{'░' * (CELLS - filled)} {used // _MEGABYTE}{of} MB"


def _channel(name: str, channel: dict[str, Any], language: str) -> str:
    age, problem = channel["last_contact_s"], channel["problem"]
    if age is None:
        return say("status_channel_never", language, name=name, problem=problem)
    said = "status_channel" if problem is None else "status_channel_down"
    return say(said, language, name=name, problem=problem, age=duration(age))


def _fenced(lines: Iterator[str]) -> list[str]:
    """In type of one width, so that the bars stand under each other."""
    return ["```", *lines, "```"]


def _counts(report: dict[str, Any], language: str) -> Iterator[str]:
    strangers = sum(channel["strangers"] for channel in report["channels"].values())
    if strangers:
        yield say("status_strangers", language, count=strangers)
    if report["waiting"] or report["unsent"]:
        yield say("status_waiting", language, questions=report["waiting"], answers=report["unsent"])
