"""What was written while nobody listened, read from Slack's history.

Slack itself sends an event again for some minutes only. So the time of the newest message that was heard is remembered
for every channel and thread in which there was one for the assistant (a mark), and what is newer is read when a
connection begins: all of it, or the newest `MOST_MISSED` messages, and then the chat is told so.
"""

from __future__ import annotations

import asyncio
import logging
import time
from bisect import insort
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.channels.base import MOST_MISSED, ChannelError, Desk, Inbound
from agent.channels.slack.inbound import address_of
from agent.channels.slack.web import RefusedError, Web
from agent.channels.words import Sentence

log = logging.getLogger("slack")

MARK = "slack:"  # before a chat's id: the time of the newest message that was heard
WRITE_EVERY_S = 300.0  # how often it is written down how far those have come that are not for the assistant
OVERLAP_S = 10.0  # messages may arrive out of order; what was stored before is known
THREADS = 50  # the newest that are looked at
THREAD_AGE_S = 7 * 86400.0
CHANNELS = 100
# A message may have 40,000 characters, and comes in its blocks once more: no answer may take all memory.
_PAGE = 25
MOST_CHARS = 2_000_000
# What is made of a message; the rest of it, its blocks above all, is not kept in memory.
_READ = (
    *("type", "subtype", "ts", "thread_ts", "parent_user_id", "user", "bot_id", "text", "files", "attachments"),
    *("channel", "channel_type"),
)


@dataclass(frozen=True, slots=True)
class Missed:
    """What was missed of a channel or thread: the events, oldest first, and whether older ones are left out."""

    chat: str
    events: list[dict[str, Any]]
    cut: bool


class _Newest:
    """As many of the newest events as there is room for."""

    def __init__(self) -> None:
        self.left_out = False
        self._kept: list[tuple[float, int, dict[str, Any]]] = []
        self._chars = 0

    @property
    def full(self) -> bool:
        """Whether another one would take an older one's place."""
        return len(self._kept) >= MOST_MISSED or self._chars >= MOST_CHARS

    def add(self, event: dict[str, Any]) -> None:
        """One more; an older one, or this one, goes where there is no room for both."""
        size = len(str(event))
        insort(self._kept, (float(event["ts"]), size, event), key=lambda kept: kept[0])
        self._chars += size
        while len(self._kept) > MOST_MISSED or (self._chars > MOST_CHARS and len(self._kept) > 1):
            self._chars -= self._kept.pop(0)[1]
            self.left_out = True

    def events(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return [event for _, _, event in self._kept]


class Marks:
    """The marks by name, as they are stored.

    While they are held, what comes live moves none: behind a mark nothing is looked for any more.
    """

    def __init__(self, desk: Desk) -> None:
        self.stored = desk.marks(MARK)
        self._desk = desk
        self._held = False
        self._ahead: dict[str, str] = {}
        self._unwritten: dict[str, str] = {}
        self._write_at = 0.0

    def begin(self, chat: str) -> None:
        """What is written in a chat from now on is to be read, unless it has a mark already."""
        name = MARK + chat
        if name not in self.stored:
            self._store({name: f"{time.time():.6f}"})

    def saw(self, event: Mapping[str, Any]) -> None:
        """A message has come live that need not be for the assistant: if its chat has a mark, it moves."""
        channel, ts, thread = event.get("channel"), event.get("ts"), event.get("thread_ts")
        if event.get("type") != "message" or not isinstance(channel, str) or not isinstance(ts, str):
            return
        name = MARK + (channel if thread in (None, ts) else f"{channel}:{thread}")
        known = self._ahead if self._held else self.stored
        if name not in self.stored or not _newer(ts, known.get(name)):
            return
        known[name] = ts
        if not self._held:
            self._unwritten[name] = ts
            self._write_now_and_then()

    def _write_now_and_then(self) -> None:
        if time.monotonic() > self._write_at:
            self._write_at = time.monotonic() + WRITE_EVERY_S
            self._store(self._unwritten)

    def cut(self, chat: str, newest: Sequence[Mapping[str, Any]]) -> None:
        """What is older than these is left out, and the chat told; another start reads from there."""
        log.warning("more than %d messages were missed in %s; the oldest are left out", len(newest), chat)
        marks = {MARK + chat: str(newest[0]["ts"])}
        self._desk.tell(chat, Sentence("left_out", most=len(newest)), marks)
        self.stored.update(marks)

    def read(self, chat: str, newest: str) -> None:
        """Everything up to a message is handed in."""
        if _newer(newest, self.stored.get(MARK + chat)):
            self._store({MARK + chat: newest})

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
        for name in marks.keys() & self._unwritten.keys():
            del self._unwritten[name]


class History:
    """Reads what is newer than the marks."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._lacking: set[str] = set()

    async def missed(self, marks: Mapping[str, str], done: set[str]) -> AsyncIterator[Missed]:
        """What was missed of one channel or thread after another.

        Args:
            marks: the times of the newest messages heard, by `slack:` and the chat's id.
            done: chats that an earlier attempt has read; the ids of those that are read are added to it.

        Raises:
            ChannelError: Slack cannot be asked just now.
        """
        trouble: RefusedError | None = None
        for chat, since in self._chosen(marks):
            if chat in done:
                continue
            try:
                found = await self._newer(chat, since)
            except RefusedError as error:
                if error.of_token:
                    raise
                if error.final:
                    self._without(chat, error)
                else:  # what is wrong with one keeps nobody from reading the others
                    trouble = error
                continue
            if found.events:
                yield found
            done.add(chat)
        if trouble is not None:
            raise trouble

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

    async def _newer(self, chat: str, since: float) -> Missed:
        channel, thread = address_of(chat)
        kind = {"channel_type": "im"} if channel.startswith("D") else {}
        method = "conversations.history" if thread is None else "conversations.replies"
        query = {"channel": channel, "oldest": f"{since - OVERLAP_S:.6f}", "limit": str(_PAGE)}
        if thread is not None:
            query["ts"] = thread
        kept, more = _Newest(), True
        # A channel comes newest first and need not be read to its end; a thread comes oldest first.
        while more and not (thread is None and kept.full):
            answer = await self._page(method, query)
            for message in answer.get("messages") or ():
                if float(message["ts"]) > since - OVERLAP_S:
                    kept.add(_slim({**message, "channel": channel, **kind}))
            query["cursor"] = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            more = bool(query["cursor"])
        events = kept.events()
        return Missed(chat, events, cut=(more or kept.left_out) and float(events[0]["ts"]) > since)

    async def _page(self, method: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        """One answer, however long Slack wants to be left alone before: to begin anew would only ask for more."""
        while True:
            try:
                return await self._web.call(method, **query)
            except ChannelError as error:
                if error.retry_after is None:
                    raise
                log.info("Slack asks to slow down; what was missed is read on in %.0f s", error.retry_after)
                await asyncio.sleep(error.retry_after)

    def _chosen(self, marks: Mapping[str, str]) -> list[tuple[str, float]]:
        """Channels and threads, those with the newest messages, oldest first."""
        found = [(name.removeprefix(MARK), float(value)) for name, value in marks.items()]
        found.sort(key=lambda chat: chat[1])
        threads = [chat for chat in found if ":" in chat[0] and chat[1] > time.time() - THREAD_AGE_S]
        channels = [chat for chat in found if ":" not in chat[0]]
        for what, there, most in (("channels", channels, CHANNELS), ("threads", threads, THREADS)):
            if len(there) > most and what not in self._lacking:
                self._lacking.add(what)
                log.warning("of %d %s the %d newest are looked at for what was missed", len(there), what, most)
        return channels[-CHANNELS:] + threads[-THREADS:]

    def _without(self, chat: str, error: RefusedError) -> None:
        """Say once what is missing, and go on."""
        lacking = error.needed or f"{chat}: {error.word}"
        if lacking not in self._lacking:
            self._lacking.add(lacking)
            log.warning("what was written while I was away cannot be read, going on without: %s", error)


def _newer(ts: str, than: str | None) -> bool:
    return than is None or float(ts) > float(than)


def _slim(event: Mapping[str, Any]) -> dict[str, Any]:
    return {key: event[key] for key in _READ if key in event}
