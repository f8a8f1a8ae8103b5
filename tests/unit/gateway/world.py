"""A gateway's message flow around one state file: the real parts, a chat service and a model that a test plays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from agent import config
from agent.channels.base import ChannelError, Contact, Desk, Limits, RejectedError
from agent.gateway.access import Access
from agent.gateway.answer import Answers
from agent.gateway.commands import Commands, Handler
from agent.gateway.conversation import Conversations
from agent.gateway.delivery import Delivery
from agent.gateway.desk import FrontDesk
from agent.gateway.history import History
from agent.gateway.outgoing import Outgoing
from agent.gateway.pictures import Pictures
from agent.gateway.redaction import Redaction
from agent.gateway.request import text_of
from agent.gateway.spending import Spending
from agent.gateway.turn import Turns
from agent.llm.stream import Completion, ToolCall
from agent.llm.usage import Usage as Tokens
from agent.sandbox.client import SandboxLink
from agent.store.database import connect
from agent.store.mailbox import Edited, Inbound, Mailbox, Outbound
from agent.store.owners import Owners
from agent.store.sessions import Message, Sessions
from agent.store.spool import Spool
from agent.store.usage import Usage
from agent.tools.registry import Tool, Tools
from tests.unit.channels.heard import until

SECRET = "sk-or-v1-0123456789abcdef"
OWNER = "7"


class Chat:
    """A chat service that remembers its messages by id, edits included, and refuses what it is told to."""

    name = "telegram"
    limits = Limits(draft_every_s=0.01, file_bytes=1000)

    def __init__(self) -> None:
        self.contact = Contact()
        self.shown: dict[str, str] = {}  # what stands in each message now
        self.versions: dict[str, list[str]] = {}
        self.replies: dict[str, str | None] = {}
        self.chats: dict[str, str] = {}
        self.refuse: Callable[[Outbound], Exception | None] = lambda _: None
        self.draft_error: ChannelError | None = None

    async def run(self, desk: Desk) -> None:
        """The test hands in what is heard."""

    def compose(self, markdown: str) -> list[str]:
        """Messages of a thousand characters."""
        return [markdown[at : at + 1000] for at in range(0, len(markdown), 1000)]

    async def send(self, message: Outbound) -> None:
        """Show it."""
        await asyncio.sleep(0)
        if (error := self.refuse(message)) is not None:
            raise error
        text = _content(message) if message.file else message.text
        self._show(message.chat_id, message.edits, text, message.reply_to)

    async def draft(self, chat_id: str, body: str, shown: str | None, reply_to: str | None) -> str:
        """Show the beginning."""
        await asyncio.sleep(0)
        if self.draft_error is not None:
            raise self.draft_error
        return self._show(chat_id, shown, body, reply_to)

    async def typing(self, chat_id: str) -> None:
        """Not shown."""

    async def download(self, reference: str) -> AsyncIterator[bytes]:
        """Nothing is attached."""
        raise RejectedError(reference)
        yield b""

    async def home(self, user_id: str) -> str:
        """As on Telegram."""
        return user_id

    async def aclose(self) -> None:
        """Nothing to close."""

    def texts(self, chat: str = OWNER) -> list[str]:
        """What stands in a chat, in order."""
        return [text for number, text in self.shown.items() if self.chats[number] == chat]

    def _show(self, chat_id: str, number: str | None, text: str, reply_to: str | None) -> str:
        number = number or str(len(self.shown) + 1)
        self.shown[number] = text
        self.chats[number] = chat_id
        self.versions.setdefault(number, []).append(text)
        self.replies.setdefault(number, reply_to)
        return number


async def user_message(message: Inbound) -> Message:
    """Without attachments."""
    return {"role": "user", "content": text_of(message)}


def _content(message: Outbound) -> str:
    return f"[file {message.file_name}] {Path(str(message.file)).read_text()}"


def said(text: str = "", *calls: ToolCall) -> Completion:
    """An answer of the model."""
    return Completion(text, calls, "tool_calls" if calls else "stop", Tokens(10, 5), "openai", "gpt-4o")


Script = Callable[["Model", Sequence[Message]], Awaitable[Completion]]


async def _echo(model: Model, messages: Sequence[Message]) -> Completion:
    del model
    return said(f"re: {messages[-1]['content']}")


@dataclass
class Model:
    """Answers as the test says; `on_text` is the listener of the request under way."""

    answer: Script = _echo
    asked: list[list[Message]] = field(default_factory=list)
    on_text: Callable[[str], None] = lambda _: None

    async def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]] = (),
        on_text: Callable[[str], None] | None = None,
        on_restart: Callable[[], None] | None = None,
    ) -> Completion:
        """One answer."""
        del tools, on_restart
        self.asked.append(list(messages))
        if on_text is not None:
            self.on_text = on_text
        await asyncio.sleep(0)
        return await self.answer(self, messages)


class Held:
    """A model that answers when it is told to, and says a beginning before."""

    def __init__(self, beginning: str = "") -> None:
        self.beginning = beginning
        self.released = asyncio.Event()
        self.asked = asyncio.Event()

    async def __call__(self, model: Model, messages: Sequence[Message]) -> Completion:
        """Wait for the test."""
        self.asked.set()
        if self.beginning:
            model.on_text(self.beginning)
        await self.released.wait()
        return said(f"re: {messages[-1]['content']}")


class NoArguments(msgspec.Struct):
    """What a tool of a test takes."""


class World:
    """The flow from desk to chat; made again over the same file it is what a restart finds."""

    def __init__(
        self, folder: Path, chat: Chat | None = None, model: Model | None = None, owners: Sequence[str] = (OWNER,)
    ) -> None:
        self.chat = chat or Chat()
        self.model = model or Model()
        self.status: Handler = lambda *_: "fine"
        self._owners = owners
        self.tools: list[Tool[Any]] = []
        self.database = connect(folder / "state.db")
        self.mailbox = Mailbox(self.database)
        self.sessions = Sessions(self.database)
        self.spool = Spool(folder / "spool")
        self._running: list[asyncio.Task[None]] = []
        self._number = 0
        self._assemble()

    def _assemble(self) -> None:
        redact, channels = Redaction([SECRET]), {"telegram": self.chat}
        llm = config.LLM(provider="openai", api_key=SECRET, model="gpt-4o")
        self.delivery = Delivery(self.chat, self.mailbox, self.spool)
        turns = Turns(
            model=self.model,
            tools=Tools(self.tools),
            sessions=self.sessions,
            mailbox=self.mailbox,
            settings=config.Assistant(),
            redact=redact,
            history=History(self.sessions),
            spending=Spending(llm, {}, Usage(self.database)),
            outgoing=lambda message: Outgoing(message, self.chat.limits, self.mailbox, self.spool, redact),
            user_message=user_message,
            pictures=lambda: Pictures(SandboxLink()),
        )
        answers = Answers(channels, self.mailbox, self.spool, redact, lambda _: self.delivery.wake())
        commands = Commands(self.sessions, {"status": self._answer_status})
        self.conversations = Conversations(channels, self.mailbox, commands, turns, answers)
        self.access = Access("telegram", self._owners, Owners(self.database))
        self.desk = FrontDesk(
            "telegram",
            self.access,
            self.mailbox,
            redact,
            received=self.conversations.put,
            edited=self.conversations.edited,
            compose=self.chat.compose,
            ready=self.delivery.wake,
        )

    def _answer_status(self, message: Inbound, language: str) -> str | Awaitable[str]:
        return self.status(message, language)

    def with_tools(self, *tools: Tool[Any]) -> World:
        """The same with tools."""
        self.tools = list(tools)
        self._assemble()
        return self

    async def __aenter__(self) -> World:
        self._running = [asyncio.create_task(self.delivery.run())]
        for message in self.mailbox.unfinished():
            self.conversations.put(message)
        return self

    async def __aexit__(self, *_: object) -> None:
        """As SIGKILL would: nothing is finished."""
        for task in self._running:
            task.cancel()
        await self.conversations.aclose()
        await asyncio.gather(*self._running, return_exceptions=True)
        self.database.close()

    def write(self, text: str, *, chat: str = OWNER, number: str | None = None, **more: Any) -> str:
        """The owner writes; the message's id."""
        if number is None:
            self._number += 1
            number = f"{self._number}"
        self.desk.receive([Inbound("telegram", chat, f"{chat}:{number}", OWNER, number, text, **more)])
        return number

    def edit(self, number: str, text: str | None, chat: str = OWNER) -> None:
        """The owner changes a message, or takes it back."""
        self.desk.receive([Edited("telegram", chat, number, text)])

    async def idle(self, seconds: float = 5) -> None:
        """Until everything is answered and sent."""
        await until(lambda: not self.mailbox.unfinished() and not self.mailbox.chats_to_send_to("telegram"), seconds)
