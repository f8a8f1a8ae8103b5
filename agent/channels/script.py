"""Scripts as a channel: `docker exec picoclaw picoclaw task ...` gives the running gateway something to do.

A connection carries one request, a line of JSON, and one line back, before which there may be lines
`{"progress": ...}`. A script chooses the id of its task, so it may ask again, as often as it likes and after any
breakdown: the task is done once, and its answer is kept for a week.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal, Protocol

import msgspec

from agent.channels.base import ChannelError, Limits, Outbound
from agent.channels.local import LocalChannel
from agent.errors import PicoClawError
from agent.sockets import TASKS
from agent.store.tasks import Task, own_chat

ORDERER = "owner"  # whoever can `docker exec` into the gateway
MOST_BYTES = 1 << 20
LONGEST_WAIT_S = 24 * 3600.0
_WORD = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$"

Name = Annotated[str, msgspec.Meta(pattern=_WORD)]


class RefusedError(PicoClawError):
    """A request that cannot be met, in words for the script's author."""


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="task"):
    """Do something.

    Attributes:
        id: the script's own; of two with the same id the second only asks for the answer.
        text: what the owner wants.
        session: the conversation that it belongs to; None for one of its own.
        new: forget what was said in that conversation before.
        reply_to: a channel, or `channel:user`, in whose private chat it is worked on and answered as well.
        language: the owner's.
        seconds: how long to wait for the answer.
    """

    id: Name
    text: Annotated[str, msgspec.Meta(min_length=1)]
    session: Name | None = None
    new: bool = False
    reply_to: str | None = None
    language: str = "en"
    seconds: float = 0.0


class Wait(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="wait"):
    """Wait for a task that was given before."""

    id: Name
    seconds: float = 0.0


class Codes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag="pair"):
    """Tell the pairing codes."""


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a task stands; `answer` says, where it failed, why."""

    id: str
    status: Literal["done", "failed", "timeout", "unknown"]
    answer: str = ""
    seconds: float = 0.0


def chat_of(order: Order) -> str:
    """The chat id of the conversation that a task belongs to."""
    return f"session:{order.session}" if order.session else own_chat(order.id)


class Office(Protocol):
    """What the gateway does about the requests."""

    async def queue(self, order: Order) -> None:
        """Queue it, unless there is a task of that id already; committed on return. Raises RefusedError."""

    async def finished(self, task_id: str, seconds: float) -> Task | None:
        """The task, when it has ended, or as it stands after so many seconds; None when there is none of that id."""

    def codes(self) -> list[dict[str, object]]:
        """For each channel its pairing code, or who is allowed there."""


_requests: msgspec.json.Decoder[Order | Wait | Codes] = msgspec.json.Decoder(Order | Wait | Codes)


class ScriptChannel(LocalChannel):
    """A conversation for each task, or each named session; what is ordered comes to the desk through the office."""

    name = "script"
    limits = Limits(draft_every_s=2.0, file_bytes=0)

    def __init__(self, office: Office, address: str = TASKS) -> None:
        super().__init__(address, MOST_BYTES)
        self._office = office
        self._watchers: dict[str, set[asyncio.StreamWriter]] = {}

    async def send(self, message: Outbound) -> None:
        """Nothing: a script fetches its answer, when it likes."""

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:  # noqa: ARG002
        """Show what is being done to whoever waits for it in a terminal."""
        watchers = self._watchers.get(chat_id)
        if not watchers:
            raise ChannelError("nobody watches")
        for writer in watchers:
            writer.write(msgspec.json.encode({"progress": body[-500:]}) + b"\n")
        return shown or "progress"

    async def home(self, user_id: str) -> str:  # noqa: ARG002 - a script has no chat of its own
        """None."""
        raise ChannelError("a script has no private chat")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection."""
        answer = await self._answer(reader, writer)
        writer.write(msgspec.json.encode(answer) + b"\n")
        await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> object:
        try:
            request = _requests.decode(await reader.readline())
        except ValueError as error:  # an overlong line, no JSON, or not what is expected there
            return {"refused": f"the request cannot be used: {error}"}
        if isinstance(request, Codes):
            return {"channels": self._office.codes()}
        try:
            if isinstance(request, Order):
                await self._office.queue(request)
                writer.write(b'{"queued":true}\n')
        except RefusedError as error:
            return {"refused": str(error)}
        return await self._finished(request, writer)

    async def _finished(self, request: Order | Wait, writer: asyncio.StreamWriter) -> Report:
        chat = chat_of(request) if isinstance(request, Order) else own_chat(request.id)
        watchers = self._watchers.setdefault(chat, set())
        watchers.add(writer)
        try:
            task = await self._office.finished(request.id, min(max(request.seconds, 0.0), LONGEST_WAIT_S))
        finally:
            watchers.discard(writer)
            if not watchers:
                self._watchers.pop(chat, None)
        if task is None:
            return Report(request.id, "unknown")
        status: Literal["done", "failed", "timeout"] = "done" if task.done else "failed" if task.finished else "timeout"
        return Report(task.id, status, task.answer, round(task.seconds, 1))
