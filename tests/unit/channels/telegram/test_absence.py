"""Telegram keeps a day of messages: what a longer absence has cost is said, and nothing else is."""

from __future__ import annotations

import time

import pytest

from agent.channels.telegram.absence import ASKED, KEPT_S, Absence
from agent.channels.telegram.channel import TelegramChannel
from tests.fakes.standins import StandIns
from tests.unit.channels.heard import Heard, until
from tests.unit.channels.telegram.stage import OWNER, hasty, play, write


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty(monkeypatch)


def ago(seconds: float) -> Heard:
    """What a gateway has stored that listened last so long ago."""
    return Heard({ASKED: f"{time.time() - seconds:.0f}"}, allowed=[OWNER])


def test_an_absence_longer_than_telegram_keeps_messages_is_said_once_before_anything_is_answered() -> None:
    heard = ago(50 * 3600)

    async def scene(fakes: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        write(fakes, "hello?")
        await heard.until(1)
        await until(lambda: channel.contact.problem is None)
        assert [chat for chat, _ in heard.told] == [OWNER]
        assert heard.told[0][1].startswith("I was away for 50 hours. Telegram keeps what is written to a bot for 24 h")

    play(scene, heard=heard)
    play(scene, heard=heard)  # started again, it has listened a moment ago


@pytest.mark.parametrize("heard", [Heard(allowed=[OWNER]), ago(KEPT_S / 2), ago(-KEPT_S)], ids=["new", "short", "odd"])
def test_who_was_not_away_for_so_long_says_nothing(heard: Heard) -> None:
    async def scene(_: StandIns, channel: TelegramChannel, heard: Heard) -> None:
        await until(lambda: channel.contact.problem is None)
        assert heard.told == []
        assert abs(time.time() - float(heard.stored[ASKED])) < 5

    play(scene, heard=heard)


def test_an_outage_counts_and_a_clock_that_jumps_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, now = Heard(allowed=[OWNER]), time.monotonic()
    clock, wall = [now], time.time
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    away = Absence(heard)
    away.ended()
    monkeypatch.setattr(time, "time", lambda: wall() + 10 * KEPT_S)
    clock[0] += 700
    away.ended()
    assert heard.told == []
    clock[0] += KEPT_S + 3600
    away.ended()
    away.ended()
    assert [words.partition(".")[0] for _, words in heard.told] == ["I was away for 25 hours"]
