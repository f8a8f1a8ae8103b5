"""The Discord stand-in refuses what Discord refuses, in Discord's words."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from tests.fakes import defaults
from tests.fakes.discord import users
from tests.fakes.discord.objects import GENERAL, SECRET
from tests.fakes.pictures import picture
from tests.fakes.standins import StandIns
from tests.fakes.telegram.pictures import checked_size
from tests.fakes.wire import Attachment, DiscordCommand, DiscordFault, DiscordMessage, DiscordSettings

Call = Callable[..., Awaitable[tuple[int, Any]]]
OWNER = defaults.DISCORD_OWNER_ID
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


def test_what_is_not_the_bots_own_is_not_changed() -> None:
    async def scene(fakes: StandIns, call: Call) -> None:
        theirs = users.writes(fakes.state.discord, DiscordMessage(user_id=OWNER, text="hi"))
        place = f"/channels/{theirs.channel.id}/messages/{theirs.id}"
        assert (await call("PATCH", place, json={"content": "x"}))[1]["code"] == 50005
        assert (await call("DELETE", place))[1]["code"] == 50013
        fakes.state.discord.change(DiscordSettings(blocked=[OWNER]))
        say = f"/channels/{theirs.channel.id}/messages"
        assert (await call("POST", say, json={"content": "x"}))[1]["code"] == 50007

    play(scene)


def test_a_form_that_is_none_is_refused() -> None:
    async def scene(_: StandIns, call: Call) -> None:
        say = f"/channels/{GENERAL}/messages"
        large = aiohttp.FormData(quote_fields=False)
        large.add_field("payload_json", "{}")
        large.add_field("files[0]", io.BytesIO(bytes(10 * 1024 * 1024 + 1)), filename="x")
        assert (await call("POST", say, data=large)) == (413, {"message": "Request entity too large", "code": 40005})
        for body in ("{", b"[]"):
            headers = {**HEADERS, "Content-Type": "application/json"}
            assert (await call("POST", say, data=body, headers=headers))[0] == 400
        for query in ({"limit": "101"}, {"limit": "0"}, {"before": "x"}):
            assert (await call("GET", say, params=query))[1]["code"] == 50035
        for allowed in ({"parse": ["all"]}, {"parse": ["users"], "users": ["1"]}):
            form = {"content": "x", "allowed_mentions": allowed}
            assert (await call("POST", say, json=form))[1]["code"] == 50035
        assert (await call("POST", say, json={"content": "x", "flags": 64}))[1]["code"] == 50035
        assert (await call("GET", "/channels/abc"))[1]["code"] == 50035

    play(scene)


def test_history_is_read_in_pages_newest_first() -> None:
    async def scene(fakes: StandIns, call: Call) -> None:
        orders = [DiscordMessage(user_id=OWNER, text=str(number), channel=GENERAL) for number in range(7)]
        written = [users.writes(fakes.state.discord, order) for order in orders]
        written.pop(3).deleted = True
        ids = [message.id for message in written]

        async def page(**query: str) -> list[int]:
            _, found = await call("GET", f"/channels/{GENERAL}/messages", params=query)
            return [ids.index(message["id"]) for message in found]

        assert await page() == [5, 4, 3, 2, 1, 0]
        assert await page(limit="2") == [5, 4]
        assert await page(limit="2", before=ids[2]) == [1, 0]
        assert await page(limit="2", after=ids[1]) == [3, 2]

    play(scene)


def test_without_the_switch_in_the_portal_nothing_said_in_a_server_is_read() -> None:
    async def scene(fakes: StandIns, call: Call) -> None:
        world, mention = fakes.state.discord, f"<@{defaults.DISCORD_BOT_ID}> hi"
        world.change(DiscordSettings(message_content=False))
        users.writes(world, DiscordMessage(user_id=OWNER, text="secret", channel=GENERAL))
        users.writes(world, DiscordMessage(user_id=OWNER, text=mention, channel=GENERAL))
        _, found = await call("GET", f"/channels/{GENERAL}/messages")
        assert [message["content"] for message in found] == [mention, ""]
        assert (await call("GET", "/applications/@me"))[1]["flags"] == 0

    play(scene)


def test_a_command_is_answered_once_in_time_and_then_by_its_token() -> None:
    async def scene(fakes: StandIns, call: Call) -> None:
        world, application = fakes.state.discord, defaults.DISCORD_APPLICATION_ID
        menu = [{"name": "status", "description": "how", "type": 1}]
        await call("PUT", f"/applications/{application}/commands", json=menu)
        given = users.commands(world, DiscordCommand(user_id=OWNER, name="status"))
        place, follow = f"/interactions/{given.id}/{given.token}/callback", f"/webhooks/{application}/{given.token}"
        answer = {"type": 4, "data": {"content": "fine", "flags": 64}}
        for path, said, expected in (
            (follow, {"content": "early"}, 10015),
            (f"/interactions/{given.id}/wrong/callback", answer, 10062),
            (place, {"type": 9}, 50035),
            (place, answer, None),
            (place, answer, 40060),
            (follow, {"content": "more", "flags": 64}, None),
            (f"{follow}x", {"content": "more"}, 50027),
        ):
            _, seen = await call("POST", path, json=said)
            assert (seen or {}).get("code") == expected, path
        late = users.commands(world, DiscordCommand(user_id=OWNER, name="status"))
        late.time -= 4
        assert (await call("POST", f"/interactions/{late.id}/{late.token}/callback", json=answer))[1]["code"] == 10062

    play(scene)


def test_addresses_of_files_are_signed_and_hold_for_a_while() -> None:
    async def scene(fakes: StandIns, _: Call) -> None:
        world = fakes.state.discord
        red = Attachment(name="red.png", content=picture(400, 200), mime_type="image/png")

        def put() -> dict[str, Any]:
            return world.files.as_object(users.writes(world, DiscordMessage(user_id=OWNER, attachments=[red])).files[0])

        async with aiohttp.ClientSession() as session:

            async def get(address: str) -> tuple[int, bytes]:
                async with session.get(address) as response:
                    return response.status, await response.read()

            fresh = put()
            assert await get(fresh["url"]) == (200, red.content)
            smaller = (await get(fresh["proxy_url"] + "width=100&height=50"))[1]
            assert checked_size(smaller) == (100, 50)
            assert (await get(fresh["url"].replace("hm=", "hm=0")))[0] == 404
            world.change(DiscordSettings(link_s=-1))
            assert (await get(put()["url"]))[0] == 404
            world.change(DiscordSettings(expire_files=True))
            assert (await get(fresh["url"]))[0] == 404

    play(scene)


def test_what_is_ordered_to_go_wrong_goes_wrong_as_often() -> None:
    async def scene(fakes: StandIns, call: Call) -> None:
        world = fakes.state.discord
        world.faults.append(DiscordFault(kind="error", path="/users/@me$", status=503, times=2))
        assert [(await call("GET", "/users/@me"))[0] for _ in range(3)] == [503, 503, 200]
        world.faults.append(DiscordFault(kind="lost", path="/messages$"))
        with pytest.raises(aiohttp.ClientError):
            await call("POST", f"/channels/{GENERAL}/messages", json={"content": "taken"})
        assert [one.content for one in world.messages(GENERAL)] == ["taken"]

    play(scene)


def test_buckets_are_told_of_before_they_are_empty() -> None:
    async def scene(fakes: StandIns, _: Call) -> None:
        fakes.state.discord.limits.active = True
        url = f"{fakes.url(defaults.DISCORD_HOST)}/api/v10/channels/{GENERAL}/messages"
        left = []
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            for _attempt in range(6):
                async with session.post(url, json={"content": "x"}) as response:
                    left.append((response.status, response.headers["X-RateLimit-Remaining"]))
        assert left == [(200, "4"), (200, "3"), (200, "2"), (200, "1"), (200, "0"), (429, "0")]

    play(scene)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["nonsense"], 4002),
        ([{"op": 3, "d": {}}], 4003),
        ([{"op": 2, "d": {"token": "x", "properties": {}, "intents": 1}}], 4004),
        ([{"op": 2, "d": {"token": defaults.DISCORD_TOKEN, "properties": {}, "intents": 1 << 30}}], 4013),
        ([{"op": 2, "d": {"token": defaults.DISCORD_TOKEN, "properties": {}, "intents": 1}}] * 2, 4005),
        ([{"op": 2, "d": {"token": defaults.DISCORD_TOKEN, "properties": {}, "intents": 1 << 1}}], 4014),
        ([{"op": 6, "d": {"token": "x", "session_id": "x", "seq": 1}}], 4004),
        ([{"op": 99}], 4001),
        ([{"op": 1, "d": "x" * 5000}], 4002),
        ([{"op": 1, "d": None}] * 121, 4008),
    ],
    ids=["no JSON", "not identified", "token", "intents", "twice", "privileged", "resume", "op", "long", "flood"],
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


def test_the_gateway_leaves_who_sends_no_heartbeat_and_who_asks_for_another_version() -> None:
    async def scene(fakes: StandIns, _: Call) -> None:
        fakes.state.discord.settings.heartbeat_ms = 100
        gateway = fakes.url(defaults.DISCORD_GATEWAY_HOST)
        async with aiohttp.ClientSession() as session:
            for query, code in (("v=10&encoding=json", 4009), ("v=6&encoding=json", 4012), ("v=10&encoding=etf", 4012)):
                async with session.ws_connect(f"{gateway}/?{query}") as socket:
                    while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                        pass
                    assert socket.close_code == code

    play(scene)
