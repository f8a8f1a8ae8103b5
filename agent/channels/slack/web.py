"""Slack's Web API and file server: calls, uploads, downloads, and what their failures mean."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, NoReturn

import aiohttp

from agent.channels.base import FRESH_AFTER, ChannelError, Contact, RejectedError, uncut
from agent.channels.slack.library import AsyncBaseClient, SlackApiError, SlackClientError
from agent.channels.words import Sentence
from agent.http import tls_context

log = logging.getLogger("slack")
# slack_sdk writes whole requests and answers at DEBUG, conversations and the websockets' tickets among them.
_mute = logging.getLogger("slack.requests")
_mute.setLevel(logging.WARNING)

Holder = Literal["bot", "app"]  # of a token

SERVICE = "Slack"
API = "https://slack.com/api/"
FILES = ("https://files.slack.com/", "https://files-origin.slack.com/")
CALL_S = 20.0
_PIECE = 64 * 1024
_REDIRECTS = 3
_TOKEN_WORDS = frozenset(
    (
        *("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"),
        *("not_allowed_token_type", "user_removed_from_team", "team_disabled"),
    )
)
# What may go better later; of everything else that Slack refuses, it will say the same again.
_PASSING = frozenset(
    (
        *("internal_error", "fatal_error", "service_unavailable", "request_timeout", "accesslimited", "rollup_error"),
        *("external_channel_migrating", "team_added_to_org", "ratelimited", "rate_limited", "message_limit_exceeded"),
    )
)


class RefusedError(ChannelError):
    """Slack answers with an error.

    Args:
        method: what was called.
        word: Slack's name of the error.
        needed: the scope that is missing, if that is it.
        holder: whose token the call was made with.
    """

    def __init__(self, method: str, word: str, needed: str = "", holder: Holder = "bot") -> None:
        super().__init__(f"{method}: {word}" + (f" ({needed})" if needed else ""))
        self.word = word
        self.needed = needed
        self.holder = holder

    @property
    def of_token(self) -> bool:
        """Whether another token is what it takes."""
        return self.word in _TOKEN_WORDS

    @property
    def final(self) -> bool:
        """Whether trying again is of no use."""
        return not self.of_token and self.word not in _PASSING

    def in_words(self) -> Sentence:
        """What the owner of config.json has to do about a refused token."""
        if self.word == "missing_scope":
            return Sentence(f"slack_{self.holder}_scope", needed=self.needed)
        return Sentence(f"slack_{self.holder}_token", word=self.word)


class Answer(dict[str, Any]):
    """What a method answers; what it lacks is as bad as no answer."""

    def __missing__(self, key: str) -> NoReturn:
        raise ChannelError(Sentence("slack_names_no", key=key))


class Web:
    """Calls with the bot's and the app's token over one pool of connections.

    Args:
        bot_token: for everything but the websocket.
        app_token: for the websocket.
        contact: told of every answer; a refused bot token stays said until that token is taken again.
        base_url: of the Web API.
        files: what the addresses of Slack's own file servers begin with; no token goes anywhere else.
    """

    def __init__(self, bot_token: str, app_token: str, contact: Contact, base_url: str, files: tuple[str, ...]) -> None:
        self._tokens = {"bot": bot_token, "app": app_token}
        self._contact = contact
        self._base_url = base_url
        self._files = files
        self._session: aiohttp.ClientSession | None = None
        self._failures = 0
        self._refused = False
        # Whether there is a websocket: that calls are answered is no comfort while nothing is heard.
        self.listening = False

    @property
    def session(self) -> aiohttp.ClientSession:
        """The pool of connections; another one after `renew`."""
        if self._session is None:
            self._session = new_session()
        return self._session

    def _client(self, holder: Holder) -> AsyncBaseClient:
        # without slack_sdk's own second attempt: a message could be written twice by it
        token = self._tokens[holder]
        return AsyncBaseClient(token, self._base_url, session=self.session, retry_handlers=[], logger=_mute)

    def alive(self) -> None:
        """Slack has been heard."""
        if not self._refused:
            self._contact.succeeded()

    async def call(self, method: str, **parameters: str) -> Answer:
        """The answer of a method, called by the bot.

        Raises:
            RefusedError: it is not ok.
            ChannelError: there is none.
        """
        data = await self._answer(method, "bot", parameters)
        self._refused = False
        if self.listening:
            self.alive()
        return data

    async def call_as_app(self, method: str) -> Answer:
        """The same with the app-level token."""
        return await self._answer(method, "app", {})

    async def _answer(self, method: str, holder: Holder, parameters: dict[str, str]) -> Answer:
        pool = self.session
        try:
            data = await self._ask(method, holder, parameters)
        except RefusedError:
            raise
        except ChannelError as error:
            if error.retry_after is None and pool is self._session:  # what the last renewal cut off is no failure
                await self._failed()
            raise
        self._failures = 0
        return data

    async def _ask(self, method: str, holder: Holder, parameters: dict[str, str]) -> Answer:
        try:
            with uncut():
                response = await self._client(holder).api_call(method, data=dict(parameters))
        except SlackApiError as error:
            raise self._meaning(method, holder, error) from None
        except (aiohttp.ClientError, SlackClientError, OSError, TimeoutError) as error:
            raise ChannelError(Sentence("unreachable", service=SERVICE, why=words(error))) from None
        except (AttributeError, ValueError):  # which slack_sdk raises for a body that is no object
            raise ChannelError(Sentence("not_its_api", service=SERVICE)) from None
        return Answer(response.data if isinstance(response.data, dict) else {})

    def _meaning(self, method: str, holder: Holder, error: SlackApiError) -> ChannelError:
        response = error.response
        status = getattr(response, "status_code", None)
        if status is None:  # it is aiohttp's, of a body that is no JSON
            return ChannelError(Sentence("not_its_api", service=SERVICE))
        if status == 429:
            return ChannelError(Sentence("slow_down", service=SERVICE), _seconds(response.headers.get("Retry-After")))
        data = response.data if isinstance(response.data, dict) else {}
        if "error" not in data or status >= 500:
            return ChannelError(Sentence("answers", service=SERVICE, status=status))
        refused = RefusedError(method, str(data["error"]), str(data.get("needed", "")), holder)
        if holder == "bot" and refused.of_token:
            self._refused = True
            if self._contact.failed(refused.in_words(), curable=False):
                log.error("%s", refused.in_words())
        return refused

    async def _failed(self) -> None:
        self._failures += 1
        if self._failures % FRESH_AFTER == 0:
            await self.renew()

    async def renew(self) -> None:
        """Leave the connections that there are; the next call makes new ones."""
        log.info("making the connections anew")
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                await session.close()

    async def upload(self, path: Path, name: str) -> str:
        """Bring a file to Slack, from the disk as it goes; its id, which is not shown anywhere yet.

        Raises:
            RejectedError: it cannot be read, or Slack will never take it.
            ChannelError: not now.
        """
        try:
            file = await asyncio.to_thread(path.open, "rb")
        except OSError as error:
            raise RejectedError(Sentence("file_gone", why=error.strerror)) from None
        with file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise RejectedError(Sentence("file_empty", service=SERVICE))
            place = await self.call("files.getUploadURLExternal", filename=name, length=str(size))
            await self._put(str(place["upload_url"]), file, size)
        return str(place["file_id"])

    async def _put(self, url: str, file: BinaryIO, size: int) -> None:
        if not url.startswith(self._files):
            raise ChannelError("Slack names a place for the file that is not Slack's")
        headers = {"Content-Type": "application/octet-stream"}
        try:
            with uncut():
                response = await self.session.post(url, data=file, headers=headers, timeout=_patient(size))
            async with response:
                if response.status != 200:
                    raise ChannelError(f"Slack's file server answers {response.status}")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ChannelError(f"Slack's file server: {words(error)}") from None

    async def download(self, url: str) -> AsyncIterator[bytes]:
        """A file in pieces. The token goes to Slack's own file servers only, whatever they redirect to.

        Raises:
            RejectedError: it is not to be had.
            ChannelError: not now.
        """
        headers = {"Authorization": f"Bearer {self._tokens['bot']}"}
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CALL_S, sock_read=CALL_S)
        for _ in range(_REDIRECTS):
            if not url.startswith(self._files):
                raise RejectedError(
                    "it is not on one of Slack's own file servers, or the bot may not read files (scope files:read)"
                )
            try:
                with uncut():
                    response = await self.session.get(url, headers=headers, allow_redirects=False, timeout=timeout)
                async with response:
                    if response.status in (301, 302, 303, 307, 308):
                        url = response.headers.get("Location", "")
                        continue
                    _check_download(response.status)
                    async for piece in response.content.iter_chunked(_PIECE):
                        yield piece
                    return
            except (aiohttp.ClientError, TimeoutError) as error:
                raise ChannelError(f"Slack's file server: {words(error)}") from None
        raise RejectedError("Slack's file server sends from place to place")


def new_session() -> aiohttp.ClientSession:
    """A pool of connections."""
    connector = aiohttp.TCPConnector(ssl=tls_context(), limit=16)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=CALL_S))


def words(error: BaseException) -> str:
    """What is wrong with a connection; not the error's own text, which may hold an address with a ticket in it."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error.os_error.strerror or error.os_error)
    if isinstance(error, aiohttp.ClientResponseError):
        return f"it answers {error.status}"
    return type(error).__name__


def _check_download(status: int) -> None:
    if status in (401, 403, 404, 410):
        raise RejectedError(f"Slack does not hand it out ({status})")
    if status != 200:
        raise ChannelError(f"Slack's file server answers {status}")


def _patient(size: int) -> aiohttp.ClientTimeout:
    """A minute, and as long as it takes at 100 KB a second."""
    return aiohttp.ClientTimeout(total=60 + size / 100_000)


def _seconds(value: str | None) -> float:
    try:
        return max(1.0, float(value or "30"))
    except ValueError:
        return 30.0
