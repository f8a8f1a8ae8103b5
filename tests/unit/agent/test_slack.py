"""The Slack channel against the stand-in, through the real slack_sdk: what it hears and shows, how it returns."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from agent import cli
from agent.channels import slack as module
from agent.channels import slack_socket
from agent.channels.base import ChannelError, Outbound, RejectedError
from agent.channels.slack import SlackChannel
from agent.messages import COMMANDS
from tests.fakes import defaults
from tests.fakes.slack import control, socket
from tests.fakes.slack.methods import METHODS
from tests.fakes.slack.world import ELSEWHERE, GENERAL, StoredMessage, World
from tests.fakes.standins import StandIns
from tests.fakes.wire import Attachment, SlackCommand, SlackEdit, SlackFault, SlackMessage, SlackSettings
from tests.unit.agent.heard import Heard, until

OWNER, BOT = defaults.SLACK_OWNER_ID, defaults.SLACK_BOT_USER
DM = f"D{OWNER[1:]}"
Scene = Callable[["Stage"], Awaitable[None]]


class Stage:
    """Stand-ins, a channel that listens, and what it has heard."""

    def __init__(self, fakes: StandIns, channel: SlackChannel, heard: Heard) -> None:
        self.fakes = fakes
        self.world: World = fakes.state.slack
        self.channel = channel
        self.heard = heard

    async def up(self) -> None:
        """Connected."""
        await until(lambda: self.channel.contact.problem is None and bool(self.world.connections), 10)

    def writes(self, text: str = "", **more: Any) -> StoredMessage:
        """The owner writes."""
        return control.user_writes(self.world, SlackMessage(**{"user": OWNER, "text": text, **more}))

    def shown(self, channel: str = DM) -> list[StoredMessage]:
        """The bot's messages."""
        return [one for one in self.world.in_channel(channel) if one.user == BOT]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off in hundredths of seconds; who is silent for half a second is asked."""
    monkeypatch.setattr(module, "backoff", lambda _: 0.02)
    monkeypatch.setattr(slack_socket, "PING_S", 0.4)
    monkeypatch.setattr(slack_socket, "PONG_S", 0.4)
    monkeypatch.setattr(slack_socket, "HELLO_S", 0.5)


def play(scene: Scene, heard: Heard | None = None, prepare: Callable[[World], None] = lambda _: None) -> None:
    """Run a scene; `heard` of an earlier one is what the gateway has stored."""

    async def whole() -> None:
        async with StandIns() as fakes:
            world = fakes.state.slack
            world.socket_url = fakes.url(defaults.SLACK_SOCKET_HOST).replace("http", "ws")
            world.files_url = fakes.url(defaults.SLACK_FILES_HOST)
            world.redeliver_s = 0.3
            prepare(world)
            base = f"{fakes.url(defaults.SLACK_HOST)}/api/"
            channel = SlackChannel(defaults.SLACK_TOKEN, defaults.SLACK_APP_TOKEN, base)
            desk = heard or Heard(allowed=[OWNER])
            listening = asyncio.create_task(channel.run(desk))
            try:
                await scene(Stage(fakes, channel, desk))
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
                await channel.aclose()

    asyncio.run(whole())


def test_direct_messages_are_heard_in_order_and_acknowledged_after_they_are_stored() -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        acknowledged: list[int] = []
        receive: Callable[..., None] = stage.heard.receive

        def counting(*given: Any) -> None:
            acknowledged.append(stage.world.acknowledged)
            receive(*given)

        stage.heard.receive = counting  # type: ignore[method-assign,assignment]
        for number in range(20):
            stage.writes(f"m{number}")
        await stage.heard.until(20)
        assert [message.text for message in stage.heard.messages] == [f"m{number}" for number in range(20)]
        assert all(count <= place for place, count in enumerate(acknowledged)), "none before it was stored"
        await until(lambda: stage.world.acknowledged == 20)
        assert stage.heard.stored[f"slack:{DM}"] == stage.heard.messages[-1].message_id

    play(scene)


def test_what_could_not_be_stored_is_delivered_again() -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.heard.receive = _fails_once(stage.heard.receive)  # type: ignore[method-assign]
        stage.writes("important")
        await stage.heard.until(1, 10)

    play(scene)


def _fails_once(receive: Callable[..., None]) -> Callable[..., None]:
    failed: list[bool] = []

    def once(*given: Any) -> None:
        if not failed:
            failed.append(True)
            raise ChannelError("disk full")
        receive(*given)

    return once


def test_in_a_channel_only_what_is_meant_for_it_is_heard_and_answered_in_a_thread() -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.writes("among ourselves", channel=GENERAL)
        asked = stage.writes(f"<@{BOT}> what is up?", channel=GENERAL)
        await stage.heard.until(1)
        stage.writes("and then?", channel=GENERAL, thread_ts=asked.ts)
        other = stage.writes("another thread", channel=GENERAL)
        stage.writes("not meant", channel=GENERAL, thread_ts=other.ts)
        stage.writes("a bot's", bot_id="B0OTHER")
        stage.writes("joined", subtype="channel_join")
        stage.writes("in a thread here", thread_ts=stage.writes("direct").ts)
        await stage.heard.until(4)
        messages = stage.heard.messages
        assert [one.text for one in messages] == ["what is up?", "and then?", "direct", "in a thread here"]
        assert [one.chat_id for one in messages[:3]] == [f"{GENERAL}:{asked.ts}"] * 2 + [DM]
        assert messages[3].chat_id == f"{DM}:{messages[2].message_id}"
        assert [one.private for one in messages] == [False, False, True, True]
        await stage.channel.send(Outbound("slack", messages[0].chat_id, "hi"))
        assert stage.shown(GENERAL)[-1].thread_ts == asked.ts

    play(scene)


def test_texts_are_as_people_see_them() -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.writes("a &lt; b &amp; <https://x.y|x.y> <https://x.y> <#C1|general> <!here> <@U123>")
        stage.writes("!status")
        stage.writes("!important is no command")
        await stage.heard.until(3)
        assert [one.text for one in stage.heard.messages] == [
            "a < b & x.y (https://x.y) https://x.y #general @here @U123",
            "/status",
            "!important is no command",
        ]

    play(scene)


def test_edits_and_deletions_are_told_and_previews_are_no_edits() -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        first, second = stage.writes("https://x.y"), stage.writes("oops")
        control.user_edits(stage.world, SlackEdit(channel=DM, ts=first.ts, text="https://x.y"))
        control.user_edits(stage.world, SlackEdit(channel=DM, ts=first.ts, text="better"))
        control.user_edits(stage.world, SlackEdit(channel=DM, ts=second.ts, text=None))
        await until(lambda: len(stage.heard.edits) == 2)
        assert [(one.chat_id, one.message_id, one.text) for one in stage.heard.edits] == [
            (DM, first.ts, "better"),
            (DM, second.ts, None),
        ]

    play(scene)


def test_the_slash_command_is_heard_and_a_stranger_sees_nothing() -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        mine = control.user_commands(stage.world, SlackCommand(user=OWNER, text="model 2"))
        theirs = control.user_commands(stage.world, SlackCommand(user="U0STRANGER", text="status"))
        bare = control.user_commands(stage.world, SlackCommand(user=OWNER, text=""))
        await stage.heard.until(3)
        await until(lambda: bare.acknowledged)
        assert [one.text for one in stage.heard.messages] == ["/model 2", "/status", "/help"]
        assert mine.answer is not None
        assert mine.answer["response_type"] == "ephemeral"
        assert theirs.acknowledged
        assert theirs.answer is None

    play(scene)


def test_the_users_language_is_asked_for_once_and_never_a_strangers() -> None:
    async def scene(stage: Stage) -> None:
        stage.world.locale = "pl-PL"
        await stage.up()
        stage.writes("cześć")
        stage.writes("dzień dobry")
        stage.writes("hello", user="U0STRANGER")
        await stage.heard.until(3)
        assert [one.language for one in stage.heard.messages] == ["pl", "pl", "en"]
        assert [call.method for call in stage.world.calls].count("users.info") == 1

    play(scene)


def test_what_was_said_while_nobody_listened_comes_first_and_once() -> None:
    heard = Heard(allowed=[OWNER])
    kept: list[StoredMessage] = []

    async def before(stage: Stage) -> None:
        await stage.up()
        kept.append(stage.writes(f"<@{BOT}> before", channel=GENERAL))
        kept.append(stage.writes("before"))
        await heard.until(2)

    def away(world: World) -> None:
        world.direct(OWNER)
        for one in kept:
            world.store(one)
        for number in range(250):
            control.user_writes(world, SlackMessage(user=OWNER, text=f"missed {number}"))
        control.user_writes(
            world, SlackMessage(user=OWNER, text="in the thread", channel=GENERAL, thread_ts=kept[0].ts)
        )
        world.envelopes.clear()  # Slack has given up delivering them

    async def after(stage: Stage) -> None:
        await stage.up()
        stage.writes("live")
        await heard.until(254, 10)
        texts = [message.text for message in heard.messages if message.chat_id == DM]
        assert texts == ["before", *(f"missed {n}" for n in range(250)), "live"]
        assert [one.text for one in heard.messages if one.chat_id != DM] == ["before", "in the thread"]

    play(before, heard)
    play(after, heard, away)


def test_a_draft_is_edited_and_replaced_by_the_answer() -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.writes("tell me")
        await stage.heard.until(1)
        shown = await stage.channel.draft(DM, "Once …", None, None)
        assert await stage.channel.draft(DM, "Once upon …", shown, None) == shown
        await stage.channel.send(Outbound("slack", DM, "Once.", edits=shown))
        (message,) = stage.shown()
        assert (message.text, message.edits) == ("Once.", 2)
        message.deleted = True
        await stage.channel.send(Outbound("slack", DM, "Again.", edits=shown))
        assert stage.shown()[-1].text == "Again."

    play(scene)


def test_eyes_show_that_it_is_at_work() -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        asked = stage.writes("tell me")
        await stage.heard.until(1)
        for _ in range(3):
            await stage.channel.typing(DM)
        assert asked.reactions == ["eyes"]
        await stage.channel.send(Outbound("slack", DM, "done"))
        assert asked.reactions == []
        assert [call.method for call in stage.world.calls].count("reactions.add") == 1

    play(scene)


def test_files_go_both_ways(tmp_path: Path) -> None:
    path, content = tmp_path / "1", bytes(range(256)) * 2000
    path.write_bytes(content)

    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.writes(
            "look",
            files=[
                Attachment(name="../data.bin", content=content),
                Attachment(name="photo.png", content=b"\x89PNG", mime_type="image/png"),
            ],
        )
        await stage.heard.until(1)
        data, photo = stage.heard.messages[0].attachments
        assert (data.name, data.size, data.preview) == ("../data.bin", len(content), "")
        assert photo.preview.endswith("/thumb_480.png")
        here = data.reference.replace(f"https://{defaults.SLACK_FILES_HOST}", stage.world.files_url)
        pieces = [piece async for piece in stage.channel.download(here)]
        assert b"".join(pieces) == content
        assert max(map(len, pieces)) <= 64 * 1024
        with pytest.raises(RejectedError, match="own hosts"):
            await anext(stage.channel.download("F1 https://slack.com.elsewhere.example/x"))
        stage.world.scopes.discard("files:read")
        with pytest.raises(RejectedError, match="files:read"):
            await anext(stage.channel.download(here))
        await stage.channel.send(Outbound("slack", DM, "here", file=str(path), file_name="notes.bin"))
        (sent,) = stage.shown()
        assert (sent.text, sent.files[0].name, sent.files[0].content) == ("here", "notes.bin", content)
        with pytest.raises(RejectedError, match="not there any more"):
            await stage.channel.send(Outbound("slack", DM, "", file=str(tmp_path / "gone")))

    play(scene)


@pytest.mark.parametrize("action", ["drop", "close", "silence", "refresh_requested", "warning"])
def test_a_socket_that_ends_is_followed_by_another_and_nothing_is_missed(action: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        socket.order(stage.world, action)
        stage.writes("meanwhile")
        await stage.heard.until(1, 10)
        await until(lambda: stage.world.opened == 2, 10)
        stage.writes("after")
        await stage.heard.until(2, 10)
        assert [one.text for one in stage.heard.messages] == ["meanwhile", "after"]
        await until(lambda: len(stage.world.connections) == 1, 10)

    play(scene)


def test_what_is_delivered_again_is_heard_once() -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.writes("once")
        await stage.heard.until(1)
        socket.order(stage.world, "again")
        stage.writes("end")
        await stage.heard.until(2)
        assert [one.text for one in stage.heard.messages] == ["once", "end"]

    play(scene)


def test_a_socket_on_which_nothing_comes_is_asked_and_kept_while_it_answers() -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        await asyncio.sleep(1.5)
        assert stage.world.opened == 1
        age = stage.channel.contact.age()
        assert age is not None
        assert age < 1
        stage.world.answers_pings = False
        await until(lambda: stage.world.opened == 2, 10)

    play(scene)


@pytest.mark.parametrize("mode", ["silence", "reset", "refuse"])
def test_a_network_that_fails_in_any_way_is_survived(mode: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.channels.slack_api.CALL_S", 1.0)

    async def scene(stage: Stage) -> None:
        await stage.up()
        hosts = [stage.fakes.host(name) for name in (defaults.SLACK_HOST, defaults.SLACK_SOCKET_HOST)]
        for host in hosts:
            await host.set_mode(mode)
        socket.order(stage.world, "drop")
        stage.writes("meanwhile")
        await until(lambda: stage.channel.contact.problem is not None, 15)
        assert stage.channel.contact.curable
        await asyncio.sleep(0.5)
        for host in hosts:
            await host.set_mode("ok")
        await stage.heard.until(1, 15)
        await stage.up()

    play(scene)


@pytest.mark.parametrize(
    "fault",
    [
        SlackFault(kind="error", method="apps.connections.open", status=429, seconds=1),
        SlackFault(kind="error", method="apps.connections.open", status=503, error="service_unavailable", times=3),
        SlackFault(kind="error", method="auth.test", error="fatal_error", times=2),
    ],
    ids=["429", "503", "fatal"],
)
def test_connecting_is_tried_again_after(fault: SlackFault) -> None:
    async def scene(stage: Stage) -> None:
        stage.writes("hello")
        await stage.heard.until(1, 10)

    play(scene, None, lambda world: world.faults.append(fault))


def test_a_socket_without_hello_is_left() -> None:
    async def scene(stage: Stage) -> None:
        await until(lambda: "hello" in (stage.channel.contact.problem or ""), 10)
        stage.world.says_hello = True
        await stage.up()

    play(scene, None, lambda world: control.change(world, SlackSettings(says_hello=False)))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (SlackSettings(tokens=["xoxb-other"]), "channel.bot_token"),
        (SlackSettings(app_tokens=["xapp-other"]), "channel.app_token"),
    ],
    ids=["bot token", "app token"],
)
def test_what_the_owner_has_to_put_right_is_said_and_not_hammered(
    settings: SlackSettings, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(stage: Stage) -> None:
        await until(lambda: words in (stage.channel.contact.problem or ""))
        assert not stage.channel.contact.curable
        await asyncio.sleep(0.3)
        assert [call.method for call in stage.world.calls].count("auth.test") == 1
        assert caplog.text.count(words) == 1
        assert defaults.SLACK_TOKEN not in caplog.text + repr(stage.channel.contact.problem)

    play(scene, None, lambda world: control.change(world, settings))


@pytest.mark.parametrize("how", ["tokens", "link_disabled"])
def test_an_app_that_is_shut_off_while_running_says_so(how: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        if how == "tokens":
            control.change(stage.world, SlackSettings(tokens=[]))
        else:
            socket.order(stage.world, how)
        words = {"tokens": "channel.bot_token", "link_disabled": "Socket Mode is switched off"}[how]
        await until(lambda: words in (stage.channel.contact.problem or ""), 10)
        assert not stage.channel.contact.curable

    play(scene)


def test_refusals_say_whether_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.channels.slack_api.CALL_S", 1.0)

    async def scene(stage: Stage) -> None:
        await stage.up()
        for channel, words in (("C0UNKNOWN", "channel_not_found"), (ELSEWHERE, "not_in_channel")):
            with pytest.raises(RejectedError, match=words):
                await stage.channel.send(Outbound("slack", channel, "hi"))
        with pytest.raises(RejectedError, match="msg_too_long"):
            await stage.channel.send(Outbound("slack", stage.world.direct(OWNER), "x" * 40_001))
        for fault in (
            SlackFault(kind="error", method="chat.postMessage", status=429, seconds=7),
            SlackFault(kind="error", method="chat.postMessage", error="internal_error"),
            SlackFault(kind="error", method="chat.postMessage", status=503),
            SlackFault(kind="silence", method="chat.postMessage"),
            SlackFault(kind="reset", method="chat.postMessage", times=9),
        ):
            stage.world.faults.append(fault)
            with pytest.raises(ChannelError) as caught:
                await stage.channel.send(Outbound("slack", DM, "hi"))
            assert not isinstance(caught.value, RejectedError), fault
            assert caught.value.retry_after == (7 if fault.status == 429 else None)
            stage.world.faults.clear()
        await stage.channel.send(Outbound("slack", DM, "through"))
        assert stage.shown()[-1].text == "through"

    play(scene)


def test_a_scope_that_is_missing_is_said_once_and_costs_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    heard = Heard({f"slack:{DM}": "1.0"}, [OWNER])

    async def scene(stage: Stage) -> None:
        await stage.up()
        socket.order(stage.world, "refresh_requested")
        await until(lambda: stage.world.opened == 2)
        stage.writes("hello")
        await stage.heard.until(1)
        assert caplog.text.count("the app lacks a scope: im:history") == 1

    def without(world: World) -> None:
        world.direct(OWNER)
        world.scopes.discard("im:history")

    play(scene, heard, without)


def test_the_manifest_asks_for_what_the_channel_uses() -> None:
    printed = CliRunner().invoke(cli.main, ["slack-manifest"])
    manifest = json.loads(printed.output)
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    assert {method.scope for method in METHODS.values() if method.scope} <= scopes
    assert manifest["settings"]["socket_mode_enabled"]
    (command,) = manifest["features"]["slash_commands"]
    assert all(name in command["usage_hint"] for name in COMMANDS)
