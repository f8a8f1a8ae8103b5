"""Discord's REST API through discord.py's HTTP client, which knows the rate limits; its errors as the gateway's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import aiohttp
from discord.errors import DiscordException, DiscordServerError, Forbidden, HTTPException, NotFound, RateLimited
from discord.http import HTTPClient, Route

from agent.channels.base import ChannelError, RejectedError
from agent.http import tls_context

CALL_S = 60.0  # discord.py itself waits for rate limits and tries again within that
LONGEST_WAIT_S = 30.0  # that discord.py waits for a rate limit by itself


class GoneError(RejectedError):
    """The message is not there any more."""


class Rest:
    """One login after the other; between two, every call fails for now."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._http: HTTPClient | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a login in force."""
        return self._http is not None

    async def log_in(self) -> tuple[HTTPClient, str]:
        """The client and the bot's id; raise what discord.py and aiohttp raise."""
        connector = aiohttp.TCPConnector(ssl=tls_context(), limit=0)
        http = HTTPClient(asyncio.get_running_loop(), connector, max_ratelimit_timeout=LONGEST_WAIT_S)
        self._http = http
        async with asyncio.timeout(CALL_S):
            user: Any = await http.static_login(self._token)
        return http, str(user["id"])

    async def log_out(self) -> None:
        """Close the connections."""
        http, self._http = self._http, None
        if http is not None:
            with contextlib.suppress(OSError, aiohttp.ClientError):
                await http.close()

    async def call(self, method: str, path: str, places: dict[str, str] | None = None, **given: object) -> Any:  # noqa: ANN401
        """One request; its answer as it came.

        Args:
            method: GET, POST ...
            path: with names in braces, by which rate limits go.
            places: what stands for them.
            given: `json`, `params`, or `form` with `files`, as discord.py takes them.

        Raises:
            GoneError, RejectedError: the service will never do it.
            ChannelError: not now.
        """
        if self._http is None:
            raise ChannelError("Discord is not connected just now")
        options: dict[str, Any] = given
        with _words():
            async with asyncio.timeout(CALL_S):
                return await self._http.request(Route(method, path, **places or {}), **options)


@contextlib.contextmanager
def _words() -> Iterator[None]:
    """discord.py's errors as the gateway's."""
    try:
        yield
    except NotFound as error:
        if error.code == 10008:
            raise GoneError("Discord has no such message any more") from None
        raise RejectedError(f"Discord refuses: {error.text or error.status}") from None
    except RateLimited as error:
        raise ChannelError("Discord asks to slow down", error.retry_after) from None
    except DiscordServerError as error:
        raise ChannelError(f"Discord answers {error.status}") from None
    except (Forbidden, HTTPException) as error:
        if error.status in (401, 429):
            raise ChannelError(f"Discord answers {error.status}") from None
        raise RejectedError(f"Discord refuses: {error.text or error.status}") from None
    except (DiscordException, aiohttp.ClientError, OSError, TimeoutError, RuntimeError) as error:
        raise ChannelError(f"Discord cannot be reached: {type(error).__name__}") from None
