"""The Slack stand-in refuses what Slack refuses, in Slack's words."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes import defaults
from tests.fakes.slack.world import GENERAL, SECRET
from tests.fakes.standins import StandIns
from tests.fakes.thread import running
from tests.fakes.wire import SlackFault
from tests.unit.fakes.test_slack import OWNER, play, write

MARKDOWN = {"type": "markdown", "text": "x"}


def blocks(*given: Any) -> str:
    return json.dumps(given)


async def refusal(client: AsyncWebClient, method: str, **data: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, data=data)
    return str(caught.value.response["error"])


def test_messages() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        own = (await client.chat_postMessage(channel=GENERAL, text="mine"))["ts"]
        theirs = write(fakes, "theirs", channel=GENERAL)
        post, update = "chat.postMessage", "chat.update"
        full = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
        for word, method, data in (
            ("no_text", post, {"text": " "}),
            ("msg_too_long", post, {"text": "x" * 40_001}),
            ("channel_not_found", post, {"text": "x", "channel": "C0NONE"}),
            ("not_in_channel", post, {"text": "x", "channel": SECRET}),
            ("invalid_blocks_format", post, {"text": "x", "blocks": "{"}),
            ("invalid_blocks_format", post, {"text": "x", "blocks": "{}"}),
            ("invalid_blocks", post, {"text": "x", "blocks": blocks(*[MARKDOWN] * 51)}),
            ("invalid_blocks", post, {"text": "x", "blocks": blocks({"type": "markdown", "text": ""})}),
            ("invalid_blocks", post, {"text": "x", "blocks": blocks({"type": "nonsense"})}),
            ("invalid_blocks", post, {"text": "x", "blocks": blocks(*[{**MARKDOWN, "text": "x" * 6001}] * 2)}),
            ("invalid_blocks", post, {"text": "x", "blocks": blocks(section)}),
            ("msg_blocks_too_long", post, {"text": "x", "blocks": blocks(*[full] * 5)}),
            ("invalid_arguments", post, {"text": "x", "thread_ts": "yesterday"}),
            ("message_not_found", update, {"text": "x", "ts": "1.000000"}),
            ("cant_update_message", update, {"text": "x", "ts": theirs}),
            ("msg_too_long", update, {"text": "x" * 4001, "ts": own}),
            ("cant_delete_message", "chat.delete", {"ts": theirs}),
            ("no_reaction", "reactions.remove", {"timestamp": own, "name": "eyes"}),
            ("invalid_name", "reactions.add", {"timestamp": own, "name": "no such!"}),
        ):  # fmt: skip
            assert await refusal(client, method, **{"channel": GENERAL, **data}) == word, (method, data)
        assert len(fakes.state.slack.world.seen(GENERAL)) == 2

    play(scene)


def test_channels_people_and_files() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        for word, method, data in (
            ("not_in_channel", "conversations.history", {"channel": SECRET}),
            ("thread_not_found", "conversations.replies", {"channel": GENERAL, "ts": "1.000000"}),
            ("channel_not_found", "conversations.info", {"channel": "C0NONE"}),
            ("users_list_not_supplied", "conversations.open", {}),
            ("user_not_found", "conversations.open", {"users": "U0NOBODY"}),
            ("user_not_found", "users.info", {"user": "U0NOBODY"}),
            ("file_not_found", "files.info", {"file": "F0NONE"}),
            ("invalid_arguments", "files.getUploadURLExternal", {"filename": "a", "length": "0"}),
            ("file_not_found", "files.completeUploadExternal", {"files": '[{"id": "F0NONE"}]'}),
            ("unknown_method", "chat.shout", {}),
        ):
            assert await refusal(client, method, **data) == word, (method, data)
        assert not fakes.state.slack.world.files

    play(scene)


def test_an_upload_is_what_was_announced_and_comes_once() -> None:
    async def scene(_: StandIns, client: AsyncWebClient) -> None:
        place = await client.files_getUploadURLExternal(filename="a", length=3)
        async with aiohttp.ClientSession() as session:
            assert (await refusal(client, "files.completeUploadExternal",
                                  files=json.dumps([{"id": place["file_id"]}]))) == "file_not_found"  # fmt: skip
            async with session.post(place["upload_url"], data=b"four") as answer:
                assert answer.status == 400
            async with session.post(place["upload_url"], data=b"abc") as answer:
                assert answer.status == 404

    play(scene)


def test_tokens() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        assert await refusal(client, "apps.connections.open") == "not_allowed_token_type"
        client.token = defaults.SLACK_APP_TOKEN
        assert await refusal(client, "chat.postMessage", channel=GENERAL, text="x") == "not_allowed_token_type"
        client.token = "xoxb-unknown"
        assert await refusal(client, "auth.test") == "invalid_auth"
        client.token = None
        assert await refusal(client, "auth.test") == "not_authed"
        client.token = defaults.SLACK_TOKEN
        fakes.state.slack.world.revoked = {defaults.SLACK_TOKEN}
        assert await refusal(client, "auth.test") == "token_revoked"

    play(scene)


def test_scopes() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        home = fakes.state.slack.world.private_channel(OWNER).id
        fakes.state.slack.world.scopes -= {"im:history", "users:read"}
        with pytest.raises(SlackApiError) as caught:
            await client.conversations_history(channel=home)
        answer = caught.value.response
        assert (answer["error"], answer["needed"]) == ("missing_scope", "im:history")
        assert "chat:write" in answer["provided"]
        assert await refusal(client, "users.info", user=OWNER) == "missing_scope"
        write(fakes, "unheard")
        assert not fakes.state.slack.world.hub.envelopes

    play(scene)


def test_a_channel_takes_a_message_a_second_and_short_bursts() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        fakes.state.slack.world.rates.active = True
        for _ in range(5):
            await client.chat_postMessage(channel=GENERAL, text="x")
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel=GENERAL, text="x")
        response = caught.value.response
        assert (response.status_code, response["error"]) == (429, "ratelimited")
        assert 1 <= int(response.headers["Retry-After"]) <= 5
        await client.chat_postMessage(channel=OWNER, text="another channel")

    play(scene)


def test_websockets_want_a_ticket_and_are_ten_at_most() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        base = fakes.url(defaults.SLACK_SOCKET_HOST).replace("http", "ws")
        client.token = defaults.SLACK_APP_TOKEN
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(f"{base}/link/?ticket=none")
            opened = []
            for _ in range(11):
                url = (await client.apps_connections_open(app_token=defaults.SLACK_APP_TOKEN))["url"]
                opened.append(await session.ws_connect(url))
            hello, refused = json.loads(await opened[3].receive_str()), json.loads(await opened[10].receive_str())
            assert (hello["type"], hello["num_connections"]) == ("hello", 4)
            assert hello["debug_info"]["approximate_connection_time"] > 0
            assert (refused["type"], refused["reason"]) == ("disconnect", "too_many_websockets")
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)

    play(scene)


def test_faults_happen_as_ordered() -> None:
    async def scene(fakes: StandIns, client: AsyncWebClient) -> None:
        faults = fakes.state.slack.world.faults
        faults.append(SlackFault(kind="error", method="auth.test", status=503, body="<html>"))
        with pytest.raises(SlackApiError) as caught:
            await client.auth_test()
        assert caught.value.response.status_code == 503
        client.retry_handlers.clear()
        faults.append(SlackFault(kind="reset"))
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.auth_test()
        faults.append(SlackFault(kind="hang", seconds=0.3))
        began = time.monotonic()
        assert (await client.auth_test())["ok"]
        assert time.monotonic() - began >= 0.3

    play(scene)


def test_another_process_can_drive_it() -> None:
    with running() as client:
        sent = client.slack_message("hello")
        assert client.slack_chat()[0].text == "hello"
        client.slack_edit(sent, "bye")
        client.slack_command("status")
        assert client.slack_chat(after="0")[0].edits == 1
        status = client.slack_status()
        assert (status.connections, status.unacknowledged) == (0, 3)
        client.slack_settings(revoked=[defaults.SLACK_TOKEN])
        client.slack_fail(SlackFault(kind="reset"))
        client.slack_socket("drop")
        base = client.ping()[defaults.SLACK_HOST]
        asyncio.run(_revoked(base))
        assert [call.error for call in client.slack_calls("auth.test")] == ["", "token_revoked"]
        client.reset()
        assert client.slack_chat() == []


async def _revoked(base: str) -> None:
    web = AsyncWebClient(defaults.SLACK_TOKEN, f"{base}/api/", retry_handlers=[])
    with pytest.raises(aiohttp.ClientConnectionError):
        await web.auth_test()
    with pytest.raises(SlackApiError, match="token_revoked"):
        await web.auth_test()
