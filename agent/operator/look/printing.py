"""What was seen of a host, and what came of the checks, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator

from agent import status_report
from agent.gateway.printable import bar, duration, one_line
from agent.operator.look import judging
from agent.operator.look.names import GATEWAY
from agent.operator.look.seen import Container, Seen
from agent.operator.words import say

_WIDTH = 17


def status(seen: Seen, language: str) -> str:
    """A headline, the containers with their memory as bars, a line for each other thing, and what is wrong."""
    troubles, teller = judging.troubles(seen), judging.teller(seen, language)
    lines = [*_body(seen, language), *(f"✘ {teller.wrong(trouble)}" for trouble in troubles)]
    if troubles:
        lines.append(say("look_ask_doctor", language, host=seen.host))
    head = say("look_not_well" if troubles else "look_well", language, host=seen.host)
    return "\n".join([_head(head, seen, language), *(f"  {one_line(line)}" for line in lines)])


def doctor(seen: Seen, language: str) -> str:
    """A line for each check, and the one thing to do."""
    return "\n".join([one_line(seen.host), *judging.teller(seen, language).lines(judging.findings(seen), seen)])


def _head(head: str, seen: Seen, language: str) -> str:
    gateway = seen.report.gateway if seen.report else None
    if gateway is None or not gateway.version or seen.docker is None:
        return one_line(head)
    versions = say("look_versions", language, version=gateway.version, docker=seen.docker.version)
    return one_line(f"{head} ({versions})")


def _body(seen: Seen, language: str) -> Iterator[str]:
    for container in seen.containers.values():
        yield _container(container, language)
    if seen.memory_total is not None and seen.memory_free is not None:
        yield bar(say("look_memory", language), seen.memory_total - seen.memory_free, seen.memory_total, _WIDTH)
    for disk in seen.disks:
        yield bar(say("look_disk", language, mount=one_line(disk.mount)), disk.size - disk.free, disk.size, _WIDTH)
    if seen.report is not None:
        yield from status_report.details(seen.report, language, _WIDTH)
    for container in seen.containers.values():
        yield from _confinement(container, language)
        if container.last_error:
            yield say("look_error", language, name=container.name, line=container.last_error)
    yield from _drift(seen, language)


def _container(container: Container, language: str) -> str:
    words = []
    if container.up_s is None:
        words.append(say("look_ended", language, status=container.status, code=container.exit_code))
    else:
        health = container.health or container.status
        words.append(say("look_running", language, health=health, age=duration(container.up_s)))
    if container.restarts:
        words.append(say("look_restarts", language, count=container.restarts))
    if container.oom_kills or container.oom_killed:
        words.append(say("look_kills", language, count=max(container.oom_kills, 1)))
    used = bar(container.name, container.memory_used or 0, container.memory_limit, _WIDTH)
    return f"{used:40} {', '.join(words)}"


def _confinement(container: Container, language: str) -> Iterator[str]:
    """Of the others; the gateway's stands in its own report."""
    if container.confinement is None or container.name == GATEWAY:
        return
    weak = [control.id for control in container.confinement if not control.ok]
    said, count = "look_controls_weak" if weak else "look_controls", len(container.confinement)
    yield say(said, language, name=container.name, all=count, ok=count - len(weak), missing=", ".join(weak))


def _drift(seen: Seen, language: str) -> Iterator[str]:
    if seen.drift is None:
        return
    if seen.drift.problem:
        yield say("look_drift_unknown", language, reason=seen.drift.problem)
    elif seen.drift.changes:
        yield say("look_drift", language, changes=", ".join(seen.drift.changes))
    else:
        yield say("look_no_drift", language)
