"""getUpdates of the Telegram stand-in: waking, confirming, and the quarrel of two pollers."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from tests.fakes import defaults
from tests.fakes.standins import StandIns
from tests.fakes.wire import UserMessage

OWNER = defaults.OWNER_ID


def play(scenario: Callable[[Bot, StandIns], Awaitable[Any]]) -> Any:
    """Runs a scenario with a bot to whom nobody has written."""

    async def run() -> Any:
        async with StandIns() as fakes:
            base = fakes.url(defaults.TELEGRAM_HOST)
            # one connection for each of the pollers that a test lets quarrel
            polling = HTTPXRequest(connection_pool_size=4)
            async with Bot(defaults.TELEGRAM_TOKEN, base_url=f"{base}/bot", get_updates_request=polling) as bot:
                return await scenario(bot, fakes)

    return asyncio.run(run())


def write(fakes: StandIns, *texts: str) -> list[int]:
    """The owner writes; the numbers of the updates."""
    sent = [fakes.state.telegram.user_writes(UserMessage(user_id=OWNER, text=text)) for text in texts]
    return [one.update_id or 0 for one in sent]


def texts_of(updates: tuple[Update, ...]) -> list[str]:
    """What was written."""
    return [update.message.text or "" for update in updates if update.message]


def test_a_waiting_poll_wakes_at_once() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> float:
        poll = asyncio.create_task(bot.get_updates(timeout=20))
        await asyncio.sleep(0.1)
        began = time.perf_counter()
        write(fakes, "wake up")
        assert texts_of(await poll) == ["wake up"]
        return time.perf_counter() - began

    assert play(scenario) < 0.25


def test_updates_stay_until_a_later_offset_confirms_them() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        first, second, third = write(fakes, "one", "two", "three")
        assert texts_of(await bot.get_updates(limit=2)) == ["one", "two"]
        assert texts_of(await bot.get_updates(offset=second)) == ["two", "three"]
        assert texts_of(await bot.get_updates(offset=first)) == ["two", "three"], "a confirmed update never comes back"
        assert texts_of(await bot.get_updates(offset=-1)) == ["three"], "a negative offset keeps the newest"
        assert (await bot.get_webhook_info()).pending_update_count == 1
        assert await bot.get_updates(offset=third + 1, timeout=1) == ()

    play(scenario)


def test_only_the_kinds_asked_for_arrive() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> list[str]:
        await bot.get_updates(allowed_updates=["callback_query"])
        assert write(fakes, "unseen") == [0]
        await bot.get_updates(offset=1, allowed_updates=["message"])
        write(fakes, "seen")
        return texts_of(await bot.get_updates(offset=2))

    assert play(scenario) == ["seen"]


def test_a_second_poller_ends_the_first_and_takes_its_place() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        first = asyncio.create_task(bot.get_updates(timeout=20))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(bot.get_updates(offset=7, timeout=20))
        with pytest.raises(Conflict, match="terminated by other getUpdates request; make sure that only one bot"):
            await first
        write(fakes, "for the second")
        assert texts_of(await second) == ["for the second"]

    play(scenario)


def test_repeated_conflicts_are_held_back() -> None:
    async def scenario(bot: Bot, _fakes: StandIns) -> float:
        polls = []
        for offset in (1, 2, 3):
            polls.append(asyncio.create_task(bot.get_updates(offset=offset, timeout=20)))
            await asyncio.sleep(0.1)
        began = time.perf_counter()
        with pytest.raises(Conflict):
            await polls[0]
        with pytest.raises(Conflict):
            await polls[1]
        polls[2].cancel()
        return time.perf_counter() - began

    assert 2.5 < play(scenario) < 4


def test_asking_for_the_same_again_at_once_has_to_wait() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> float:
        await bot.get_updates(offset=1)
        began = time.perf_counter()
        second = asyncio.create_task(bot.get_updates(offset=1))
        await asyncio.sleep(0.3)
        assert not second.done()
        write(fakes, "x")
        await second
        return time.perf_counter() - began

    assert play(scenario) < 1


def test_a_webhook_and_polling_exclude_each_other() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        await bot.set_webhook("https://example.org/hook")
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()
        write(fakes, "kept")
        await bot.delete_webhook()
        assert texts_of(await bot.get_updates()) == ["kept"]
        with pytest.raises(TelegramError, match=r"(?i)an https url must be provided"):
            await bot.set_webhook("http://example.org")

    play(scenario)


def test_revoking_the_token_ends_the_poll() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        poll = asyncio.create_task(bot.get_updates(timeout=20))
        await asyncio.sleep(0.1)
        fakes.state.telegram.set_tokens(set())
        with pytest.raises(InvalidToken):
            await asyncio.wait_for(poll, 2)

    play(scenario)


def test_groups_and_answers() -> None:
    async def scenario(bot: Bot, fakes: StandIns) -> None:
        order = UserMessage(user_id=OWNER, text="hi all", chat_id=-1001, chat_type="supergroup", username="ola")
        first = fakes.state.telegram.user_writes(order)
        order.text, order.reply_to = "me again", first.message_id
        fakes.state.telegram.user_writes(order)
        message = (await bot.get_updates())[1].message
        assert message is not None
        assert message.from_user is not None
        assert message.reply_to_message is not None
        assert (message.chat.id, message.chat.type, message.from_user.username) == (-1001, "supergroup", "ola")
        assert message.reply_to_message.text == "hi all"

    play(scenario)
