"""The way to Telegram: a bot on two pools of connections, each of which can be made anew.

Polls have a pool of their own, so that nothing that is sent can keep the bot from hearing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

import httpx
import msgspec
from telegram import Bot, Update
from telegram.error import BadRequest, NetworkError, TelegramError
from telegram.request import HTTPXRequest

from agent.background import Background
from agent.channels.base import FRESH_AFTER
from agent.http import tls_context

log = logging.getLogger("telegram")

POLL_GRACE_S = 10.0  # a poll that is not answered so much later is lost
CALL_S = 20.0  # for an answer to anything else; given up sooner, a message that did arrive is sent twice
POOL_S = 5.0  # for a free connection
RETIRED_S = 90.0  # what is still under way on connections that were given up may end by then
MOST_UPDATES = 100  # in one answer
UPDATES = ["message", "edited_message"]


class Link:
    """A bot that is usable at once, and stays so.

    Args:
        token: the bot's.
        base_url: of the Bot API, without the token.
    """

    def __init__(self, token: str, base_url: str) -> None:
        self.files_url = f"{base_url.removesuffix('/bot')}/file/bot{token}/"
        self._token = token
        self._base_url = base_url
        self._background = Background()
        self._failures = 0
        self._polls, self._calls = _polls(), _calls()
        self.bot = self._made()

    def _made(self) -> Bot:
        # Bot.initialize() is left out: its getMe would stand between the start and the first poll.
        return Bot(
            self._token,
            base_url=self._base_url,
            base_file_url=self._base_url.removesuffix("/bot") + "/file/bot",
            request=self._calls,
            get_updates_request=self._polls,
        )

    async def updates(self, offset: int | None, hold_s: int) -> Sequence[Update]:
        """What is not confirmed by `offset`, as soon as there is something or `hold_s` have passed.

        Raises:
            TelegramError: whatever went wrong, bytes that trickle without an end included.
        """
        try:
            async with asyncio.timeout(hold_s + 3 * POLL_GRACE_S):
                return await self.bot.get_updates(offset, timeout=hold_s, allowed_updates=UPDATES)
        except TimeoutError:
            raise NetworkError("an answer began and does not end") from None

    async def renew_polls(self) -> None:
        """Poll on new connections."""
        log.info("the connection for polls is made anew")
        old, self._polls = self._polls, _polls()
        self.bot = self._made()
        await _close(old)

    def renew_calls(self) -> None:
        """Do everything else on new connections; what is under way on the old ones is not cut off."""
        log.info("the connections for calls are made anew")
        old, self._calls = self._calls, _calls()
        self.bot = self._made()
        self.beside(_retire(old))

    @contextlib.contextmanager
    def call(self) -> Iterator[Bot]:
        """The bot, for one call; several in a row that do not get through make the connections new."""
        try:
            yield self.bot
        except NetworkError as error:
            if isinstance(error, BadRequest):  # which is an answer, by whatever class it has
                self._failures = 0
                raise
            self._failures += 1
            if self._failures % FRESH_AFTER == 0:
                self.renew_calls()
            raise
        else:
            self._failures = 0

    def beside(self, work: Coroutine[None, None, None]) -> None:
        """Do something beside; it ends with the link."""
        self._background.start(work)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._background.aclose()
        await asyncio.gather(self._calls.shutdown(), self._polls.shutdown())


class _Requests(HTTPXRequest):
    """PTB's own, without its log of everything that is no JSON, such as a proxy's page for a 502."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Raises TelegramError when it is none."""
        try:
            document = msgspec.json.decode(payload)
        except ValueError:
            raise TelegramError("Invalid server response") from None
        if not isinstance(document, dict):
            raise TelegramError("Invalid server response")
        return document


class _Polls(_Requests):
    """A single update that PTB cannot read must not hide those after it, again and again."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """An unreadable update keeps nothing but its number, by which it is confirmed."""
        document = _Requests.parse_json_payload(payload)
        if isinstance(updates := document.get("result"), list):
            document["result"] = [
                update if _readable(update) else {"update_id": update["update_id"]} for update in updates
            ]
        return document


def _readable(update: dict[str, Any]) -> bool:
    try:
        Update.de_json(update, None)
    except Exception as error:  # noqa: BLE001 - a form that PTB does not know yet may fail in any way
        kinds = [kind for kind in update if kind != "update_id"]
        log.error("update %s (%s) cannot be read and is left out: %r", update["update_id"], ", ".join(kinds), error)
        return False
    return True


def _polls() -> HTTPXRequest:
    return _Polls(connection_pool_size=1, read_timeout=POLL_GRACE_S, httpx_kwargs={"verify": tls_context()})


def _calls() -> HTTPXRequest:
    tls = {"verify": tls_context()}
    return _Requests(connection_pool_size=8, read_timeout=CALL_S, pool_timeout=POOL_S, httpx_kwargs=tls)


async def _retire(request: HTTPXRequest) -> None:
    try:
        await asyncio.sleep(RETIRED_S)
    finally:
        await _close(request)


async def _close(request: HTTPXRequest) -> None:
    with contextlib.suppress(TelegramError, httpx.HTTPError, RuntimeError, OSError):
        await request.shutdown()
