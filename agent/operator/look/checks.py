"""The table of what can be wrong with a host, causes before what they cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agent.operator.look.names import GATEWAY, LLM, SANDBOX, SHORT
from agent.operator.look.seen import Container, Seen
from agent.status_report import Channel, Gateway

# A clock that is off by more makes certificates and signatures look expired.
_CLOCK_S = 120
_DISK_FREE = 300 * 2**20
_INODES_USED = 0.98
# So many restarts, the last of them this recently, are a loop.
_LOOP_RESTARTS, _LOOP_S = 3, 120


@dataclass(frozen=True)
class Trouble:
    """What is wrong: `bad_...` and `do_...` of agent.operator.look.words are its sentences, `values` stand in them.

    A value that is a part of the report stands for what that part says is wrong with it.
    """

    kind: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One thing to look at.

    Attributes:
        id: `check_...` of agent.operator.look.words is its name.
        judge: what is wrong, if anything.
        known: whether enough was seen to say so.
    """

    id: str
    judge: Callable[[Seen], Trouble | None]
    known: Callable[[Seen], bool]


def _gateway(seen: Seen) -> Gateway | None:
    return seen.report.gateway if seen.report else None


def _channels_of(seen: Seen) -> Mapping[str, Channel]:
    gateway = _gateway(seen)
    return {} if gateway is None else gateway.channels


def _reached(seen: Seen) -> Trouble | None:
    if not seen.unreachable:
        return None
    refused = ("Permission denied", "Host key verification failed", "Too many authentication failures")
    kind = "login" if any(word in seen.unreachable for word in refused) else "unreachable"
    return Trouble(kind, {"reason": seen.unreachable})


def _root(seen: Seen) -> Trouble | None:
    return Trouble("root", {"reason": seen.refused}) if seen.refused else None


def _clock(seen: Seen) -> Trouble | None:
    off = seen.clock_off_s or 0.0
    if abs(off) <= _CLOCK_S:
        return None
    return Trouble("clock_ahead" if off > 0 else "clock_behind", {"seconds": round(abs(off))})


def _disk(seen: Seen) -> Trouble | None:
    for disk in seen.disks:
        if disk.free < _DISK_FREE:
            return Trouble("disk", {"mount": disk.mount, "free": disk.free // 2**20})
        if disk.inodes_used >= _INODES_USED:
            return Trouble("inodes", {"mount": disk.mount})
    return None


def _docker(seen: Seen) -> Trouble | None:
    docker = seen.docker
    if docker is None or docker.version:
        return None
    return Trouble("docker_down" if docker.installed else "docker_missing", {"reason": docker.problem})


def _present(seen: Seen) -> Trouble | None:
    needed = [GATEWAY, SANDBOX, *([LLM] if _llm_down(seen) else [])]
    missing = [name for name in needed if name not in seen.containers]
    return Trouble("missing", {"names": ", ".join(missing)}) if missing else None


def _llm_down(seen: Seen) -> bool:
    """Whether a model needs picoclaw-llm and it does not answer."""
    gateway = _gateway(seen)
    return gateway is not None and gateway.model is not None and gateway.model.engine == "down"


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
    return None


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


def _config(seen: Seen) -> Trouble | None:
    gateway = _gateway(seen)
    return Trouble("config", {"reason": gateway}) if gateway is not None and gateway.problem else None


def _answers(seen: Seen) -> Trouble | None:
    """Whether the gateway says how it is."""
    if seen.report is None:
        kind = "old" if "No such command" in seen.report_problem else "silent"
        return Trouble(kind, {"reason": seen.report_problem})
    return Trouble("silent", {"reason": seen.report.problem}) if seen.report.gateway is None else None


def _names(seen: Seen) -> Trouble | None:
    if seen.names_host:
        return Trouble("names_host", {"name": seen.names_host})
    return Trouble("names_gateway", {"reason": seen.names_gateway}) if seen.names_gateway else None


def _channels(seen: Seen) -> Trouble | None:
    """Those first that only the owner can put right."""
    troubled = [(name, channel) for name, channel in _channels_of(seen).items() if channel.problem is not None]
    for name, channel in sorted(troubled, key=lambda pair: pair[1].curable):
        kind = "channel_away" if channel.curable else "token" if channel.refused_token else "channel_owner"
        return Trouble(kind, {"channel": name, "reason": channel})
    return None


def _inside(seen: Seen) -> Trouble | None:
    """Whether the gateway's parts have found each other."""
    gateway = _gateway(seen)
    if gateway is None or gateway.problem:
        return None
    if not gateway.sandbox:
        return Trouble("sandbox")
    for client, problem in gateway.egress.items():
        if problem:
            return Trouble("egress", {"client": client, "reason": problem})
    return Trouble("litellm") if _llm_down(seen) else None


def _health(seen: Seen) -> Trouble | None:
    for container in seen.containers.values():
        if container.running and container.health == "unhealthy":
            return Trouble("unhealthy", {"name": container.name, "reason": container.health_said or "-"})
    return None


_MODEL_KINDS = {"LLMKeyError": "key", "LLMQuotaError": "quota"}


def _model(seen: Seen) -> Trouble | None:
    for answer in seen.answers or ():
        if not answer.ok:
            kind = _MODEL_KINDS.get(answer.error, "model")
            values = {"where": answer.where, "provider": answer.provider, "model": answer.model}
            return Trouble(kind, {**values, "reason": answer.problem})
    return None


def _access(seen: Seen) -> Trouble | None:
    channels = _channels_of(seen)
    closed = [name for name, channel in channels.items() if not channel.paired]
    return Trouble("nobody", {"channels": ", ".join(closed)}) if closed and len(closed) == len(channels) else None


def _strangers(seen: Seen) -> Trouble | None:
    """An owner whose id is wrong in the list is one: the bot is silent, and all is well with it."""
    for name, channel in _channels_of(seen).items():
        if channel.strangers and channel.paired and not channel.heard:
            return Trouble("strangers", {"channel": name, "count": channel.strangers})
    return None


def _workspace(seen: Seen) -> Trouble | None:
    gateway = _gateway(seen)
    full = gateway is not None and gateway.workspace is not None and gateway.workspace.full
    return Trouble("workspace") if full else None


def _drift(seen: Seen) -> Trouble | None:
    if seen.drift is None:
        return None
    if seen.drift.problem:
        return Trouble("drift_unknown", {"reason": seen.drift.problem})
    return Trouble("drift", {"changes": ", ".join(seen.drift.changes)}) if seen.drift.changes else None


def _always(_: Seen) -> bool:
    return True


def _asked(seen: Seen) -> bool:
    return seen.docker is not None


def _docker_runs(seen: Seen) -> bool:
    return seen.docker is not None and bool(seen.docker.version)


def _any_container(seen: Seen) -> bool:
    return bool(seen.containers)


def _gateway_runs(seen: Seen) -> bool:
    return GATEWAY in seen.containers and seen.containers[GATEWAY].running


def _gateway_says(seen: Seen) -> bool:
    return _gateway_runs(seen) and seen.report is not None and seen.report.gateway is not None


def _gateway_serves(seen: Seen) -> bool:
    return _gateway_says(seen) and not _config(seen)


def _tried(*values: str) -> Callable[[Seen], bool]:
    return lambda seen: _gateway_runs(seen) and any(getattr(seen, value) is not None for value in values)


def _some_confinement(seen: Seen) -> bool:
    return any(container.confinement is not None for container in seen.containers.values())


CHECKS = (
    Check("reached", _reached, _always),
    Check("root", _root, lambda seen: not seen.unreachable),
    Check("disk", _disk, lambda seen: bool(seen.disks)),
    Check("docker", _docker, _asked),
    Check("clock", _clock, lambda seen: seen.clock_off_s is not None),
    Check("present", _present, _docker_runs),
    Check("starts", _starts, _any_container),
    Check("memory", _memory, _any_container),
    Check("loop", _loop, _any_container),
    Check("running", _running, _any_container),
    Check("confined", _confined, _some_confinement),
    Check("answers", _answers, _gateway_runs),
    Check("config", _config, _gateway_says),
    Check("names", _names, _tried("names_host", "names_gateway")),
    Check("channels", _channels, _gateway_serves),
    Check("inside", _inside, _gateway_serves),
    Check("health", _health, _any_container),
    Check("model", _model, _tried("answers")),
    Check("access", _access, _gateway_serves),
    Check("strangers", _strangers, _gateway_serves),
    Check("workspace", _workspace, _gateway_serves),
    Check("drift", _drift, lambda seen: seen.drift is not None),
)
