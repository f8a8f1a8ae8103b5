"""Tasks from scripts: `docker exec picoclaw picoclaw task "..."` hands them to the running gateway and waits.

An abstract Unix socket in the gateway's own network namespace, as the terminal's. A line of JSON is a request, `Order`;
the answer is a line, too. A task has an id that its sender chose: sent again after a restart it is the same task.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Literal

import msgspec

from agent.channels.base import ChannelError, Contact, Desk, Inbound, Limits, Outbound, RejectedError
from agent.channels.terminal import OWNER, peer_uid
from agent.errors import PicoClawError
from agent.store.mailbox import TASK, Mailbox

ADDRESS = "\0picoclaw-task"
_LONGEST = 1 << 20
_LOOK_S = 0.1
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LABEL = "[A task from a script of your owner's, not typed by them:]"

# A channel's name to the private chat with its owner and the owner's id there.
Reach = Callable[[str], Awaitable[tuple[str, str]]]


class Order(msgspec.Struct):
    """What a script wants: a task, the outcome of one (`wait`), or the pairing codes (`pair`)."""

    do: Literal["task", "wait", "pair"]
    id: str = ""
    text: str = ""
    session: str = ""
    reply_to: str = ""
    language: str = "en"


class TaskChannel:
    """Whoever can `docker exec` into the gateway is the owner. Answers wait in the state file to be fetched."""

    name = "task"
    limits = Limits(draft_every_s=60.0, file_bytes=0)

    def __init__(
        self,
        mailbox: Mailbox,
        reach: Reach,
        desks: Callable[[], Mapping[str, Desk]],
        codes: Callable[[], dict[str, str | None]],
        address: str = ADDRESS,
    ) -> None:
        """`reach`, `desks` and `codes` lead to the other channels."""
        self.contact = Contact(max_age_s=float("inf"))
        self._mailbox = mailbox
        self._reach = reach
        self._desks = desks
        self._codes = codes
        self._address = address
        self._serving: set[asyncio.Task[Any]] = set()

    async def run(self, desk: Desk) -> None:
        """Serve scripts until cancelled."""
        del desk  # tasks are handed in at the desk of the channel that they are answered on
        server = await asyncio.start_unix_server(self._serve, self._address, limit=_LONGEST)
        self.contact.succeeded()
        try:
            async with server:
                await server.serve_forever()
        finally:
            for serving in self._serving:
                serving.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def compose(self, markdown: str) -> list[str]:  # noqa: ARG002 - who waits reads the answer itself
        """Nothing is sent anywhere."""
        return []

    async def send(self, message: Outbound) -> None:
        """Nothing is sent anywhere."""
        raise RejectedError(f"{message.channel} takes no messages")

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:  # noqa: ARG002
        """Scripts read whole answers."""
        raise ChannelError("scripts read whole answers")

    async def typing(self, chat_id: str) -> None:
        """Nobody looks."""

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """Nothing is attached to a task."""
        raise RejectedError(f"a task has no file {reference}")
        yield b""

    async def home(self, user_id: str) -> str:
        """There is no chat."""
        raise ChannelError(f"there is no chat with {user_id}")

    async def aclose(self) -> None:
        """Nothing is kept open."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (serving := asyncio.current_task()) is not None:
            self._serving.add(serving)
            serving.add_done_callback(self._serving.discard)
        try:
            if peer_uid(writer) in (0, os.getuid()):
                order = msgspec.json.decode(await reader.readline(), type=Order)
                async for line in self._carry_out(order):
                    writer.write(msgspec.json.encode(line) + b"\n")
                    await writer.drain()
        except (ValueError, msgspec.MsgspecError, ConnectionError):  # an overlong line, no order, or a script gone
            pass
        finally:
            writer.close()

    async def _carry_out(self, order: Order) -> AsyncIterator[dict[str, Any]]:
        if order.do == "pair":
            yield {"codes": self._codes()}
            return
        if not _ID.fullmatch(order.id):
            yield {"error": "a task's id is 1 to 64 letters, digits, - or _"}
            return
        try:
            if order.do == "task":
                await self._hand_in(order)
        except PicoClawError as error:
            yield {"error": str(error)}
            return
        if self._mailbox.outcome(TASK + order.id) is None:
            yield {"error": f"there is no task {order.id}; its answer is kept for 30 days"}
            return
        yield {"accepted": order.id}
        while True:
            outcome = self._mailbox.outcome(TASK + order.id)
            if outcome is None or outcome[0]:
                break
            await asyncio.sleep(_LOOK_S)
        answer = outcome[1] if outcome is not None else None
        yield {"id": order.id, "status": "failed" if answer is None else "done", "answer": answer or ""}

    async def _hand_in(self, order: Order) -> None:
        """Store the task; one that is known already is left as it is."""
        if self._mailbox.outcome(TASK + order.id) is not None:
            return
        channel, chat, user, text = self.name, order.session or order.id, OWNER, order.text
        if order.reply_to:
            if order.reply_to not in self._desks():
                raise PicoClawError(f"--reply-to {order.reply_to}: config.json has no such channel")
            channel, (chat, user) = order.reply_to, await self._reach(order.reply_to)
            text = f"{LABEL}\n{order.text}"
        task = Inbound(channel, chat, TASK + order.id, user, "", text, order.language)
        self._desks()[channel].receive([task])
