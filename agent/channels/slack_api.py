"""Slack's Web API through slack_sdk's client; its errors as the gateway's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from agent.channels.base import ChannelError, RejectedError
from agent.http import tls_context

BASE = "https://slack.com/api/"
CALL_S = 30.0
# What the owner has to put right.
TOKEN_ERRORS = (
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type",
    "no_permission", "org_login_required", "team_access_not_granted",
)  # fmt: skip
_PASSING = ("ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "timeout")
_GONE = ("message_not_found", "cant_update_message", "edit_window_closed")


class GoneError(RejectedError):
    """The message is not there to be changed any more."""


class TokenError(ChannelError):
    """Slack refuses a token; `code` is its word for why."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class ScopeError(RejectedError):
    """The app was not given the right for it."""


class Api:
    """Calls with the bot's token, or the app's.

    Args:
        bot_token: xoxb-...
        app_token: xapp-...
        base: where the API is.
        refused: called when Slack refuses the bot's token.
    """

    def __init__(self, bot_token: str, app_token: str, base: str, refused: Callable[[TokenError], None]) -> None:
        self._bot_token = bot_token
        self._app_token = app_token
        self._base = base
        self._refused = refused
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections in use; others after `close`."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls_context()))
        return self._session

    async def close(self) -> None:
        """Leave the connections; the next call makes new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """One method with the bot's token.

        Raises:
            GoneError, ScopeError, RejectedError: Slack will never do it.
            TokenError, ChannelError: not now.
        """
        try:
            return await self._ask(self._bot_token, method, arguments)
        except TokenError as error:
            self._refused(error)
            raise

    async def open_socket(self) -> str:
        """The address of a Socket Mode connection; raises as `call`, TokenError for the app's token."""
        return str((await self._ask(self._app_token, "apps.connections.open", {}))["url"])

    async def upload(self, path: Path, name: str, **where: str) -> None:
        """Send a file, streamed, to a channel."""
        size = path.stat().st_size  # noqa: ASYNC240 - the spool, on the host's own disk
        place = await self.call("files.getUploadURLExternal", filename=name, length=size)
        with _words(), path.open("rb") as file:
            async with self.session.post(str(place["upload_url"]), data=file, timeout=_total(300)) as response:
                if response.status != 200:
                    raise ChannelError(f"Slack's file server answers {response.status}")
        await self.call("files.completeUploadExternal", files=[{"id": place["file_id"], "title": name}], **where)

    async def download(self, address: str) -> AsyncIterator[bytes]:
        """A file in pieces; the token goes to Slack's own hosts and follows no redirect."""
        host = urlsplit(address).hostname or ""
        if not self._is_slacks(host):
            raise RejectedError("it is not on one of Slack's own hosts")
        headers = {"Authorization": f"Bearer {self._bot_token}"}
        with _words():
            async with self.session.get(
                address, headers=headers, allow_redirects=False, timeout=_total(300)
            ) as response:
                if response.status in (302, 403, 404):
                    raise RejectedError(f"Slack does not hand it out (HTTP {response.status}); is files:read missing?")
                if response.status != 200:
                    raise ChannelError(f"Slack's file server answers {response.status}")
                async for piece in response.content.iter_chunked(64 * 1024):
                    yield piece

    def _is_slacks(self, host: str) -> bool:
        return host == "slack.com" or host.endswith(".slack.com") or host == urlsplit(self._base).hostname

    async def _ask(self, token: str, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        client = AsyncWebClient(token=token, base_url=self._base, session=self.session, timeout=int(CALL_S))
        given = {"app_token": token} if method == "apps.connections.open" else arguments
        with _words():
            async with asyncio.timeout(CALL_S):
                answer = await getattr(client, method.replace(".", "_"))(**given)
        return dict(answer.data) if isinstance(answer.data, dict) else {}


def _total(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


@contextlib.contextmanager
def _words() -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        raise _in_words(error) from None
    except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError, RuntimeError) as error:
        raise ChannelError(f"Slack cannot be reached: {type(error).__name__}") from None


def _in_words(error: SlackApiError) -> ChannelError:
    response: Any = error.response
    status = getattr(response, "status_code", 200)
    data = response.data if isinstance(getattr(response, "data", None), dict) else {}
    code = str(data.get("error") or f"HTTP {status}")
    if status == 429 or code == "ratelimited":
        return ChannelError("Slack asks to slow down", _seconds(response))
    if status >= 500 or code in _PASSING:
        return ChannelError(f"Slack answers {code}")
    if code in TOKEN_ERRORS:
        return TokenError(f"Slack refuses the token: {code}", code)
    if code == "missing_scope":
        return ScopeError(f"the app lacks a scope: {data.get('needed', '')}")
    if code in _GONE:
        return GoneError(f"Slack refuses: {code}")
    return RejectedError(f"Slack refuses: {code}")


def _seconds(response: Any) -> float:  # noqa: ANN401 - slack_sdk's
    headers = {str(name).lower(): value for name, value in (getattr(response, "headers", None) or {}).items()}
    try:
        return max(1.0, float(headers.get("retry-after", "1")))
    except (TypeError, ValueError):
        return 1.0
