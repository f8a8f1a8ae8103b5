"""One message that the service does not take, whatever it answers, holds up neither its chat nor any other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent.channels.telegram.channel import TelegramChannel
from agent.gateway import delivery
from agent.gateway.delivery import SUSPECT_AFTER, Delivery
from agent.store.database import connect
from agent.store.mailbox import Inbound, Mailbox, Outbound
from agent.store.spool import Spool
from tests.fakes import defaults
from tests.fakes.standins import StandIns
from tests.fakes.telegram.world import World
from tests.fakes.wire import TelegramFault, UserMessage
from tests.unit.channels.heard import until

OWNER, OTHER = defaults.OWNER_ID, 4242
FOREVER = 10_000


def poison() -> TelegramFault:
    """Telegram breaks at this text, each time."""
    return TelegramFault(kind="error", method="sendMessage", says="poison", times=FOREVER)


class Stage:
    """An outbox, and Telegram's stand-in before which it is emptied."""

    def __init__(self, fakes: StandIns, folder: Path) -> None:
        self.world: World = fakes.state.telegram
        self.mailbox = Mailbox(connect(folder / "state.db"))
        self.channel = TelegramChannel(defaults.TELEGRAM_TOKEN, f"{fakes.url(defaults.TELEGRAM_HOST)}/bot")
        self.delivery = Delivery(self.channel, self.mailbox, Spool(folder / "spool"))
        for user in (OWNER, OTHER):
            self.world.user_writes(UserMessage(user_id=user, text="hello"))
        asked = Inbound("telegram", str(OWNER), "1", str(OWNER), "1", "hello", language="pl")
        (self.turn,) = (one.id for one in self.mailbox.receive([asked]))

    def post(self, *texts: str, chat: int = OWNER) -> None:
        """Have the owner told, or whom else."""
        bodies = [self.channel.compose(text)[0] for text in texts]
        self.mailbox.post(Outbound("telegram", str(chat), body, turn=self.turn) for body in bodies)
        self.delivery.wake()

    def shown(self, chat: int = OWNER) -> list[str]:
        """What the bot has said there."""
        return [one.content.text for one in self.world.messages(chat) if one.sender is None]


def play(folder: Path, scene: Callable[[Stage], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with StandIns() as fakes:
            stage = Stage(fakes, folder)
            sending = asyncio.create_task(stage.delivery.run())
            try:
                await scene(stage)
                assert not sending.done()
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                await stage.channel.aclose()

    asyncio.run(whole())


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "backoff", lambda _: 0.01)


def test_what_fails_again_and_again_while_the_next_gets_through_is_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(stage: Stage) -> None:
        stage.world.faults.append(poison())
        stage.post("poison", "second", "third")
        stage.post("elsewhere", chat=OTHER)
        await until(lambda: len(stage.shown()) == 3)
        assert stage.shown()[:2] == ["second", "third"]
        assert stage.shown()[2].startswith("Nie udało mi się dostarczyć: wiadomość.")
        assert stage.shown(OTHER) == ["elsewhere"]
        attempts = sum("poison" in call.parameters.get("text", "") for call in stage.world.calls)
        assert attempts == SUSPECT_AFTER + 1
        await until(lambda: not stage.mailbox.unsent())

    caplog.set_level(logging.WARNING)
    play(tmp_path, scene)
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert [("fails again and again" in line, "is given up" in line) for line in errors] == [
        (True, False),
        (False, True),
    ]


def test_a_chat_that_is_refused_for_good_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        stage.world.blocked = {OWNER}
        stage.post("one", "two")
        stage.post("gone", chat=999)
        stage.post("elsewhere", chat=OTHER)
        await until(lambda: stage.shown(OTHER) == ["elsewhere"] and not stage.mailbox.unsent())
        assert not stage.shown()

    play(tmp_path, scene)


@pytest.mark.parametrize("kind", ["error", "reset", "429"])
def test_an_outage_is_sat_out_and_loses_nothing_and_keeps_the_order(tmp_path: Path, kind: str) -> None:
    fault = TelegramFault(kind="reset" if kind == "reset" else "error", method="sendMessage", times=FOREVER)
    if kind == "429":
        fault.status, fault.parameters = 429, {"retry_after": 0}

    async def scene(stage: Stage) -> None:
        stage.world.faults.append(fault)
        stage.post("one", "two", "three")
        await until(lambda: sum(call.method == "sendMessage" for call in stage.world.calls) > 4 * SUSPECT_AFTER, 20)
        stage.world.faults.clear()
        await until(lambda: not stage.mailbox.unsent())
        assert stage.shown() == ["one", "two", "three"]

    play(tmp_path, scene)


def test_what_fails_alone_is_kept_until_something_follows(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        stage.world.faults.append(poison())
        stage.post("poison")
        await until(lambda: sum(call.method == "sendMessage" for call in stage.world.calls) > 2 * SUSPECT_AFTER)
        assert stage.mailbox.unsent() == 1
        stage.post("next")
        await until(lambda: len(stage.shown()) == 2)
        assert stage.shown()[0] == "next"

    play(tmp_path, scene)


def test_many_chats_with_such_a_message_leave_room_for_another(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        stage.world.faults.append(poison())
        for chat in range(5000, 5000 + 3 * delivery.AT_ONCE):
            stage.world.user_writes(UserMessage(user_id=chat, text="hello"))
            stage.post("poison", chat=chat)
        stage.post("elsewhere", chat=OTHER)
        await until(lambda: stage.shown(OTHER) == ["elsewhere"])

    play(tmp_path, scene)
