"""The Discord stand-in proven by discord.py's own Client: it logs in, hears, answers, loads files, and comes back."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.fakes import defaults
from tests.fakes.discord import users
from tests.fakes.discord.objects import GENERAL, ROLE
from tests.fakes.pictures import picture
from tests.fakes.standins import StandIns
from tests.fakes.wire import (
    Attachment,
    DiscordCommand,
    DiscordEdit,
    DiscordMessage,
    DiscordOrder,
    DiscordSettings,
)

OWNER = defaults.DISCORD_OWNER_ID
Scene = Callable[[StandIns, "Bot"], Awaitable[None]]


class Bot(discord.Client):
    """Keeps what it hears."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, messages=True, message_content=True), guild_ready_timeout=0.1
        )
        self.heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    async def on_message(self, message: discord.Message) -> None:
        if message.author != self.user:
            self.heard.put_nowait(("message", message))

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        if int(payload.data["author"]["id"]) == int(OWNER):
            self.heard.put_nowait(("edit", payload))

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        self.heard.put_nowait(("delete", payload))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.heard.put_nowait(("interaction", interaction))

    async def on_resumed(self) -> None:
        self.heard.put_nowait(("resumed", None))

    async def next(self, kind: str) -> Any:
        async with asyncio.timeout(10):
            found, what = await self.heard.get()
        assert found == kind
        return what


@asynccontextmanager
async def connected() -> AsyncIterator[Bot]:
    bot = Bot()
    running = asyncio.create_task(bot.start(defaults.DISCORD_TOKEN))
    try:
        async with asyncio.timeout(10):
            await asyncio.wait([asyncio.create_task(bot.wait_until_ready()), running], return_when="FIRST_COMPLETED")
        yield bot
    finally:
        await bot.close()
        await asyncio.gather(running, return_exceptions=True)


def play(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def whole() -> None:
        async with StandIns() as fakes:
            point_at(fakes, monkeypatch)
            async with connected() as bot:
                await scene(fakes, bot)

    asyncio.run(whole())


def point_at(fakes: StandIns, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py take the stand-ins for Discord."""
    monkeypatch.setattr(Route, "BASE", f"{fakes.url(defaults.DISCORD_HOST)}/api/v10")
    gateway = yarl.URL(fakes.url(defaults.DISCORD_GATEWAY_HOST).replace("http", "ws"))
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", gateway)


def test_a_bot_knows_its_server_and_talks_in_private(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(fakes: StandIns, bot: Bot) -> None:
        assert [guild.name for guild in bot.guilds] == ["Lab"]
        assert bot.guilds[0].self_role is not None
        sent = users.writes(fakes.state.discord, DiscordMessage(user_id=OWNER, text="hello"))
        heard: discord.Message = await bot.next("message")
        assert (heard.content, str(heard.id), heard.guild) == ("hello", sent.id, None)
        async with heard.channel.typing():
            answer = await heard.reply("hi", mention_author=True)
        await answer.edit(content="hi there")
        shown = fakes.state.discord.messages(sent.channel.id)[-1]
        assert (shown.content, shown.edits, shown.pinged) == ("hi there", 1, [OWNER])
        assert shown.answers is not None
        assert shown.answers.id == sent.id
        assert [one.content async for one in heard.channel.history(oldest_first=True)] == ["hello", "hi there"]
        await answer.delete()
        assert (await bot.next("delete")).message_id == answer.id

    play(scene, monkeypatch)


def test_mentions_replies_edits_and_deletions_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(fakes: StandIns, bot: Bot) -> None:
        world = fakes.state.discord
        text = f"<@{defaults.DISCORD_BOT_ID}> and <@&{ROLE}>, @everyone"
        first = users.writes(world, DiscordMessage(user_id=OWNER, text=text, channel=GENERAL))
        heard: discord.Message = await bot.next("message")
        assert heard.mentions == [bot.user]
        assert [role.id for role in heard.role_mentions] == [int(ROLE)]
        assert heard.mention_everyone
        answering = DiscordMessage(user_id=OWNER, text="and?", channel=GENERAL, reply_to=first.id)
        second = users.writes(world, answering)
        answer: discord.Message = await bot.next("message")
        assert answer.reference is not None
        assert isinstance(answer.reference.resolved, discord.Message)
        assert answer.reference.resolved.content == text
        users.edits(world, DiscordEdit(id=second.id, text="or?"))
        assert (await bot.next("edit")).data["content"] == "or?"
        users.edits(world, DiscordEdit(id=second.id, text=None))
        assert str((await bot.next("delete")).message_id) == second.id

    play(scene, monkeypatch)


def test_files_go_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(fakes: StandIns, bot: Bot) -> None:
        world = fakes.state.discord
        image = Attachment(name="my red.png", content=picture(40, 20), mime_type="image/png")
        sent = users.writes(world, DiscordMessage(user_id=OWNER, attachments=[image]))
        heard: discord.Message = await bot.next("message")
        (attached,) = heard.attachments
        assert (attached.filename, attached.width, attached.height) == ("my_red.png", 40, 20)
        assert await attached.read() == picture(40, 20)
        await heard.channel.send("here", files=[discord.File(io.BytesIO(b"abc" * 1000), "data.bin")])
        shown = world.messages(sent.channel.id)[-1]
        assert [(file.name, len(file.content)) for file in shown.files] == [("data.bin", 3000)]
        with pytest.raises(discord.HTTPException) as refused:
            await heard.channel.send(file=discord.File(io.BytesIO(bytes(10 * 1024 * 1024 + 1)), "large.bin"))
        assert (refused.value.status, refused.value.code) == (413, 40005)

    play(scene, monkeypatch)


def test_a_command_of_the_menu_is_ordered_and_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(fakes: StandIns, bot: Bot) -> None:
        world = fakes.state.discord
        tree = discord.app_commands.CommandTree(bot)

        @tree.command(name="status", description="how I am doing")
        async def status(interaction: discord.Interaction, detail: str = "") -> None:
            await interaction.response.send_message(f"fine {detail}", ephemeral=True)
            await interaction.followup.send("and more", ephemeral=True)

        await tree.sync()
        users.commands(world, DiscordCommand(user_id=OWNER, name="status", argument="all"))
        await bot.next("interaction")
        await world.changed.until(lambda: [one for one in world.interactions.given.values() if one.answer], 5)
        (given,) = world.interactions.given.values()
        assert (given.answer, given.text, given.flags) == (4, "fine all", 64)

    play(scene, monkeypatch)


def test_a_lost_connection_is_resumed_and_misses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(fakes: StandIns, bot: Bot) -> None:
        world = fakes.state.discord
        world.hub.order(DiscordOrder(action="reconnect"))
        users.writes(world, DiscordMessage(user_id=OWNER, text="meanwhile"))
        assert (await bot.next("message")).content == "meanwhile"
        await bot.next("resumed")
        assert (world.hub.identifies, world.hub.resumed) == (1, 1)

    play(scene, monkeypatch)


def test_the_intent_that_is_switched_off_ends_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    async def whole() -> None:
        async with StandIns() as fakes:
            point_at(fakes, monkeypatch)
            fakes.state.discord.change(DiscordSettings(message_content=False))
            async with Bot() as bot:
                with pytest.raises(discord.PrivilegedIntentsRequired):
                    await bot.start(defaults.DISCORD_TOKEN)

    asyncio.run(whole())


def test_a_wrong_token_ends_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    async def whole() -> None:
        async with StandIns() as fakes:
            point_at(fakes, monkeypatch)
            fakes.state.discord.change(DiscordSettings(tokens=["another"]))
            async with Bot() as bot:
                with pytest.raises(discord.LoginFailure):
                    await bot.start(defaults.DISCORD_TOKEN)

    asyncio.run(whole())
