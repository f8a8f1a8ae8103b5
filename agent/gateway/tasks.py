"""What scripts ask for: queued like a message of the owner's, once for each id, and remembered until it is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from agent.channels.base import Channel, ChannelError
from agent.channels.script import ORDERER, Order, RefusedError, chat_of
from agent.channels.words import said
from agent.gateway.access import Access
from agent.gateway.commands import name_of
from agent.gateway.desk import FrontDesk
from agent.gateway.printable import shortened
from agent.gateway.turn import STOPPED_NOTE
from agent.messages import say
from agent.store.mailbox import Inbound, Mailbox, Outbound
from agent.store.sessions import Message
from agent.store.tasks import PREFIX, Task, Tasks

# Of a task's text, in the chat that sees it answered.
NOTICE_CHARS = 500


class Orders:
    """The `agent.channels.script.Office`.

    Args:
        store: what has become of each task.
        mailbox: where notices to chats are stored.
        of_turn: the messages of a turn, by session and id.
        ready: called with a channel's name when something waits to be sent there.
        redact: takes secrets out of what is shown.
    """

    def __init__(
        self,
        store: Tasks,
        mailbox: Mailbox,
        of_turn: Callable[[str, int], list[Message]],
        ready: Callable[[str], None],
        redact: Callable[[str], str],
    ) -> None:
        self._store = store
        self._mailbox = mailbox
        self._of_turn = of_turn
        self._ready = ready
        self._redact = redact
        self._channels: Mapping[str, Channel] = {}
        self._desks: Mapping[str, FrontDesk] = {}
        self._access: Mapping[str, Access] = {}
        self._ended = asyncio.Event()

    def open(
        self, channels: Mapping[str, Channel], desks: Mapping[str, FrontDesk], access: Mapping[str, Access]
    ) -> None:
        """Through these desks tasks come in; `access` tells who may talk on the channels to chat services."""
        self._channels = channels
        self._desks = desks
        self._access = access

    def codes(self) -> list[dict[str, object]]:
        """For each channel the code that pairs now, and for how many seconds, or who is allowed there."""
        return [_pairing(name, access) for name, access in self._access.items()]

    async def queue(self, order: Order) -> None:
        """Queue it, unless there is a task of that id already; committed on return.

        Raises:
            RefusedError: it cannot be done as ordered; in words for the script's author.
        """
        if self._store.get(order.id) is not None:
            return
        messages, notice = await (self._in_chat(order) if order.reply_to else self._apart(order))
        with self._store.together():
            if not self._store.add(order.id, messages[-1].channel, messages[-1].session):
                return
            self._mailbox.post([notice] if notice is not None else [])
            self._desks[messages[-1].channel].receive(messages)
        if notice is not None:
            self._ready(notice.channel)

    async def finished(self, task_id: str, seconds: float) -> Task | None:
        """The task, when it has ended, or as it stands after so many seconds; None when there is none of that id."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (task := self._store.get(task_id)) is not None and not task.finished:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            ended = self._ended
            try:
                async with asyncio.timeout(left):
                    await ended.wait()
            except TimeoutError:
                continue
        return task

    def ended(self, message: Inbound, text: str, *, failed: bool = False) -> None:
        """A message of the inbox is being answered with `text`; to be called just before that is stored."""
        if not message.external_id.startswith(PREFIX):
            return
        command = name_of(message.text) is not None
        done = not failed and (command or _answered(self._of_turn(message.session, message.id)))
        self._store.end(message.external_id.removeprefix(PREFIX), text, done=done)
        asyncio.get_running_loop().call_soon(self._wake)  # when it is stored

    def _wake(self) -> None:
        self._ended.set()
        self._ended = asyncio.Event()

    async def _apart(self, order: Order) -> tuple[list[Inbound], None]:
        """In a conversation of its own, or in the named one."""
        chat_id = chat_of(order)
        message = Inbound("script", chat_id, f"{PREFIX}{order.id}", ORDERER, "", order.text, order.language)
        fresh = replace(message, external_id=f"new:{order.id}", text="/new")
        return [fresh, message] if order.new else [message], None

    async def _in_chat(self, order: Order) -> tuple[list[Inbound], Outbound]:
        """In the owner's private chat, where the task is shown first."""
        name, _, user = str(order.reply_to).partition(":")
        if name not in self._access:
            raise RefusedError(say("task_no_channel", order.language, name=name, known=", ".join(self._access)))
        owners = self._access[name].owners()
        if not owners:
            raise RefusedError(say("task_nobody", order.language, name=name))
        if user and user not in owners:
            raise RefusedError(say("task_stranger", order.language, name=name, user=user, owners=", ".join(owners)))
        owner, channel = user or owners[0], self._channels[name]
        try:
            chat_id = await channel.home(owner)
        except ChannelError as error:
            why = said(error.words, order.language)
            raise RefusedError(say("task_no_chat", order.language, name=name, user=owner, why=why)) from None
        text = say("script_request", order.language, text=order.text)
        message = Inbound(name, chat_id, f"{PREFIX}{order.id}", owner, "", text, order.language)
        asked = shortened(self._redact(order.text), NOTICE_CHARS)
        shown = channel.compose(say("script_notice", order.language, text=asked))[0]
        return [message], Outbound(name, chat_id, shown)


def _pairing(name: str, access: Access) -> dict[str, object]:
    code = access.code()
    if code is None:
        return {"channel": name, "allowed": access.owners()}
    return {"channel": name, "code": code[0], "seconds": round(code[1])}


def _answered(turn: list[Message]) -> bool:
    """Whether a turn came to an answer of the model's."""
    last = turn[-1] if turn else {}
    text = str(last.get("content") or "")
    return (
        last.get("role") == "assistant"
        and not last.get("tool_calls")
        and bool(text)
        and not text.endswith(STOPPED_NOTE)
    )
