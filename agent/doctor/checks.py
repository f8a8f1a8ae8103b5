"""What can be wrong, as far as it is seen from the host and from the gateway's container alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from agent.doctor.seen import Seen
from agent.status_report import Channel, Gateway

# A clock that is off by more makes certificates and signatures look expired.
_CLOCK_S = 120
_DISK_FREE = 300 * 2**20
_INODES_USED = 0.98
# What `docker stats` would call so full ends soon; the sandbox's limit is there to be met.
_MEMORY_USED = 0.95
_CONTAINERS = {"gateway": "picoclaw", "litellm": "picoclaw-llm"}

Looked = TypeVar("Looked", bound=Seen)
Looked_contra = TypeVar("Looked_contra", bound=Seen, contravariant=True)
Verdict = Literal["ok", "bad", "unknown"]


@dataclass(frozen=True)
class Trouble:
    """What is wrong: `bad_...` and `do_...` of a catalogue are its sentences, `values` stand in them.

    A value that is a part of the report stands for what that part says is wrong with it.
    """

    kind: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Check(Generic[Looked_contra]):
    """One thing to look at.

    Attributes:
        id: `check_...` of a catalogue is its name.
        judge: what is wrong, if anything.
        known: whether enough was seen to say so.
    """

    id: str
    judge: Callable[[Looked_contra], Trouble | None]
    known: Callable[[Looked_contra], bool]


@dataclass(frozen=True)
class Finding:
    """What came of a check; `trouble` where the verdict is bad."""

    check: str
    verdict: Verdict
    trouble: Trouble | None = None


def findings(seen: Looked, checks: Sequence[Check[Looked]]) -> list[Finding]:
    """What comes of each check, in their order: causes before what they cause."""
    return [_find(check, seen) for check in checks]


def _find(check: Check[Looked], seen: Looked) -> Finding:
    if not check.known(seen):
        return Finding(check.id, "unknown")
    trouble = check.judge(seen)
    return Finding(check.id, "ok" if trouble is None else "bad", trouble)


def gateway_of(seen: Seen) -> Gateway | None:
    """What the running gateway says of itself, where it says anything."""
    return seen.report.gateway if seen.report else None


def channels_of(seen: Seen) -> Mapping[str, Channel]:
    """Its channels, by name."""
    gateway = gateway_of(seen)
    return {} if gateway is None else gateway.channels


def says(seen: Seen) -> bool:
    """Whether a gateway tells how it is."""
    return gateway_of(seen) is not None


def serves(seen: Seen) -> bool:
    """Whether it does so, and does not merely say why it does not serve."""
    return says(seen) and not config(seen)


def llm_down(seen: Seen) -> bool:
    """Whether a model needs picoclaw-llm and it does not answer."""
    gateway = gateway_of(seen)
    return gateway is not None and gateway.model is not None and gateway.model.engine == "down"


def clock(seen: Seen) -> Trouble | None:
    """Whether it is another clock's time, more or less."""
    off = seen.clock_off_s or 0.0
    if abs(off) <= _CLOCK_S:
        return None
    return Trouble("clock_ahead" if off > 0 else "clock_behind", {"seconds": round(abs(off))})


def disk(seen: Seen) -> Trouble | None:
    """Whether each file system has room for bytes and for files."""
    for one in seen.disks:
        if one.free < _DISK_FREE:
            return Trouble("disk", {"mount": one.mount, "free": one.free // 2**20})
        if one.inodes_used >= _INODES_USED:
            return Trouble("inodes", {"mount": one.mount})
    return None


def tight(seen: Seen) -> Trouble | None:
    """Whether the gateway or litellm is about to be ended for lack of memory."""
    gateway = gateway_of(seen)
    for name, memory in ({} if gateway is None else gateway.memory).items():
        if name in _CONTAINERS and memory.limit and memory.used >= _MEMORY_USED * memory.limit:
            used, limit = memory.used // 2**20, memory.limit // 2**20
            return Trouble("tight", {"name": _CONTAINERS[name], "used": used, "limit": limit})
    return None


def config(seen: Seen) -> Trouble | None:
    """Whether the gateway has what it needs to serve."""
    gateway = gateway_of(seen)
    return Trouble("config", {"reason": gateway}) if gateway is not None and gateway.problem else None


def names(seen: Seen) -> Trouble | None:
    """Whether the gateway's container resolves names."""
    return Trouble("names_gateway", {"reason": seen.names_gateway}) if seen.names_gateway else None


def channels(seen: Seen) -> Trouble | None:
    """Whether there is contact to the chat services. Those first that only the owner can put right."""
    troubled = [(name, channel) for name, channel in channels_of(seen).items() if channel.problem is not None]
    for name, channel in sorted(troubled, key=lambda pair: pair[1].curable):
        kind = "channel_away" if channel.curable else "token" if channel.refused_token else "channel_owner"
        return Trouble(kind, {"channel": name, "reason": channel})
    return None


def parts(seen: Seen) -> Trouble | None:
    """Whether the gateway's parts have found each other."""
    gateway = gateway_of(seen)
    if gateway is None or gateway.problem:
        return None
    if not gateway.sandbox:
        return Trouble("sandbox")
    for client, problem in gateway.egress.items():
        if problem:
            return Trouble("egress", {"client": client, "reason": problem})
    return Trouble("litellm") if llm_down(seen) else None


_MODEL_KINDS = {"LLMKeyError": "key", "LLMQuotaError": "quota"}


def model(seen: Seen) -> Trouble | None:
    """Whether each model answers."""
    for answer in seen.answers or ():
        if not answer.ok:
            kind = _MODEL_KINDS.get(answer.error, "model")
            values = {"where": answer.where, "provider": answer.provider, "model": answer.model}
            return Trouble(kind, {**values, "reason": answer.problem})
    return None


def access(seen: Seen) -> Trouble | None:
    """Whether anybody may talk to it."""
    known = channels_of(seen)
    closed = [name for name, channel in known.items() if not channel.paired]
    return Trouble("nobody", {"channels": ", ".join(closed)}) if closed and len(closed) == len(known) else None


def strangers(seen: Seen) -> Trouble | None:
    """An owner whose id is wrong in the list is one: the bot is silent, and all is well with it."""
    for name, channel in channels_of(seen).items():
        if channel.strangers and channel.paired and not channel.heard:
            return Trouble("strangers", {"channel": name, "count": channel.strangers})
    return None


def unheard(seen: Seen) -> list[str]:
    """The channels where nobody at all has written yet: nothing is wrong with them, as far as can be seen."""
    return [
        name
        for name, channel in channels_of(seen).items()
        if channel.paired and not channel.heard and not channel.strangers and channel.problem is None
    ]


def workspace(seen: Seen) -> Trouble | None:
    """Whether there is room in it."""
    gateway = gateway_of(seen)
    full = gateway is not None and gateway.workspace is not None and gateway.workspace.full
    return Trouble("workspace") if full else None


def always(_: Seen) -> bool:
    """There is nothing to know first."""
    return True


DISK: Check[Seen] = Check("disk", disk, lambda seen: bool(seen.disks))
CLOCK: Check[Seen] = Check("clock", clock, lambda seen: seen.clock_off_s is not None)
# What the gateway has to say for itself, in the order of the table.
CONFIG: Check[Seen] = Check("config", config, says)
CONTACT: tuple[Check[Seen], ...] = (Check("channels", channels, serves), Check("inside", parts, serves))
MODEL: Check[Seen] = Check("model", model, lambda seen: seen.answers is not None)
PEOPLE: tuple[Check[Seen], ...] = (
    Check("access", access, serves),
    Check("strangers", strangers, serves),
    Check("workspace", workspace, serves),
)
