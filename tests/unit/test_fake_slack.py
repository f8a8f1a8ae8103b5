"""The Slack stand-in refuses what Slack refuses, in Slack's words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from tests.fakes import defaults
from tests.fakes.slack.world import ELSEWHERE, GENERAL
from tests.fakes.standins import StandIns

Call = Callable[..., Awaitable[dict[str, Any]]]


def play(scene: Callable[[StandIns, Call], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with StandIns() as fakes, aiohttp.ClientSession() as session:

            async def call(method: str, token: str = defaults.SLACK_TOKEN, **arguments: Any) -> dict[str, Any]:
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                url = f"{fakes.url(defaults.SLACK_HOST)}/api/{method}"
                async with session.post(url, headers=headers, json=arguments) as response:
                    return {**json.loads(await response.text()), "status": response.status}

            await scene(fakes, call)

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("method", "arguments", "word"),
    [
        ("auth.test", {"token": ""}, "not_authed"),
        ("auth.test", {"token": "xoxb-other"}, "invalid_auth"),
        ("auth.test", {"token": defaults.SLACK_APP_TOKEN}, "not_allowed_token_type"),
        ("apps.connections.open", {"token": defaults.SLACK_TOKEN}, "not_allowed_token_type"),
        ("apps.connections.open", {"token": "xapp-other"}, "invalid_auth"),
        ("no.such", {}, "unknown_method"),
        ("chat.postMessage", {"channel": "C0UNKNOWN", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": ELSEWHERE, "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": GENERAL, "text": " "}, "no_text"),
        ("chat.postMessage", {"channel": GENERAL, "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": GENERAL, "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
        ("chat.update", {"channel": GENERAL, "ts": "1.0", "text": "x"}, "message_not_found"),
        ("chat.update", {"channel": GENERAL, "ts": "1.0", "text": "x" * 4001}, "msg_too_long"),
        ("conversations.history", {"channel": GENERAL}, "channel_not_found"),  # it does not take JSON
        ("files.completeUploadExternal", {"files": [{"id": "F0"}]}, "file_not_found"),
    ],
)
def test_refusals(method: str, arguments: dict[str, Any], word: str) -> None:
    async def scene(_: StandIns, call: Call) -> None:
        answer = await call(method, **arguments)
        assert (answer["ok"], answer["error"]) == (False, word)

    play(scene)


def test_a_scope_that_was_not_given() -> None:
    async def scene(fakes: StandIns, call: Call) -> None:
        fakes.state.slack.scopes.discard("chat:write")
        answer = await call("chat.postMessage", channel=GENERAL, text="x")
        assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")

    play(scene)


def test_a_flood_is_held_back() -> None:
    async def scene(fakes: StandIns, call: Call) -> None:
        fakes.state.slack.limited = True
        seen = [await call("chat.postMessage", channel=GENERAL, text="x") for _ in range(6)]
        assert [answer["status"] for answer in seen] == [200] * 5 + [429]

    play(scene)


def test_a_ticket_opens_one_socket() -> None:
    async def scene(fakes: StandIns, call: Call) -> None:
        fakes.state.slack.socket_url = fakes.url(defaults.SLACK_SOCKET_HOST)
        url = (await call("apps.connections.open", token=defaults.SLACK_APP_TOKEN))["url"]
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(url) as first:
                assert (await first.receive_json())["type"] == "hello"
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)

    play(scene)
