"""Discord's REST API through discord.py's HTTP client, which knows the rate limits; its errors as the gateway's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp

from agent.channels.base import FRESH_AFTER, ChannelError, RejectedError, uncut
from agent.channels.discord.parts import (
    DiscordException,
    DiscordServerError,
    HTTPClient,
    HTTPException,
    NotFound,
    RateLimited,
    Route,
)
from agent.channels.words import Sentence
from agent.http import tls_context

LOGIN_S = 25.0
SERVICE = "Discord"
CALL_S = 60.0  # discord.py itself waits for rate limits and tries again within that
UPLOAD_S = 300.0  # 10 MB over a line that takes 40 kB a second
LONGEST_WAIT_S = 30.0  # that discord.py waits for a rate limit by itself
ANSWER_S = 20.0  # of silence, after which a connection is not there any more
_GONE = 10008
_FORM = (50035, 160002)  # an invalid form, or a reply to what the bot may not read


class GoneError(RejectedError):
    """The message is not there any more."""


class FormError(RejectedError):
    """Discord takes no message of that form."""


class Rest:
    """One login after the other; between two, every call fails for now. `wedged`: it is time for the next."""

    def __init__(self, token: str) -> None:
        self.wedged = asyncio.Event()
        self.http: HTTPClient | None = None
        self._token = token
        self._failures = 0

    async def log_in(self) -> tuple[HTTPClient, str]:
        """The client and the bot's id; raise ChannelError and what discord.py and aiohttp raise."""
        connector = aiohttp.TCPConnector(ssl=tls_context(), limit=0)
        http = HTTPClient(asyncio.get_running_loop(), connector, max_ratelimit_timeout=LONGEST_WAIT_S)
        self.http, self._failures = http, 0
        self.wedged.clear()
        async with asyncio.timeout(LOGIN_S):
            user: Any = await http.static_login(self._token)
        return http, id_of(_read(user))

    async def log_out(self) -> None:
        """Close the connections."""
        http, self.http = self.http, None
        if http is not None:
            with contextlib.suppress(OSError, aiohttp.ClientError):
                await http.close()

    async def call(self, method: str, path: str, places: Mapping[str, str] | None = None, **given: object) -> Any:  # noqa: ANN401 - JSON
        """One request; its answer as it came.

        Args:
            method: GET, POST ...
            path: with names in braces, by which rate limits go.
            places: what stands for them.
            given: `json`, `params`, or `form` with `files`, as discord.py takes them.

        Raises:
            GoneError, FormError, RejectedError: the service will never do it.
            ChannelError: not now.
        """
        if self.http is None:
            raise ChannelError("Discord is not connected just now")
        options: dict[str, Any] = given
        if "files" not in given:
            options["timeout"] = aiohttp.ClientTimeout(total=CALL_S, sock_connect=ANSWER_S, sock_read=ANSWER_S)
        with uncut(), self._counted(), _words():
            async with asyncio.timeout(UPLOAD_S if "files" in given else CALL_S):
                return _read(await self.http.request(Route(method, path, **places or {}), **options))

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Notice when nothing works any more."""
        try:
            yield
        except RejectedError:
            self._failures = 0
            raise
        except ChannelError as error:
            self._failures += error.retry_after is None
            if self._failures >= FRESH_AFTER:
                self.wedged.set()
            raise
        self._failures = 0


@contextlib.contextmanager
def _words() -> Iterator[None]:
    """discord.py's errors as the gateway's."""
    try:
        yield
    except RateLimited as error:
        raise ChannelError(Sentence("slow_down", service=SERVICE), error.retry_after) from None
    except DiscordServerError as error:
        raise ChannelError(Sentence("answers", service=SERVICE, status=error.status)) from None
    except HTTPException as error:
        raise _refusal(error) from None
    except (DiscordException, aiohttp.ClientError, OSError, TimeoutError, RuntimeError, ValueError) as error:
        raise ChannelError(Sentence("unreachable", service=SERVICE, why=type(error).__name__)) from None


def _read(answer: Any) -> Any:  # noqa: ANN401 - JSON
    """Text is what discord.py gives of an answer that is no JSON; nothing is an answer."""
    if isinstance(answer, str) and answer:
        raise ValueError("no JSON")
    return answer


def id_of(answer: Any) -> str:  # noqa: ANN401 - JSON
    """The id of what an answer describes; ChannelError when it describes nothing."""
    try:
        return str(answer["id"])
    except (KeyError, TypeError):
        raise ChannelError(Sentence("not_its_api", service=SERVICE)) from None


def _refusal(error: HTTPException) -> ChannelError:
    if error.status in (401, 429):  # a token that the Gateway will say more of; Cloudflare
        return ChannelError(Sentence("answers", service=SERVICE, status=error.status))
    if isinstance(error, NotFound) and error.code == _GONE:
        return GoneError(Sentence("message_gone", service=SERVICE))
    if error.status == 413:
        return RejectedError(Sentence("too_large", service=SERVICE))
    kind = FormError if error.code in _FORM else RejectedError
    return kind(Sentence("refuses", service=SERVICE, why=error.text or error.status))
