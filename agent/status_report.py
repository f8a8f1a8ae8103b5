"""`picoclaw status` in the gateway's container: all that can be seen from there, in words or as JSON.

The operator's `picoclaw status` asks for the JSON, adds what only the host knows, and prints the same lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from agent.errors import PicoClawError
from agent.gateway.printable import bar, duration, one_line
from agent.language import closest
from agent.messages import say

_PATIENCE_S = 15


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Whatever a version of the product says more or less: fields that are missing have a default, others go."""


class Troubled(Part, frozen=True, kw_only=True):
    """What may have a problem, which an older version tells in English alone."""

    problem: str | None = None
    problem_pl: str | None = None

    def said(self, language: str) -> str | None:
        """What is wrong, in that language."""
        return (closest(language) == "pl" and self.problem_pl) or self.problem


class Channel(Troubled, frozen=True, kw_only=True):
    """How the way to a chat service is.

    `curable`: a restart could help; `paired`: somebody may talk to it; `heard`: somebody who may has done it.
    """

    refused_token: bool = False
    curable: bool = True
    last_contact_s: float | None = None
    paired: bool = True
    strangers: int = 0
    heard: bool = True


class Model(Part, frozen=True, kw_only=True):
    """Which model answers now, which is to be asked first, and how: direct, or litellm asleep, starting, warm, down."""

    name: str
    first: str
    engine: Literal["direct", "asleep", "starting", "warm", "down"] = "direct"


class Memory(Part, frozen=True, kw_only=True):
    """In bytes; 0 for unknown or no limit."""

    used: int = 0
    limit: int = 0


class Workspace(Part, frozen=True, kw_only=True):
    """How full it is; `full` also when the host's disk is."""

    bytes: int = 0
    bytes_limit: int = 0
    files: int = 0
    files_limit: int = 0
    full: bool = False


class Gateway(Troubled, frozen=True, kw_only=True):
    """What the running gateway says of itself; `problem` when it does not serve at all."""

    healthy: bool
    ready: bool
    version: str = ""
    uptime_s: float = 0
    sandbox: bool = False
    channels: dict[str, Channel] = {}
    egress: dict[str, str | None] = {}
    waiting: int = 0
    unsent: int = 0
    model: Model | None = None
    memory: dict[str, Memory] = {}
    workspace: Workspace | None = None
    last_error: str | None = None


class Control(Part, frozen=True, kw_only=True):
    """A row of agent.confinement."""

    id: str
    expected: str
    seen: str
    ok: bool


class Spent(Part, frozen=True, kw_only=True):
    """What the models took since midnight (UTC); `cost_usd` is of the requests that are not `unpriced`."""

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0
    unpriced: int = 0


class Report(Part, frozen=True, kw_only=True):
    """All of it; `gateway` is None when no gateway answers, `problem` says why."""

    gateway: Gateway | None
    problem: str = ""
    confinement: list[Control] = []
    usage: Spent | None = None

    @property
    def well(self) -> bool:
        """Whether a message would be answered, and every control is in force."""
        return self.gateway is not None and self.gateway.ready and all(control.ok for control in self.confinement)


def gather(state: Path, language: str = "en") -> Report:
    """Look around in the gateway's container.

    Args:
        state: the state file.
        language: of the reason why no gateway answers.
    """
    from agent.confinement.report import look

    gateway, problem = _ask(language)
    controls = [Control(id=row.id, expected=row.expected, seen=row.seen, ok=row.ok) for row in look("gateway")]
    return Report(gateway=gateway, problem=problem, confinement=controls, usage=_usage(state))


def read(document: bytes) -> Report:
    """The JSON of `as_json`, of whatever version; PicoClawError when it is none."""
    try:
        return msgspec.json.decode(document, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PicoClawError(f"picoclaw status answers what is not understood: {error}") from None


def as_json(report: Report) -> str:
    """For programs; ASCII, so that no terminal obeys it."""
    return json.dumps(msgspec.to_builtins(report), indent=2)


def text(report: Report, language: str) -> str:
    """For people: a title, memory and workspace as bars, and a line for each other thing."""
    gateway = report.gateway
    if gateway is None or gateway.problem:
        head = say("status_no_gateway", language, problem=report.problem or (gateway and gateway.said(language)))
        lines = [head, *details(report, language)]
    else:
        name = f"PicoClaw {gateway.version}"
        lines = [
            say("status_title", language, name=name, uptime=duration(gateway.uptime_s)),
            *(bar(name, memory.used, memory.limit) for name, memory in gateway.memory.items()),
            *details(report, language),
        ]
    if gateway is not None and gateway.last_error:
        lines.append(say("status_last_error", language, line=gateway.last_error))
    return "\n".join(one_line(line) for line in lines)


def details(report: Report, language: str, width: int = 9) -> Iterator[str]:
    """A line for each thing but the title, the memory and the last error; not yet printable.

    Args:
        report: what was seen.
        language: of the lines.
        width: of the name before a bar, in columns.
    """
    gateway = report.gateway
    if gateway is not None and gateway.workspace is not None:
        workspace = gateway.workspace
        yield bar(say("workspace", language), workspace.bytes, workspace.bytes_limit, width)
        if workspace.full:
            yield say("status_workspace_full", language)
    if gateway is not None and not gateway.problem:
        yield from _of_gateway(gateway, language)
    if report.usage is not None:
        yield _spent(report.usage, language)
    if report.confinement:
        missing = [control.id for control in report.confinement if not control.ok]
        said, count = "status_weak" if missing else "status_confined", len(report.confinement)
        yield say(said, language, all=count, ok=count - len(missing), missing=", ".join(missing))


def _of_gateway(gateway: Gateway, language: str) -> Iterator[str]:
    for name, channel in gateway.channels.items():
        yield of_channel(name, channel, language)
    if gateway.model is not None:
        model = gateway.model
        said = "status_model" if model.name == model.first else "status_model_resting"
        yield say(said, language, model=model.name, first=model.first, engine=say(f"engine_{model.engine}", language))
    if not gateway.sandbox:
        yield say("status_sandbox_down", language)
    for client, problem in gateway.egress.items():
        if problem:
            yield say("status_egress_down", language, client=client, problem=problem)
    strangers = sum(channel.strangers for channel in gateway.channels.values())
    if strangers:
        yield say("status_strangers", language, count=strangers)
    if gateway.waiting or gateway.unsent:
        yield say("status_waiting", language, questions=gateway.waiting, answers=gateway.unsent)


def of_channel(name: str, channel: Channel, language: str) -> str:
    """How a channel is, in one line."""
    age = channel.last_contact_s
    if age is None:
        line = say("status_channel_never", language, name=name, problem=channel.said(language))
    else:
        said = "status_channel" if channel.problem is None else "status_channel_down"
        line = say(said, language, name=name, problem=channel.said(language), age=duration(age))
    return line if channel.paired else f"{line}; {say('status_nobody', language)}"


def _spent(spent: Spent, language: str) -> str:
    cost = say("usage_cost", language, cost=f"{spent.cost_usd:.4f}")
    if spent.unpriced:
        cost = say("usage_unpriced", language, cost=f"{spent.cost_usd:.4f}", requests=spent.unpriced)
    return say(
        "usage_line",
        language,
        name=say("usage_today", language),
        requests=spent.requests,
        tokens=spent.prompt_tokens + spent.completion_tokens,
        cached=spent.cached_tokens,
        cost=cost,
    )


def _ask(language: str) -> tuple[Gateway | None, str]:
    """What the running gateway says, or why it says nothing."""
    from agent.gateway.asking import ask

    try:
        return msgspec.json.decode(ask("/status", _PATIENCE_S, language)[1], type=Gateway), ""
    except PicoClawError as error:
        return None, str(error)
    except msgspec.DecodeError as error:
        return None, f"the gateway answers what is not understood: {error}"


def _usage(state: Path) -> Spent | None:
    from agent import usage_report
    from agent.store.usage import total

    try:
        rows = usage_report.read(state, 1)
    except PicoClawError:
        return None
    return msgspec.convert(usage_report.counts(total(row.spent for row in rows)), Spent)
