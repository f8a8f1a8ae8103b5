"""The Discord stand-in refuses what Discord refuses, in Discord's words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from tests.fakes import defaults
from tests.fakes.discord.objects import SECRET
from tests.fakes.standins import StandIns

Call = Callable[..., Awaitable[tuple[int, Any]]]
HEADERS = {"Authorization": f"Bot {defaults.DISCORD_TOKEN}", "User-Agent": "DiscordBot (test, 1)"}


def play(scene: Callable[[StandIns, Call], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with StandIns() as fakes, aiohttp.ClientSession() as session:

            async def call(method: str, path: str, headers: dict[str, str] = HEADERS, **more: Any) -> tuple[int, Any]:
                url = f"{fakes.url(defaults.DISCORD_HOST)}/api/v10{path}"
                async with session.request(method, url, headers=headers, **more) as response:
                    return response.status, json.loads(await response.text() or "null")

            await scene(fakes, call)

    asyncio.run(whole())


def test_messages_that_are_refused() -> None:
    async def scene(fakes: StandIns, call: Call) -> None:
        dm = fakes.state.discord.private_channel(defaults.DISCORD_OWNER_ID).id
        own = (await call("POST", f"/channels/{dm}/messages", json={"content": "hi"}))[1]["id"]
        say = f"/channels/{dm}/messages"
        for status, code, method, path, body in (
            (400, 50035, "POST", say, {"content": "x" * 2001}),
            (400, 50006, "POST", say, {"content": "  "}),
            (400, 50035, "POST", say, {"content": "x", "nonce": "n" * 26}),
            (400, 50035, "POST", say, {"content": "x", "allowed_mentions": {"parse": ["all"]}}),
            (
                400,
                50035,
                "POST",
                f"/channels/{dm}/messages",
                {"content": "x", "message_reference": {"message_id": "1"}},
            ),
            (404, 10003, "POST", "/channels/42/messages", {"content": "x"}),
            (403, 50001, "POST", f"/channels/{SECRET}/messages", {"content": "x"}),
            (404, 10008, "PATCH", f"/channels/{dm}/messages/42", {"content": "x"}),
            (400, 50035, "PATCH", f"/channels/{dm}/messages/{own}", {"content": "x" * 2001}),
            (400, 50033, "POST", "/users/@me/channels", {"recipient_id": "1"}),
            (404, 0, "GET", "/nothing", None),
        ):
            seen, answer = await call(method, path, json=body)
            assert (seen, answer["code"]) == (status, code), (path, body, answer)

    play(scene)


def test_a_token_and_a_client_that_are_not_known() -> None:
    async def scene(_: StandIns, call: Call) -> None:
        assert (await call("GET", "/users/@me", headers={**HEADERS, "Authorization": "Bot x"}))[0] == 401
        assert (await call("GET", "/users/@me"))[0] == 200

    play(scene)


def test_the_menu_is_checked() -> None:
    async def scene(_: StandIns, call: Call) -> None:
        path = f"/applications/{defaults.DISCORD_APPLICATION_ID}/commands"
        good = {"name": "status", "description": "how", "type": 1}
        assert (await call("PUT", path, json=[good]))[0] == 200
        for change in (
            {"name": "Status"},
            {"name": ""},
            {"description": ""},
            {"description_localizations": {"xx": "y"}},
        ):
            assert (await call("PUT", path, json=[{**good, **change}]))[0] == 400, change

    play(scene)


def test_a_flood_is_held_back() -> None:
    async def scene(fakes: StandIns, call: Call) -> None:
        fakes.state.discord.limits.active = True
        dm = fakes.state.discord.private_channel(defaults.DISCORD_OWNER_ID).id
        seen = [(await call("POST", f"/channels/{dm}/messages", json={"content": "x"})) for _ in range(6)]
        assert [status for status, _ in seen] == [200] * 5 + [429]
        assert 0 < seen[-1][1]["retry_after"] <= 5

    play(scene)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["nonsense"], 4002),
        ([{"op": 3, "d": {}}], 4003),
        ([{"op": 2, "d": {"token": "x", "properties": {}, "intents": 1}}], 4004),
        ([{"op": 2, "d": {"token": defaults.DISCORD_TOKEN, "properties": {}, "intents": 1 << 30}}], 4013),
        ([{"op": 2, "d": {"token": defaults.DISCORD_TOKEN, "properties": {}, "intents": 1}}] * 2, 4005),
        ([{"op": 6, "d": {"token": "x", "session_id": "x", "seq": 1}}], 4004),
    ],
    ids=["no JSON", "not identified", "token", "intents", "twice", "resume"],
)
def test_the_gateway_closes_on(frames: list[Any], code: int) -> None:
    async def scene(fakes: StandIns, _: Call) -> None:
        url = f"{fakes.url(defaults.DISCORD_GATEWAY_HOST)}/?v=10&encoding=json"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            for frame in frames:
                await socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))
            while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
            assert socket.close_code == code

    play(scene)
