"""What is seen of the assistant in the gateway's container, and what can be wrong with that."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent import config, status_report
from agent.cgroup import Cgroup
from agent.doctor import checks, seen, services
from agent.doctor.checks import Check, Trouble
from agent.doctor.seen import Answer, Disk
from agent.doctor.services import Service
from agent.errors import ConfigError
from agent.status_report import Troubled

_GATEWAY = "picoclaw"


@dataclass(frozen=True, kw_only=True)
class Seen(seen.Seen):
    """This container. Clocks are compared with the chat services'.

    Attributes:
        config: what is wrong with config.json as it is now, which the gateway reads when it starts.
        limit: why no model may be asked today; None when one may, or config.json is wrong.
        memory_kills: processes that the kernel has ended here for lack of memory.
        memory_limit: of this container, in bytes; 0 for none.
        services: those that the channels connect to.
    """

    config: Troubled | None = None
    limit: Troubled | None = None
    memory_kills: int = 0
    memory_limit: int = 0
    services: tuple[Service, ...] = ()


def look(state: Path, language: str, *, model: bool) -> Seen:
    """Look around; `state` is the state file, `model` puts a tiny question to each model that may be asked."""
    report = status_report.gather(state)
    cgroup = Cgroup()
    asked = services.ask(report.gateway.channels if report.gateway else ())
    settings, problem = _settings()
    limit = None if settings is None else _limit(settings, state)
    return Seen(
        report=report,
        clock_off_s=next((one.clock_off_s for one in asked if one.clock_off_s is not None), None),
        disks=_disks(state.parent),
        names_gateway=next((f"{one.host}: {one.unresolved}" for one in asked if one.unresolved), "" if asked else None),
        answers=None if settings is None or limit or not model else _answers(settings, language),
        config=problem,
        limit=limit,
        memory_kills=cgroup.memory_kills(),
        memory_limit=cgroup.memory_limit or 0,
        services=tuple(asked),
    )


def _settings() -> tuple[config.Config | None, Troubled | None]:
    try:
        return config.load(), None
    except ConfigError as error:
        return None, Troubled(problem=str(error), problem_pl=error.polish)


def _limit(settings: config.Config, state: Path) -> Troubled | None:
    """Why today's limits, or what is not known of the prices, keep the gateway from asking a model."""
    from agent.gateway.spending import Spending
    from agent.llm import tables
    from agent.store.usage import Usage

    try:
        database = sqlite3.connect(f"{state.as_uri()}?mode=ro", uri=True)
        try:
            spending = Spending(settings.llm, tables.load(), Usage(database))
            refusals = [spending.refusal(language) for language in ("en", "pl")]
        finally:
            database.close()
    except sqlite3.Error:
        return None  # there is nothing spent yet, or nothing to be read: then the gateway has said so
    return Troubled(problem=refusals[0], problem_pl=refusals[1]) if refusals[0] else None


def _answers(settings: config.Config, language: str) -> tuple[Answer, ...]:
    from agent.llm import check, tables

    found = asyncio.run(check.check(settings.llm, language, tables.load()))
    return tuple(Answer(one.where, one.provider, one.model, one.ok, one.problem, one.error) for one in found)


def _disks(folder: Path) -> tuple[Disk, ...]:
    """The file system that Docker's volumes are on."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return ()
    used = 1 - found.f_favail / found.f_files if found.f_files else 0.0
    return (Disk(str(folder), found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize, used),)


def _clock(found: Seen) -> Trouble | None:
    for service in found.services:
        if service.untimely:
            now = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
            return Trouble("certificate", {"name": service.host, "reason": service.untimely, "now": now})
    return checks.clock(found)


def _memory(found: Seen) -> Trouble | None:
    if found.memory_kills:
        limit = found.memory_limit // 2**20
        return Trouble("oom", {"name": _GATEWAY, "count": found.memory_kills, "limit": limit})
    return checks.tight(found)


def _confined(found: Seen) -> Trouble | None:
    weak = [control.id for control in (found.report.confinement if found.report else ()) if not control.ok]
    return Trouble("weak", {"name": _GATEWAY, "controls": ", ".join(weak)}) if weak else None


def _answers_us(found: Seen) -> Trouble | None:
    if found.report is None or found.report.gateway is not None:
        return None
    return Trouble("silent", {"reason": found.report.problem})


def _config(found: Seen) -> Trouble | None:
    """First why it does not serve now, then why it would not after the next start."""
    return checks.config(found) or (Trouble("config_next", {"reason": found.config}) if found.config else None)


def _limited(found: Seen) -> Trouble | None:
    return Trouble("limit", {"reason": found.limit}) if found.limit else None


CHECKS: tuple[Check[Seen], ...] = (
    checks.DISK,
    Check("clock", _clock, lambda found: found.clock_off_s is not None or any(one.untimely for one in found.services)),
    Check("memory", _memory, checks.says),
    Check("confined", _confined, lambda found: found.report is not None and bool(found.report.confinement)),
    Check("answers", _answers_us, checks.always),
    Check("config", _config, checks.says),
    Check("names", checks.names, lambda found: found.names_gateway is not None),
    *checks.CONTACT,
    Check("limit", _limited, checks.serves),
    checks.MODEL,
    *checks.PEOPLE,
)
