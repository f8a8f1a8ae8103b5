"""The Slack stand-in as the real slack_sdk sees it: Web API, Socket Mode, files."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes import defaults
from tests.fakes.slack import people
from tests.fakes.slack.world import GENERAL, GROUP
from tests.fakes.standins import StandIns
from tests.fakes.wire import Attachment, SlackCommand, SlackEdit, SlackMessage
from tests.unit.channels.heard import until

OWNER = defaults.SLACK_OWNER_ID
Scene = Callable[[StandIns, AsyncWebClient], Awaitable[None]]


def play(scene: Scene, token: str = defaults.SLACK_TOKEN) -> None:
    """Runs a scene with a Web API client."""

    async def whole() -> None:
        async with StandIns() as fakes:
            await scene(fakes, AsyncWebClient(token, f"{fakes.url(defaults.SLACK_HOST)}/api/"))

    asyncio.run(whole())


class Listener:
    """The SDK's own Socket Mode client; `acknowledge` off makes it take envelopes in silence."""

    def __init__(self, fakes: StandIns) -> None:
        base = f"{fakes.url(defaults.SLACK_HOST)}/api/"
        self.client = SocketModeClient(defaults.SLACK_APP_TOKEN, web_client=AsyncWebClient(base_url=base))
        self.client.socket_mode_request_listeners.append(self._hear)
        self.acknowledge = True
        self.requests: list[SocketModeRequest] = []

    async def __aenter__(self) -> Listener:
        await self.client.connect()  # type: ignore[no-untyped-call]  # slack_sdk does not annotate it
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()  # type: ignore[no-untyped-call]
        await asyncio.sleep(0.05)

    async def _hear(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.requests.append(request)
        if self.acknowledge:
            payload = {"text": "heard"} if request.type == "slash_commands" else None
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events among them."""
        return [one.payload["event"] for one in self.requests if one.type == "events_api"]


def write(fakes: StandIns, text: str, **more: Any) -> str:
    return people.writes(fakes.state.slack.world, SlackMessage(user=OWNER, text=text, **more)).ts


def test_messages_of_every_kind_of_channel_reach_the_sdk() -> None:
    async def scene(fakes: StandIns, _: AsyncWebClient) -> None:
        bot = f"<@{defaults.SLACK_BOT_USER}>"
        async with Listener(fakes) as listener:
            await until(lambda: len(fakes.state.slack.world.hub.lines) == 1)
            private = write(fakes, "hello")
            mention = write(fakes, f"{bot} hi", channel=GENERAL)
            write(fakes, "more", channel=GENERAL, thread_ts=mention)
            write(fakes, "among us", channel=GROUP)
            await until(lambda: len(listener.requests) == 5)
            first, app_mention, message, reply, group = listener.events
            assert (first["channel_type"], first["ts"], first["channel"][0]) == ("im", private, "D")
            assert (app_mention["type"], message["type"]) == ("app_mention", "message")
            assert app_mention["ts"] == message["ts"] == mention
            assert (reply["thread_ts"], reply["parent_user_id"]) == (mention, OWNER)
            assert group["channel_type"] == "mpim"
            await until(lambda: all(one.acknowledged.is_set() for one in fakes.state.slack.world.hub.envelopes))

    play(scene)


def test_edits_deletions_previews_and_commands() -> None:
    async def scene(fakes: StandIns, _: AsyncWebClient) -> None:
        world = fakes.state.slack.world
        async with Listener(fakes) as listener:
            await until(lambda: len(world.hub.lines) == 1)
            ts = write(fakes, "frist")
            people.edits(world, SlackEdit(ts=ts, text="first"))
            people.edits(world, SlackEdit(ts=ts, text="", user_edit=False))
            people.edits(world, SlackEdit(ts=ts, text=None))
            people.commands(world, SlackCommand(user=OWNER, text="status"))
            await until(lambda: len(listener.requests) == 5)
            edit, preview, deletion = listener.events[1:]
            assert (edit["message"]["text"], edit["previous_message"]["text"]) == ("first", "frist")
            assert preview["message"]["text"] == preview["previous_message"]["text"]
            assert (deletion["subtype"], deletion["deleted_ts"]) == ("message_deleted", ts)
            command = listener.requests[-1]
            assert (command.type, command.payload["text"]) == ("slash_commands", "status")
            await until(lambda: world.hub.envelopes[-1].answer is not None)
            assert world.hub.envelopes[-1].answer == {"text": "heard"}

    play(scene)


def test_what_is_not_acknowledged_comes_again_and_then_no_more() -> None:
    async def scene(fakes: StandIns, _: AsyncWebClient) -> None:
        world = fakes.state.slack.world
        world.hub.acknowledge_s, world.hub.retry_s = 0.1, (0.0, 0.0, 0.0)
        async with Listener(fakes) as listener:
            await until(lambda: len(world.hub.lines) == 1)
            listener.acknowledge = False
            write(fakes, "hello")
            await until(lambda: len(listener.requests) == 4)
            assert [one.retry_attempt for one in listener.requests] == [0, 1, 2, 3]
            assert [one.retry_reason for one in listener.requests][1:] == ["timeout"] * 3
            assert len({one.envelope_id for one in listener.requests}) == 1
            await asyncio.sleep(0.3)
            assert len(listener.requests) == 4

    play(scene)


def test_what_came_while_nobody_was_connected_is_sent_later() -> None:
    async def scene(fakes: StandIns, _: AsyncWebClient) -> None:
        fakes.state.slack.world.hub.retry_s = (0.3,)
        write(fakes, "early")
        async with Listener(fakes) as listener:
            await until(lambda: len(listener.requests) == 1)
            assert listener.requests[0].retry_reason == "connection_failed"

    play(scene)


@pytest.mark.parametrize("action", ["refresh_requested", "warning"])
def test_the_sdk_makes_a_new_connection_when_told(action: str) -> None:
    async def scene(fakes: StandIns, _: AsyncWebClient) -> None:
        world, sockets = fakes.state.slack.world, fakes.state.slack.sockets
        sockets.settings.warn_s = 0.1
        async with Listener(fakes) as listener:
            await until(lambda: len(world.hub.lines) == 1)
            sockets.order(action)
            await until(lambda: world.hub.opened == 2, 15)
            await until(lambda: len(world.hub.lines) == 1, 15)
            write(fakes, "hello")
            await until(lambda: len(listener.requests) == 1)

    play(scene)


def test_a_conversation_over_the_web_api() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        me = await client.auth_test()
        assert me["user_id"] == defaults.SLACK_BOT_USER
        home = (await client.conversations_open(users=OWNER))["channel"]["id"]
        asked = write(fakes, "hello")
        sent = await client.chat_postMessage(channel=home, text="hi", blocks=[{"type": "markdown", "text": "**hi**"}])
        await client.chat_postMessage(channel=home, text="in the thread", thread_ts=asked)
        await client.chat_update(channel=home, ts=sent["ts"], text="hi!")
        await client.reactions_add(channel=home, timestamp=asked, name="eyes")
        history = (await client.conversations_history(channel=home))["messages"]
        assert [one["text"] for one in history] == ["hi!", "hello"]
        later = await client.conversations_history(channel=home, oldest=asked)
        assert [one["text"] for one in later["messages"]] == ["hi!"]
        replies = (await client.conversations_replies(channel=home, ts=asked))["messages"]
        assert [one["text"] for one in replies] == ["hello", "in the thread"]
        person = (await client.users_info(user=OWNER, include_locale=True))["user"]
        assert person["locale"] == "en-US"
        seen = fakes.state.slack.world.seen(home)
        assert [(one.edits, one.reactions) for one in seen] == [(0, ["eyes"]), (1, []), (0, [])]
        await client.chat_delete(channel=home, ts=sent["ts"])
        assert seen[1].deleted

    play(scene)


def test_history_comes_in_pages() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        written = [write(fakes, f"m{number}") for number in range(5)]
        home = fakes.state.slack.world.private_channel(OWNER).id
        found: list[str] = []
        async for page in await client.conversations_history(channel=home, limit=2):
            found += [one["ts"] for one in page["messages"]]
        assert found == written[::-1]

    play(scene)


def test_files_both_ways() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        world = fakes.state.slack.world
        home = world.private_channel(OWNER).id
        await client.files_upload_v2(channel=home, content="zażółć", filename="notes.txt", initial_comment="here")
        (message,) = world.seen(home)
        assert (message.text, message.files[0].name, message.files[0].content) == (
            "here",
            "notes.txt",
            "zażółć".encode(),
        )
        write(fakes, "look", files=[Attachment(name="a.bin", content=b"\0\1")])
        file = (await client.files_info(file=world.seen(home)[-1].files[0].id))["file"]
        async with aiohttp.ClientSession() as session:
            headers = {"Authorization": f"Bearer {defaults.SLACK_TOKEN}"}
            async with session.get(file["url_private_download"], headers=headers) as response:
                assert await response.read() == b"\0\1"
            async with session.get(file["url_private_download"]) as response:
                assert (response.status, response.content_type) == (200, "text/html")
                assert "Sign in" in await response.text()

    play(scene)


def test_a_foreign_file_is_told_of_by_its_id_alone() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        async with Listener(fakes) as listener:
            await until(lambda: len(fakes.state.slack.world.hub.lines) == 1)
            write(fakes, "look", files=[Attachment(name="a.bin", content=b"x")], shared_by_connect=True)
            await until(lambda: len(listener.requests) == 1)
            (file,) = listener.events[0]["files"]
            assert file["file_access"] == "check_file_info"
            assert "name" not in file
            assert (await client.files_info(file=file["id"]))["file"]["name"] == "a.bin"

    play(scene)


def test_json_is_taken_by_methods_that_write_only() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        home = fakes.state.slack.world.private_channel(OWNER).id
        async with aiohttp.ClientSession() as session:

            async def call(method: str, body: dict[str, str]) -> Any:
                headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
                async with session.post(f"{client.base_url}{method}", data=json.dumps(body), headers=headers) as answer:
                    return json.loads(await answer.text())

            assert (await call("chat.postMessage", {"channel": home, "text": "hi"}))["ok"]
            assert (await call("users.info", {"user": OWNER}))["error"] == "user_not_found"

    play(scene)
