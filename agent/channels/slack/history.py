"""What was written while nobody listened, read from Slack's history.

Slack itself sends an event again for some minutes only. So the time of the newest message that was stored is remembered
for every channel and thread (a mark), and what is newer is read when a connection begins.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from agent.channels.base import ChannelError, Desk, Inbound
from agent.channels.slack.inbound import address_of
from agent.channels.slack.web import RefusedError, Web

log = logging.getLogger("slack")

MARK = "slack:"  # before a chat's id: the time of the newest message that was stored
OVERLAP_S = 10.0  # messages may arrive out of order; what was stored before is known
THREADS = 20  # the newest that are looked at
THREAD_AGE_S = 7 * 86400.0
CHANNELS = 30
PAGES = 5
_PAGE = 100


class Marks:
    """The marks by name, as they are stored.

    While they are held, what comes live moves none: behind a mark nothing is looked for any more.
    """

    def __init__(self, desk: Desk) -> None:
        self.stored = desk.marks(MARK)
        self._desk = desk
        self._held = False
        self._ahead: dict[str, str] = {}

    def begin(self, chat: str) -> None:
        """What is written in a chat from now on is to be read, unless it has a mark already."""
        name = MARK + chat
        if name not in self.stored:
            self._store({name: f"{time.time():.6f}"})

    def hold(self) -> None:
        """Something may be missing."""
        self._held = True

    def release(self) -> None:
        """Nothing is missing any more, up to what came live meanwhile."""
        ahead, self._ahead, self._held = self._ahead, {}, False
        if moved := {name: ts for name, ts in ahead.items() if _newer(ts, self.stored.get(name))}:
            self._store(moved)

    def moved(self, message: Inbound, *, live: bool) -> dict[str, str]:
        """Those that a message moves, to be stored with it: its channel's, unless it is in an old thread, its thread's.

        Args:
            message: about to be stored.
            live: whether it has just come, rather than being read from the history.
        """
        channel, thread = address_of(message.chat_id)
        chats = {message.chat_id} | ({channel} if thread in (None, message.message_id) else set())
        known = self._ahead if live and self._held else self.stored
        moved = {f"{MARK}{chat}": message.message_id for chat in chats}
        moved = {name: ts for name, ts in moved.items() if _newer(ts, known.get(name))}
        known.update(moved)
        return {} if known is self._ahead else moved

    def _store(self, marks: dict[str, str]) -> None:
        self._desk.receive([], marks)
        self.stored.update(marks)


class History:
    """Reads what is newer than the marks."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._lacking: set[str] = set()

    async def missed(self, marks: Mapping[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        """The events of one channel or thread after another, each oldest first.

        Args:
            marks: the times of the newest messages stored, by `slack:` and the chat's id.

        Raises:
            ChannelError: Slack cannot be asked just now.
        """
        for chat, since in _chosen(marks):
            try:
                found = await self._newer(chat, since)
            except RefusedError as error:
                if not error.final:
                    raise
                self._without(chat, error)
                continue
            if found:
                yield found

    async def root(self, channel: str, thread: str) -> dict[str, Any]:
        """The first message of a thread; empty when it is not to be had."""
        try:
            answer = await self._web.call("conversations.replies", channel=channel, ts=thread, limit="1")
        except RefusedError as error:
            self._without(channel, error)
            return {}
        except ChannelError as error:
            log.debug("the first message of a thread: %s", error)
            return {}
        return next(iter(answer.get("messages") or ()), {})

    async def _newer(self, chat: str, since: float) -> list[dict[str, Any]]:
        channel, thread = address_of(chat)
        method = "conversations.history" if thread is None else "conversations.replies"
        query = {"channel": channel, "oldest": f"{since - OVERLAP_S:.6f}", "limit": str(_PAGE)}
        if thread is not None:
            query["ts"] = thread
        found: list[dict[str, Any]] = []
        for _ in range(PAGES):
            answer = await self._web.call(method, **query)
            found += answer.get("messages") or []
            query["cursor"] = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not query["cursor"]:
                break
        kind = {"channel_type": "im"} if channel.startswith("D") else {}
        events = [{**message, "channel": channel, **kind} for message in found]
        newer = [event for event in events if float(event["ts"]) > since - OVERLAP_S]
        return sorted(newer, key=lambda event: float(event["ts"]))

    def _without(self, chat: str, error: RefusedError) -> None:
        """Say once what is missing, and go on."""
        lacking = error.needed or f"{chat}: {error.word}"
        if lacking not in self._lacking:
            self._lacking.add(lacking)
            log.warning("what was written while I was away cannot be read, going on without: %s", error)


def _newer(ts: str, than: str | None) -> bool:
    return than is None or float(ts) > float(than)


def _chosen(marks: Mapping[str, str]) -> list[tuple[str, float]]:
    """Channels and threads, those with the newest messages, oldest first."""
    found = [(name.removeprefix(MARK), float(value)) for name, value in marks.items()]
    found.sort(key=lambda chat: chat[1])
    threads = [chat for chat in found if ":" in chat[0] and chat[1] > time.time() - THREAD_AGE_S]
    return [chat for chat in found if ":" not in chat[0]][-CHANNELS:] + threads[-THREADS:]
