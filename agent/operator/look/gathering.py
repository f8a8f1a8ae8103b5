"""Looking at a host: gather.sh there, and its answer as a Seen."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from agent import status_report
from agent.errors import PicoClawError
from agent.operator.look.names import CONTAINERS, GATEWAY
from agent.operator.look.seen import Answer, Container, Disk, Docker, Seen
from agent.operator.reach import Host, UnreachableError

_SCRIPT = Path(__file__).with_name("gather.sh")
# The longest that gather.sh itself waits for anything, summed up, and some.
_PATIENCE_S = 200.0
_KIBIBYTE = 1024
_NOT_FOUND = 127
# Docker writes nanoseconds, Python reads microseconds.
_STARTED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)")


@dataclass(frozen=True)
class Said:
    """What a thing said, and its exit code."""

    text: str
    code: int


def look(host: Host, language: str, *, names: bool = False, model: bool = False) -> Seen:
    """Ask a host everything at once; `names` has names resolved there, `model` puts a tiny question to the model."""
    head = f"names={int(names)} model={int(model)} language={language} containers='{' '.join(CONTAINERS)}'\n"
    before = time.time()
    try:
        done = host.run(head + _SCRIPT.read_text(encoding="utf-8"), timeout=_PATIENCE_S)
    except UnreachableError as error:
        return Seen(host.name, ssh=host.shell, sudo=host.sudo, unreachable=str(error))
    said = parse(done.stdout)
    if "docker" not in said:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        said_last = lines[-1] if lines else f"exit {done.returncode}"
        return Seen(host.name, ssh=host.shell, sudo=host.sudo, refused=said_last)
    return replace(understand(host.name, said, (before, time.time())), ssh=host.shell, sudo=host.sudo)


def parse(output: bytes) -> dict[str, Said]:
    """Read what gather.sh printed, by the names of the things; a line that is none of its own is left out."""
    said = {}
    for line in output.decode(errors="replace").splitlines():
        name, _, encoded = line.partition(" ")
        try:
            text, _, code = base64.b64decode(encoded, validate=True).decode(errors="replace").rpartition("\n")
            said[name] = Said(text, int(code))
        except (binascii.Error, ValueError):
            continue
    return said


def understand(host: str, said: Mapping[str, Said], clock: tuple[float, float]) -> Seen:
    """What was said, as a Seen; `clock` is this machine's before and after the question."""
    now = _number(said.get("clock"))
    memory = dict(re.findall(r"^(\w+): +(\d+) kB$", _text(said.get("meminfo")), re.MULTILINE))
    total, free = memory.get("MemTotal"), memory.get("MemAvailable")
    report, problem = _report(said.get("status"))
    return Seen(
        host,
        clock_off_s=None if now is None else _outside(now, *clock),
        memory_total=int(total) * _KIBIBYTE if total else None,
        memory_free=int(free) * _KIBIBYTE if free else None,
        docker=_docker(said["docker"]),
        disks=tuple(_disks(_text(said.get("disks")), _text(said.get("inodes")))),
        containers=_containers(said, time.time() if now is None else now),
        report=report,
        report_problem=problem,
        names_host=_failure(said.get("names/host")),
        names_gateway=_failure(said.get("names/gateway")),
        answers=_answers(said.get("model")),
    )


def _outside(moment: float, earliest: float, latest: float) -> float:
    """By how much a moment lies after an interval, or (negative) before it."""
    return moment - latest if moment > latest else min(moment - earliest, 0.0)


def _text(said: Said | None) -> str:
    return "" if said is None else said.text.strip()


def _number(said: Said | None) -> float | None:
    try:
        return float(_text(said))
    except ValueError:
        return None


def _failure(said: Said | None) -> str | None:
    """What went wrong; empty when nothing did, None when it was not tried."""
    if said is None:
        return None
    return "" if said.code == 0 else said.text.strip() or "?"


def _docker(said: Said) -> Docker:
    if said.code == 0:
        return Docker(version=said.text.strip())
    lines = said.text.strip().splitlines()
    return Docker(problem=lines[-1] if lines else "?", installed=said.code != _NOT_FOUND)


def _disks(sizes: str, inodes: str) -> Iterator[Disk]:
    """Of `df -Pk` and `df -Pi`: each file system once."""
    shares = {row[5]: int(row[4].rstrip("%")) / 100 for row in _rows(inodes) if row[4].rstrip("%").isdigit()}
    for row in {row[5]: row for row in _rows(sizes)}.values():
        if row[1].isdigit() and row[3].isdigit():
            yield Disk(row[5], int(row[1]) * _KIBIBYTE, int(row[3]) * _KIBIBYTE, shares.get(row[5], 0.0))


def _rows(table: str) -> list[list[str]]:
    return [row for row in (line.split(None, 5) for line in table.splitlines()[1:]) if len(row) == 6]


def _report(said: Said | None) -> tuple[status_report.Report | None, str]:
    if said is None:
        return None, ""
    try:
        return status_report.read(said.text.encode()), ""
    except PicoClawError as error:
        lines = said.text.strip().splitlines()
        return None, lines[-1] if said.code > 1 and lines else str(error)


def _answers(said: Said | None) -> tuple[Answer, ...] | None:
    """None also when the question could not be put: what keeps it from that is found elsewhere."""
    if said is None:
        return None
    try:
        return tuple(msgspec.json.decode(said.text.encode(), type=list[Answer]))
    except (msgspec.DecodeError, UnicodeError):
        return None


def _containers(said: Mapping[str, Said], now: float) -> dict[str, Container]:
    found = {}
    for line in _text(said.get("containers")).splitlines():
        try:
            container = _container(json.loads(line), now)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        found[container.name] = _with_insides(container, said)
    return {name: found[name] for name in CONTAINERS if name in found}


def _container(inspected: dict[str, Any], now: float) -> Container:
    state = inspected["state"]
    health = state.get("Health") or {}
    log = health.get("Log") or [{}]
    return Container(
        name=inspected["name"].removeprefix("/"),
        status=state["Status"],
        health=str(health.get("Status", "")).replace("none", ""),
        health_said=str(log[-1].get("Output", "")).strip(),
        error=state.get("Error", ""),
        exit_code=state.get("ExitCode", 0),
        oom_killed=state.get("OOMKilled", False),
        up_s=_up(state, now),
        restarts=inspected["restarts"],
        image=inspected["image"],
        memory_limit=inspected["memory_limit"],
    )


def _up(state: Mapping[str, Any], now: float) -> float | None:
    started = _STARTED.match(str(state.get("StartedAt", "")))
    if state["Status"] != "running" or started is None:
        return None
    return max(now - datetime.fromisoformat(started[1]).replace(tzinfo=UTC).timestamp(), 0.0)


def _with_insides(container: Container, said: Mapping[str, Said]) -> Container:
    """The same, with what its cgroup, its log and it itself say."""
    name = container.name
    counted: dict[str, int] = {}
    for key, value in re.findall(r"^(\w+) (\d+)$", _text(said.get(f"memory/{name}")), re.MULTILINE):
        counted.setdefault(key, int(value))
    idle = counted.get("total_inactive_file", counted.get("inactive_file", 0))
    return replace(
        container,
        memory_used=max(counted["used"] - idle, 0) if "used" in counted else None,
        oom_kills=counted.get("oom_kill", 0),
        last_error=_text(said.get(f"error/{name}")),
        last_lines=tuple(_text(said.get(f"end/{name}")).splitlines()),
        confinement=_controls(said, name),
    )


def _controls(said: Mapping[str, Said], name: str) -> tuple[status_report.Control, ...] | None:
    if name == GATEWAY:
        report, _ = _report(said.get("status"))
        return tuple(report.confinement) if report is not None and report.confinement else None
    try:
        text = _text(said.get(f"confinement/{name}")).encode()
        return tuple(msgspec.json.decode(text, type=list[status_report.Control])) or None
    except (msgspec.DecodeError, UnicodeError):
        return None
