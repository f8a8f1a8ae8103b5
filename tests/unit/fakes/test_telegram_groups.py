"""Groups of the Telegram stand-in: privacy mode, topics that are lost, and what becomes of a group that is upgraded."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from telegram import Bot
from telegram.error import BadRequest, ChatMigrated

from tests.fakes import defaults
from tests.fakes.standins import StandIns
from tests.fakes.wire import TelegramSettings, UserMessage
from tests.unit.fakes.test_telegram import bot_of

GROUP = -5


def play(scenario: Callable[[Bot, StandIns], Awaitable[None]]) -> None:
    """Runs a scenario with a bot in a group where message 1 was written, in topic 7."""

    async def run() -> None:
        async with StandIns() as fakes, bot_of(fakes) as bot:
            await bot.get_updates(allowed_updates=["message"])
            write(fakes, "hello", topic=7)
            await scenario(bot, fakes)

    asyncio.run(run())


def write(fakes: StandIns, text: str, **more: Any) -> int | None:
    """Somebody writes in the group; the number of the update, None when the bot does not get to see it."""
    order = UserMessage(user_id=defaults.OWNER_ID, text=text, chat_id=GROUP, chat_type="supergroup", **more)
    return fakes.state.telegram.user_writes(order).update_id


def test_in_privacy_mode_a_bot_sees_what_is_addressed_to_it() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        fakes.state.telegram.change(TelegramSettings(privacy=True))
        assert not (await bot.get_me()).can_read_all_group_messages
        mine = await bot.send_message(GROUP, "mine")
        named = {"type": "text_mention", "offset": 0, "length": 3, "user": {"id": defaults.BOT_ID}}
        name = defaults.BOT_USERNAME
        seen = [
            write(fakes, text, **more) is not None
            for text, more in (
                ("among ourselves", {}),
                (f"hey @{name}", {}),
                (f"hey @{name}x", {}),
                ("/help", {}),
                (f"/help@{name}", {}),
                ("/help@another_bot", {}),
                ("Lab!", {"entities": [named]}),
                ("and?", {"reply_to": mine.message_id}),
                ("no", {"reply_to": 1}),
            )
        ]
        assert seen == [False, True, False, True, True, False, True, True, False]

    play(scenario)


def test_a_topic_that_is_lost_is_not_found() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        await bot.send_message(GROUP, "a", message_thread_id=7)
        fakes.state.telegram.change(TelegramSettings(lost_topics=[7]))
        with pytest.raises(BadRequest, match="thread not found"):
            await bot.send_message(GROUP, "b", message_thread_id=7)

    play(scenario)


def test_a_group_that_was_upgraded_says_where_it_is() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        fakes.state.telegram.change(TelegramSettings(moved={GROUP: -1001}))
        with pytest.raises(ChatMigrated) as caught:
            await bot.send_message(GROUP, "a")
        assert caught.value.new_chat_id == -1001
        assert (await bot.send_message(-1001, "a")).chat.type == "supergroup"

    play(scenario)


def test_a_quote_is_a_part_of_what_is_answered() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        write(fakes, "what", reply_to=1, quote="llo")
        (update,) = await bot.get_updates(offset=-1)
        assert update.message is not None
        assert update.message.quote is not None
        assert (update.message.quote.text, update.message.quote.position) == ("llo", 2)

    play(scenario)
