"""`/status`: how the whole assistant is, on a phone's screen, without asking a model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from agent.cgroup import Cgroup
from agent.confinement.report import look
from agent.gateway import logs
from agent.gateway.printable import bar, duration
from agent.llm.models import Models
from agent.llm.warmth import ContainerState
from agent.messages import say
from agent.sandbox.client import SandboxError, SandboxLink
from agent.sandbox.results import Usage
from agent.status_report import Channel, of_channel

_ENGINES = {"worker asleep": "asleep", "worker starting": "starting", "worker warm": "warm"}


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

    async def report(self) -> dict[str, Any]:
        """What `/health` answers, and more, ready for JSON: agent.status_report.Gateway reads it again.

        Memory is in bytes, 0 for unknown or no limit; `workspace` is None while the sandbox is not connected.
        """
        usage, container = await asyncio.gather(self._usage(), self._models.container())
        now, names = self._models.next, self._models.names
        memory = {"gateway": (self._cgroup.memory(), self._cgroup.memory_limit or 0)}
        if usage is not None:
            memory["sandbox"] = (usage.memory, usage.memory_limit)
        if container is not None:
            memory["litellm"] = (container.memory, container.memory_limit)
        return {
            **self._report(),
            "model": {"name": names[now], "first": names[self._models.first], "engine": self._engine(now, container)},
            "memory": {name: {"used": used, "limit": limit} for name, (used, limit) in memory.items()},
            "workspace": usage
            and {
                "bytes": usage.bytes,
                "bytes_limit": usage.bytes_limit,
                "files": usage.files,
                "files_limit": usage.files_limit,
                "full": usage.full,
            },
            "last_error": logs.last_error(),
        }

    async def text(self, language: str) -> str:
        """Markdown."""
        report = await self.report()
        workspace = report["workspace"]
        channels = msgspec.convert(report["channels"], dict[str, Channel])
        name = f"**PicoClaw {report['version']}**"
        lines = [
            say("status_title", language, name=name, uptime=duration(report["uptime_s"])),
            *(of_channel(name, channel, language) for name, channel in channels.items()),
            _model(report["model"], language),
            *([] if workspace else [say("status_sandbox_down", language)]),
            "",
            say("status_memory", language),
            *_fenced(_bars(report, language)),
            *([say("status_workspace_full", language)] if workspace and workspace["full"] else []),
            *await self._confinement(language),
            *_counts(report, language),
        ]
        return "\n".join(lines)

    async def _usage(self) -> Usage | None:
        try:
            return await self._sandbox.usage() if self._sandbox.connected else None
        except SandboxError:
            return None

    def _engine(self, place: int, container: ContainerState | None) -> str:
        """How that model is asked: the end of a sentence's key."""
        if not self._models.through_litellm(place):
            return "direct"
        return "down" if container is None else _ENGINES.get(container.detail, "down")

    async def _confinement(self, language: str) -> list[str]:
        """The gateway's own; the others do not serve when theirs are weaker."""
        rows = await asyncio.to_thread(look, "gateway")
        missing = [row.id for row in rows if not row.ok]
        said = "status_weak" if missing else "status_confined"
        return [say(said, language, all=len(rows), ok=len(rows) - len(missing), missing=", ".join(missing))]


def _model(model: dict[str, str], language: str) -> str:
    said = "status_model" if model["name"] == model["first"] else "status_model_resting"
    engine = say(f"engine_{model['engine']}", language)
    return say(said, language, model=f"`{model['name']}`", first=f"`{model['first']}`", engine=engine)


def _bars(report: dict[str, Any], language: str) -> Iterator[str]:
    for name, memory in report["memory"].items():
        yield bar(name, memory["used"], memory["limit"])
    if workspace := report["workspace"]:
        yield bar(say("workspace", language), workspace["bytes"], workspace["bytes_limit"])


def _fenced(lines: Iterator[str]) -> list[str]:
    """In type of one width, so that the bars stand under each other."""
    return ["```", *lines, "```"]


def _counts(report: dict[str, Any], language: str) -> Iterator[str]:
    strangers = sum(channel["strangers"] for channel in report["channels"].values())
    if strangers:
        yield say("status_strangers", language, count=strangers)
    if report["waiting"] or report["unsent"]:
        yield say("status_waiting", language, questions=report["waiting"], answers=report["unsent"])
