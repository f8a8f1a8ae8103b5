"""The table of what can be wrong with a host, causes before what they cause."""

from __future__ import annotations

from collections.abc import Callable

from agent.doctor import checks
from agent.doctor.checks import Check, Trouble
from agent.operator.look.names import GATEWAY, LLM, SANDBOX, SHORT
from agent.operator.look.seen import Container, Seen

# So many restarts, the last of them this recently, are a loop.
_LOOP_RESTARTS, _LOOP_S = 3, 120


def _reached(seen: Seen) -> Trouble | None:
    if not seen.unreachable:
        return None
    refused = ("Permission denied", "Host key verification failed", "Too many authentication failures")
    kind = "login" if any(word in seen.unreachable for word in refused) else "unreachable"
    return Trouble(kind, {"reason": seen.unreachable})


def _root(seen: Seen) -> Trouble | None:
    return Trouble("root", {"reason": seen.refused}) if seen.refused else None


def _docker(seen: Seen) -> Trouble | None:
    docker = seen.docker
    if docker is None or docker.version:
        return None
    return Trouble("docker_down" if docker.installed else "docker_missing", {"reason": docker.problem})


def _present(seen: Seen) -> Trouble | None:
    needed = [GATEWAY, SANDBOX, *([LLM] if checks.llm_down(seen) else [])]
    missing = [name for name in needed if name not in seen.containers]
    return Trouble("missing", {"names": ", ".join(missing)}) if missing else None


def _starts(seen: Seen) -> Trouble | None:
    """What Docker or runc said when it could not start a container."""
    for container in seen.containers.values():
        if container.running or not container.error:
            continue
        text = container.error
        lxc = "ip_unprivileged_port_start" in text or ("reopen fd" in text and "permission denied" in text)
        return Trouble("lxc" if lxc else "start", {"name": container.name, "reason": text})
    return None


def _memory(seen: Seen) -> Trouble | None:
    """The sandbox's commands may end so: that is what its limit is for."""
    for container in seen.containers.values():
        if container.oom_killed and not container.running:
            return Trouble("oom_ended", _named(container))
        if container.oom_kills and container.name != SANDBOX:
            return Trouble("oom", {**_named(container), "count": container.oom_kills})
    tight = checks.tight(seen) if _gateway_runs(seen) else None
    return tight and Trouble(tight.kind, {**tight.values, "short": SHORT[str(tight.values["name"])]})


def _loop(seen: Seen) -> Trouble | None:
    for container in seen.containers.values():
        soon = container.up_s is not None and container.up_s < _LOOP_S
        if container.status == "restarting" or (container.restarts >= _LOOP_RESTARTS and soon):
            return Trouble("loop", _named(container))
    return None


def _running(seen: Seen) -> Trouble | None:
    for container in seen.containers.values():
        if container.status == "paused":
            return Trouble("paused", _named(container))
        if not container.running and container.status != "restarting":
            return Trouble("stopped", _named(container))
    return None


def _named(container: Container) -> dict[str, object]:
    return {
        "name": container.name,
        "short": SHORT[container.name],
        "status": container.status,
        "code": container.exit_code,
        "restarts": container.restarts,
        "limit": container.memory_limit // 2**20,
        "last": container.last_lines[-1] if container.last_lines else "-",
    }


def _confined(seen: Seen) -> Trouble | None:
    for container in seen.containers.values():
        weak = [control.id for control in container.confinement or () if not control.ok]
        if weak:
            return Trouble("weak", {"name": container.name, "controls": ", ".join(weak)})
    return None


def _answers(seen: Seen) -> Trouble | None:
    """Whether the gateway says how it is."""
    if seen.report is None:
        kind = "old" if "No such command" in seen.report_problem else "silent"
        return Trouble(kind, {"reason": seen.report_problem})
    return Trouble("silent", {"reason": seen.report.problem}) if seen.report.gateway is None else None


def _names(seen: Seen) -> Trouble | None:
    if seen.names_host:
        return Trouble("names_host", {"name": seen.names_host})
    return checks.names(seen)


def _health(seen: Seen) -> Trouble | None:
    for container in seen.containers.values():
        if container.running and container.health == "unhealthy":
            return Trouble("unhealthy", {"name": container.name, "reason": container.health_said or "-"})
    return None


def _drift(seen: Seen) -> Trouble | None:
    if seen.drift is None:
        return None
    if seen.drift.problem:
        return Trouble("drift_unknown", {"reason": seen.drift.problem})
    return Trouble("drift", {"changes": ", ".join(seen.drift.changes)}) if seen.drift.changes else None


def _asked(seen: Seen) -> bool:
    return seen.docker is not None


def _docker_runs(seen: Seen) -> bool:
    return seen.docker is not None and bool(seen.docker.version)


def _any_container(seen: Seen) -> bool:
    return bool(seen.containers)


def _gateway_runs(seen: Seen) -> bool:
    return GATEWAY in seen.containers and seen.containers[GATEWAY].running


def _tried(*values: str) -> Callable[[Seen], bool]:
    return lambda seen: _gateway_runs(seen) and any(getattr(seen, value) is not None for value in values)


def _some_confinement(seen: Seen) -> bool:
    return any(container.confinement is not None for container in seen.containers.values())


def _of_gateway(*shared: Check[Seen]) -> list[Check[Seen]]:
    """Of a gateway that has gone meanwhile nothing is known."""
    return [Check(one.id, one.judge, _while_it_runs(one.known)) for one in shared]


def _while_it_runs(known: Callable[[Seen], bool]) -> Callable[[Seen], bool]:
    return lambda seen: _gateway_runs(seen) and known(seen)


CHECKS: tuple[Check[Seen], ...] = (
    Check("reached", _reached, checks.always),
    Check("root", _root, lambda seen: not seen.unreachable),
    checks.DISK,
    Check("docker", _docker, _asked),
    checks.CLOCK,
    Check("present", _present, _docker_runs),
    Check("starts", _starts, _any_container),
    Check("memory", _memory, _any_container),
    Check("loop", _loop, _any_container),
    Check("running", _running, _any_container),
    Check("confined", _confined, _some_confinement),
    Check("answers", _answers, _gateway_runs),
    *_of_gateway(checks.CONFIG),
    Check("names", _names, _tried("names_host", "names_gateway")),
    *_of_gateway(*checks.CONTACT),
    Check("health", _health, _any_container),
    *_of_gateway(checks.MODEL, *checks.PEOPLE),
    Check("drift", _drift, lambda seen: seen.drift is not None),
)
