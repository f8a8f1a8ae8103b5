"""A desk for a channel under test: what the gateway would have stored, and what it would say of its chats."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from agent.channels.base import ChannelError
from agent.channels.words import Sentence, said
from agent.store.mailbox import Edited, Inbound


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for something that the channel does in the background."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the channel has no event for a test to wait on
            await asyncio.sleep(0.01)


def in_polish(caught: pytest.ExceptionInfo[ChannelError]) -> str:
    """What a Pole is told of an error."""
    return str(said(caught.value.words, "pl"))


@dataclass
class Name:
    """The name of a host; 127.0.0.1 while it `resolves`."""

    host: str
    resolves: bool = False


def unresolvable(monkeypatch: pytest.MonkeyPatch, host: str) -> Name:
    """A name for which DNS has no answer just now; every other is looked up as ever."""
    name, lookup = Name(host), socket.getaddrinfo

    def getaddrinfo(asked: Any, *more: Any, **options: Any) -> Any:
        if asked not in (host, host.encode()):
            return lookup(asked, *more, **options)
        if not name.resolves:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return lookup("127.0.0.1", *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return name


class Heard:
    """Everything a channel has handed in, in order; every user may give orders unless `allowed` is set."""

    def __init__(self, marks: Mapping[str, str] | None = None, allowed: Iterable[str] | None = None) -> None:
        self.events: list[Inbound | Edited] = []
        self.stored: dict[str, str] = dict(marks or {})
        self.told: list[tuple[str, str]] = []
        self.moves: list[tuple[str, str]] = []
        self.allowed = None if allowed is None else list(allowed)

    @property
    def messages(self) -> list[Inbound]:
        """Those events that are messages."""
        return [event for event in self.events if isinstance(event, Inbound)]

    @property
    def edits(self) -> list[Edited]:
        """Those events that change or take back a message."""
        return [event for event in self.events if isinstance(event, Edited)]

    def receive(self, events: Iterable[Inbound | Edited], marks: Mapping[str, str] | None = None) -> None:
        """As the gateway: a message that was delivered before is skipped."""
        known = {(message.channel, message.external_id) for message in self.messages}
        self.events += [
            event for event in events if isinstance(event, Edited) or (event.channel, event.external_id) not in known
        ]
        self.stored.update(marks or {})

    def tell(self, chat_id: str, sentence: Sentence, marks: Mapping[str, str]) -> None:
        """Remember what was to be said."""
        self.told.append((chat_id, sentence))
        self.stored.update(marks)

    def moved(self, chat_id: str, to: str) -> None:
        """Remember it."""
        self.moves.append((chat_id, to))

    def marks(self, prefix: str) -> dict[str, str]:
        """The places handed in so far."""
        return {name: value for name, value in self.stored.items() if name.startswith(prefix)}

    def knows(self, chat_id: str) -> bool:
        """Whether a message of that chat was handed in."""
        return any(message.chat_id == chat_id for message in self.messages)

    def permits(self, user_id: str) -> bool:
        """Whether the user may give orders."""
        return self.allowed is None or user_id in self.allowed

    def owners(self) -> list[str]:
        """Who may give orders."""
        return self.allowed or []

    async def until(self, count: int, seconds: float = 5) -> None:
        """Wait for this many messages."""
        await until(lambda: len(self.messages) >= count, seconds)
