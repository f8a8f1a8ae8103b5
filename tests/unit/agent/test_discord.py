"""The Discord channel against the stand-in, through the real discord.py: what it hears and shows, how it returns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from agent.channels import discord as module
from agent.channels import discord_gateway
from agent.channels.base import ChannelError, Outbound, RejectedError
from agent.channels.discord import DiscordChannel
from tests.fakes import defaults
from tests.fakes.discord import control, gateway
from tests.fakes.discord.world import GENERAL, ROLE, StoredMessage, World
from tests.fakes.standins import StandIns
from tests.fakes.wire import Attachment, DiscordCommand, DiscordEdit, DiscordFault, DiscordMessage, DiscordSettings
from tests.unit.agent.heard import Heard, until

OWNER, BOT = defaults.DISCORD_OWNER_ID, defaults.DISCORD_BOT_ID
Scene = Callable[["Stage"], Awaitable[None]]


class Stage:
    """Stand-ins, a channel that listens, and what it has heard."""

    def __init__(self, fakes: StandIns, channel: DiscordChannel, heard: Heard) -> None:
        self.fakes = fakes
        self.world: World = fakes.state.discord
        self.channel = channel
        self.heard = heard
        self.dm = self.world.private_channel(OWNER).id

    async def up(self) -> None:
        """Connected, and caught up."""
        await until(lambda: self.channel.contact.problem is None and self.channel._held is None, 10)

    def writes(self, text: str = "", **more: Any) -> StoredMessage:
        """The owner writes."""
        return control.user_writes(self.world, DiscordMessage(**{"user_id": OWNER, "text": text, **more}))

    def shown(self, channel: str | None = None) -> list[StoredMessage]:
        """The bot's messages."""
        return [one for one in self.world.in_channel(channel or self.dm) if one.author == BOT]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off in hundredths of seconds; a server that is silent for a second is gone."""
    monkeypatch.setattr(module, "backoff", lambda _: 0.02)
    monkeypatch.setattr(module, "SERVERS_S", 0.5)
    monkeypatch.setattr(discord_gateway, "SILENCE_S", 1.0)
    monkeypatch.setattr(discord_gateway._State, "heartbeat_timeout", 1.0)
    monkeypatch.setattr(discord_gateway, "RESUMED_S", 1.0)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs a scene; `heard` of an earlier one is what the gateway has stored."""

    def run(scene: Scene, heard: Heard | None = None, prepare: Callable[[World], None] = lambda _: None) -> None:
        async def whole() -> None:
            async with StandIns() as fakes:
                monkeypatch.setattr(Route, "BASE", f"{fakes.url(defaults.DISCORD_HOST)}/api/v10")
                address = fakes.url(defaults.DISCORD_GATEWAY_HOST).replace("http", "ws")
                monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(address))
                fakes.state.discord.heartbeat_ms = 300
                prepare(fakes.state.discord)
                channel = DiscordChannel(defaults.DISCORD_TOKEN)
                desk = heard or Heard(allowed=[OWNER])
                listening = asyncio.create_task(channel.run(desk))
                try:
                    await scene(Stage(fakes, channel, desk))
                finally:
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)
                    await channel.aclose()

        asyncio.run(whole())

    return run


def test_private_messages_are_heard_in_order_and_the_place_is_stored_with_each(play: Callable[..., None]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        sent = [stage.writes(f"m{number}") for number in range(20)]
        await stage.heard.until(20)
        assert [message.text for message in stage.heard.messages] == [f"m{number}" for number in range(20)]
        assert stage.heard.stored[f"discord:{stage.dm}"] == sent[-1].id
        assert stage.heard.messages[0].private
        assert {message.user_id for message in stage.heard.messages} == {OWNER}

    play(scene)


def test_in_a_server_only_what_is_meant_for_it_is_heard(play: Callable[..., None]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        number = await stage.channel.draft(GENERAL, "mine", None, None)
        other = stage.writes("among ourselves", channel=GENERAL)
        stage.writes(f"<@{BOT}> hello", channel=GENERAL)
        stage.writes(f"hey <@&{ROLE}>, you too", channel=GENERAL)
        stage.writes("@everyone look", channel=GENERAL)
        stage.writes("and then?", channel=GENERAL, reply_to=number)
        stage.writes("no", channel=GENERAL, reply_to=other.id)
        stage.writes(f"<@!{BOT}> what is it?", channel=GENERAL, reply_to=other.id)
        stage.writes(f"<@{BOT}> in here", thread="830000000000000001")
        stage.writes("pinned something", channel=GENERAL, type=6)
        await stage.heard.until(5)
        stage.writes("end")
        await stage.heard.until(6)
        messages = stage.heard.messages[:5]
        assert [one.text for one in messages] == ["hello", "hey, you too", "and then?", "what is it?", "in here"]
        assert [one.quoted for one in messages] == ["", "", "", "among ourselves", ""]
        assert messages[4].chat_id == "830000000000000001"
        assert not any(one.private for one in messages)

    play(scene)


def test_edits_and_deletions_are_told_and_previews_are_no_edits(play: Callable[..., None]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        first, second = stage.writes("https://x.y"), stage.writes("oops")
        control.user_edits(stage.world, DiscordEdit(id=first.id, text="https://x.y", user_edit=False))
        control.user_edits(stage.world, DiscordEdit(id=first.id, text="better"))
        control.user_edits(stage.world, DiscordEdit(id=second.id, text=None))
        await until(lambda: len(stage.heard.edits) == 2)
        assert [(one.message_id, one.text) for one in stage.heard.edits] == [(first.id, "better"), (second.id, None)]

    play(scene)


def test_what_was_said_while_nobody_listened_comes_first_and_once(play: Callable[..., None]) -> None:
    heard = Heard(allowed=[OWNER])
    kept: list[StoredMessage] = []

    async def before(stage: Stage) -> None:
        await stage.up()
        kept.append(stage.writes("before"))
        await heard.until(1)

    def away(world: World) -> None:
        dm = world.private_channel(OWNER)
        kept[0].channel = dm
        world.store(kept[0])
        for number in range(150):
            control.user_writes(world, DiscordMessage(user_id=OWNER, text=f"missed {number}"))
        control.user_writes(world, DiscordMessage(user_id=OWNER, text=f"<@{BOT}> server", channel=GENERAL))
        control.user_writes(world, DiscordMessage(user_id=OWNER, text="not meant", channel=GENERAL))

    async def after(stage: Stage) -> None:
        await until(lambda: stage.world.identifies == 1)
        stage.writes("live")
        await heard.until(153, 10)
        texts = [message.text for message in heard.messages]
        assert [one for one in texts if one != "server"] == ["before", *(f"missed {n}" for n in range(150)), "live"]
        assert texts.count("server") == 1

    play(before, heard)
    play(after, heard, away)


def test_first_contact_is_not_a_flood_of_old_messages(play: Callable[..., None]) -> None:
    def old(world: World) -> None:
        for number in range(5):
            control.user_writes(world, DiscordMessage(user_id=OWNER, text=f"old {number}"))
        for one in world.messages.values():
            one.id = str(int(one.id) - (60_000 << 22))
        world.messages = {one.id: one for one in world.messages.values()}

    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.writes("new")
        await stage.heard.until(1)
        assert [message.text for message in stage.heard.messages] == ["new"]

    play(scene, None, old)


def test_a_draft_is_edited_and_replaced_by_the_answer(play: Callable[..., None]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        asked = stage.writes("tell me")
        shown = await stage.channel.draft(stage.dm, "Once …", None, asked.id)
        assert await stage.channel.draft(stage.dm, "Once upon …", shown, asked.id) == shown
        await stage.channel.send(Outbound("discord", stage.dm, "Once.", edits=shown, id=1))
        (message,) = stage.shown()
        assert (message.content, message.edits, message.reply_to) == ("Once.", 2, asked.id)
        message.deleted = True
        await stage.channel.send(Outbound("discord", stage.dm, "Again.", edits=shown, id=2))
        assert stage.shown()[-1].content == "Again."

    play(scene)


def test_a_message_that_is_sent_again_after_a_crash_is_there_once(play: Callable[..., None]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        for _ in range(3):
            await stage.channel.send(Outbound("discord", stage.dm, "hi", id=7))
        await stage.channel.send(Outbound("discord", stage.dm, "hi", id=8))
        assert [one.content for one in stage.shown()] == ["hi", "hi"]

    play(scene)


def test_files_go_both_ways(play: Callable[..., None], tmp_path: Path) -> None:
    path, content = tmp_path / "1", bytes(range(256)) * 2000
    path.write_bytes(content)

    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.writes(
            "look",
            attachments=[
                Attachment(name="data.bin", content=content),
                Attachment(name="photo.jpg", content=b"\xff\xd8", mime_type="image/jpeg"),
            ],
        )
        await stage.heard.until(1)
        data, photo = stage.heard.messages[0].attachments
        assert (data.name, data.size, data.preview) == ("data.bin", len(content), "")
        assert "width=640" in photo.preview
        host = stage.fakes.url(defaults.DISCORD_CDN_HOST)
        stage.channel._hosts = ("127.0.0.1",)
        here = data.reference.replace(f"https://{defaults.DISCORD_CDN_HOST}", host)
        pieces = [piece async for piece in stage.channel.download(here)]
        assert b"".join(pieces) == content
        assert max(map(len, pieces)) <= 64 * 1024
        with pytest.raises(RejectedError, match="own hosts"):
            await anext(stage.channel.download("1/2/3 https://elsewhere.example/x"))
        await stage.channel.send(Outbound("discord", stage.dm, "here", file=str(path), file_name="notes.bin", id=3))
        (sent,) = stage.shown()
        assert (sent.content, sent.files[0].name, sent.files[0].content) == ("here", "notes.bin", content)
        with pytest.raises(RejectedError, match="not there any more"):
            await stage.channel.send(Outbound("discord", stage.dm, "", file=str(tmp_path / "gone")))

    play(scene)


def test_an_address_that_has_expired_is_asked_for_anew(play: Callable[..., None]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.writes("look", attachments=[Attachment(name="a.txt", content=b"content")])
        await stage.heard.until(1)
        (attachment,) = stage.heard.messages[0].attachments
        control.change(stage.world, DiscordSettings(expire_files=True))
        stage.channel._hosts = ("127.0.0.1",)
        host, found = stage.fakes.url(defaults.DISCORD_CDN_HOST), stage.channel._address_of

        async def here(where: str) -> str:
            return (await found(where)).replace(f"https://{defaults.DISCORD_CDN_HOST}", host)

        stage.channel._address_of = here  # type: ignore[method-assign]
        expired = attachment.reference.replace(f"https://{defaults.DISCORD_CDN_HOST}", host)
        assert b"".join([piece async for piece in stage.channel.download(expired)]) == b"content"

    play(scene)


def test_the_menu_is_registered_once_and_its_commands_are_heard(play: Callable[..., None]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        await until(lambda: bool(stage.world.menu))
        described = {one["name"]: one["description_localizations"]["pl"] for one in stage.world.menu}
        assert described["new"] == "zacznij nową rozmowę"
        control.user_commands(stage.world, DiscordCommand(user_id=OWNER, name="model", argument="2", locale="pl"))
        await stage.heard.until(1)
        (ordered,) = stage.heard.messages
        assert (ordered.text, ordered.language, ordered.private) == ("/model 2", "pl", True)
        await until(lambda: any(one.ephemeral for one in stage.shown()))
        stage.writes("dzień dobry")
        await stage.heard.until(2)
        assert stage.heard.messages[1].language == "pl", "as the menu has told"
        acknowledged = len(stage.shown())
        control.user_commands(stage.world, DiscordCommand(user_id="666000000000000001", name="status"))
        await stage.heard.until(3)
        await asyncio.sleep(0.2)
        assert len(stage.shown()) == acknowledged, "a stranger gets silence"
        gateway.order(stage.world, "invalid", 0)
        await until(lambda: stage.world.identifies == 2)
        await stage.up()
        assert [call.method for call in stage.world.calls if call.path.endswith("/commands")].count("PUT") == 1

    play(scene)


@pytest.mark.parametrize("action", ["drop", "silence", "reconnect", "invalid_resumable", "close"])
def test_a_connection_that_ends_is_resumed_and_nothing_is_missed(play: Callable[..., None], action: str) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        gateway.order(stage.world, action, 4000)
        stage.writes("meanwhile")
        await stage.heard.until(1, 10)
        await until(lambda: stage.world.resumed == 1, 10)
        stage.writes("after")
        await stage.heard.until(2)
        assert [one.text for one in stage.heard.messages] == ["meanwhile", "after"]
        assert stage.world.identifies == 1

    play(scene)


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "unanswered"])
def test_a_session_that_cannot_be_resumed_is_begun_anew(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch, *, refused: bool
) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.writes("before")
        await stage.heard.until(1)
        stage.world.resumes = False
        if not refused:
            monkeypatch.setattr(gateway.Connection, "_resume", lambda *_: None)
        gateway.order(stage.world, "drop", 0)
        stage.writes("meanwhile")
        await stage.heard.until(2, 15)
        assert stage.world.identifies == 2
        assert [one.text for one in stage.heard.messages] == ["before", "meanwhile"]

    play(scene)


def test_a_server_that_answers_no_heartbeat_is_left(play: Callable[..., None]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.world.acknowledges = False
        await until(lambda: stage.world.resumed >= 1, 10)
        stage.world.acknowledges = True
        stage.writes("hello")
        await stage.heard.until(1, 10)

    play(scene)


@pytest.mark.parametrize("mode", ["silence", "reset", "refuse"])
def test_a_network_that_fails_in_any_way_is_survived(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch, mode: Any
) -> None:
    monkeypatch.setattr(discord_gateway, "CONNECT_S", 0.5)
    monkeypatch.setattr("agent.channels.discord_rest.CALL_S", 1.0)

    async def scene(stage: Stage) -> None:
        await stage.up()
        hosts = [stage.fakes.host(name) for name in (defaults.DISCORD_HOST, defaults.DISCORD_GATEWAY_HOST)]
        for host in hosts:
            await host.set_mode(mode)
        gateway.order(stage.world, "drop", 0)
        stage.writes("meanwhile")
        await until(lambda: stage.channel.contact.problem is not None, 15)
        assert stage.channel.contact.curable
        for host in hosts:
            await host.set_mode("ok")
        await stage.heard.until(1, 15)
        await stage.up()

    play(scene)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (DiscordSettings(tokens=[]), "bot token"),
        (DiscordSettings(message_content=False), "Message Content Intent"),
    ],
    ids=["token", "intents"],
)
def test_what_the_owner_has_to_put_right_is_said_and_not_hammered(
    play: Callable[..., None], settings: DiscordSettings, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(stage: Stage) -> None:
        await until(lambda: words in (stage.channel.contact.problem or ""))
        assert not stage.channel.contact.curable
        await asyncio.sleep(0.3)
        assert len([call for call in stage.world.calls if call.path == "/users/@me"]) == 1
        assert caplog.text.count(words) == 1
        assert defaults.DISCORD_TOKEN not in caplog.text

    play(scene, None, lambda world: control.change(world, settings))


def test_a_token_that_is_revoked_while_running_is_said(play: Callable[..., None]) -> None:
    async def scene(stage: Stage) -> None:
        await stage.up()
        control.change(stage.world, DiscordSettings(tokens=[]))
        await until(lambda: "bot token" in (stage.channel.contact.problem or ""), 10)
        assert not stage.channel.contact.curable

    play(scene)


def test_refusals_say_whether_to_try_again(play: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.channels.discord_rest.CALL_S", 2.0)

    async def scene(stage: Stage) -> None:
        await stage.up()
        stage.world.faults.append(DiscordFault(kind="error", path="/messages", status=429, seconds=0.2))
        await stage.channel.send(Outbound("discord", stage.dm, "after a short wait", id=3))
        assert stage.shown()[-1].content == "after a short wait"
        with pytest.raises(RejectedError, match="Unknown Channel"):
            await stage.channel.send(Outbound("discord", "42", "hi", id=1))
        for fault in (
            DiscordFault(kind="error", path="/messages", status=429, seconds=40.0),
            DiscordFault(kind="error", path="/messages", status=503, times=5),
            DiscordFault(kind="silence", path="/messages"),
            DiscordFault(kind="reset", path="/messages"),
        ):
            stage.world.faults.append(fault)
            with pytest.raises(ChannelError) as caught:
                await stage.channel.send(Outbound("discord", stage.dm, "hi", id=2))
            assert not isinstance(caught.value, RejectedError), fault
            if fault.status == 429:
                assert caught.value.retry_after == 40.0
            stage.world.faults.clear()
        await until(lambda: len([call for call in stage.world.calls if call.path == "/users/@me"]) == 2, 10)
        await stage.up()  # four failures in a row: the connections are made anew

    play(scene)
