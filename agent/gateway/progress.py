"""An answer that is still being written, shown by edits of one message at a rate that the service allows.

What comes quickly is never shown twice: nothing happens here until an answer has taken a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable

from agent.channels.base import Channel, ChannelError
from agent.gateway.printable import printable, shortened
from agent.gateway.redaction import Redaction
from agent.store.mailbox import Inbound

log = logging.getLogger("progress")

TEXT_AFTER_S = 1.2  # seconds after the first piece of text
TOOLS_AFTER_S = 4.0  # seconds after the first tool began
SETTLE_S = 10.0  # what an edit under way may take before it is given up
UNFINISHED = " …"
# Of the text so far; no service shows as much in one message, and the rest would be formatted for nothing.
MOST_CHARS = 12_000
# A service that refuses this often does not show drafts at all (as the terminal), or has other worries.
_MOST_FAILURES = 3
_LINE = 80


class Progress:
    """The draft of one turn's answer.

    Args:
        channel: where it is shown.
        message: what is being answered; its `draft` is gone on with.
        reply_to: see `Channel.draft`.
        redact: takes secrets out of it.
        shown: called with the id of the message that shows it, as soon as there is one.
    """

    def __init__(
        self,
        channel: Channel,
        message: Inbound,
        reply_to: str | None,
        redact: Redaction,
        shown: Callable[[str], None],
    ) -> None:
        self._channel = channel
        self._message = message
        self._reply_to = reply_to
        self._redact = redact
        self._shown = shown
        self.draft = message.draft
        self._pieces: list[str] = []
        self._doing = ""
        self._changed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._showing: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._stale = False

    def text(self, piece: str) -> None:
        """The model says something more."""
        if self._stale:
            self._pieces.clear()
            self._stale = False
        self._pieces.append(piece)
        self._doing = ""
        self._news(TEXT_AFTER_S)

    def restart(self) -> None:
        """What the model has said of this answer is void."""
        self._pieces.clear()

    def tool(self, name: str, arguments: str) -> None:
        """A tool begins; what was said before it stays in sight."""
        self._doing = f"⚙ {name} {_gist(arguments)}".rstrip()
        self._news(TOOLS_AFTER_S)

    def step(self) -> None:
        """The model is asked again; what it said before stays in sight until it says more."""
        self._stale = True

    def so_far(self) -> str:
        """What has been said of the answer, Markdown."""
        return self._redact.beginning(printable("".join(self._pieces))).rstrip()

    async def settle(self) -> None:
        """Show nothing more; an edit under way has ended when this returns, so that none comes after the answer."""
        self._over.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._showing is None:
            return
        self._changed.set()
        await asyncio.wait({self._showing}, timeout=SETTLE_S)
        self._showing.cancel()

    def _news(self, delay: float) -> None:
        if self._over.is_set():
            return
        self._changed.set()
        if self._showing is not None:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + delay
        if self._timer is None or due < self._timer.when():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = loop.call_at(due, self._begin)

    def _begin(self) -> None:
        self._showing = asyncio.create_task(self._show())

    async def _show(self) -> None:
        failures, last = 0, ""
        while failures < _MOST_FAILURES:
            await self._changed.wait()
            self._changed.clear()
            if self._over.is_set():
                return
            wait = self._channel.limits.draft_every_s
            text = self._visible()
            body = self._channel.compose(text[:MOST_CHARS])[0] if text else ""
            if body and body != last:
                try:
                    await self._once(body)
                    failures, last = 0, body
                except ChannelError as error:
                    failures += 1
                    wait = max(wait, error.retry_after or 0.0)
                    log.debug("a draft is not shown: %s", error)
            await self._pause(wait)

    async def _once(self, body: str) -> None:
        draft = await self._channel.draft(self._message.chat_id, body, self.draft, self._reply_to)
        if draft != self.draft:
            self.draft = draft
            self._shown(draft)

    async def _pause(self, seconds: float) -> None:
        """Until the service may be asked again; at once when it is all over."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)

    def _visible(self) -> str:
        said = self.so_far()
        parts = [said + UNFINISHED] if said else []
        if self._doing:
            parts.append(f"`{self._redact.beginning(printable(self._doing)).replace('`', chr(39))}`")
        return "\n\n".join(parts)


def _gist(arguments: str) -> str:
    """The first line of what a tool was called with."""
    try:
        values = list(json.loads(arguments).values())
    except (ValueError, AttributeError, RecursionError):  # whatever a model has written
        return ""
    first = str(values[0]).strip().partition("\n")[0] if values else ""
    return shortened(first, _LINE)
