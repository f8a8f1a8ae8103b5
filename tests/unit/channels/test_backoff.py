"""What all channels wait between attempts: longer each time, never longer than said, never all at the same moment."""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yarl

from agent.channels.base import OWNER_WAIT_S, Channel, backoff
from agent.channels.discord.channel import DiscordChannel
from agent.channels.discord.parts import DiscordWebSocket, Route
from agent.channels.slack.channel import SlackChannel
from agent.channels.telegram import trouble as telegram_trouble
from agent.channels.telegram.channel import TelegramChannel
from tests.fakes import defaults
from tests.fakes.standins import StandIns
from tests.unit.channels.heard import Heard, until

LONGEST = 60.0
MANY = 400


def waits(failures: int, longest: float = LONGEST) -> list[float]:
    """What many that failed so often in a row would wait."""
    return [backoff(failures, longest) for _ in range(MANY)]


@pytest.mark.parametrize("failures", [1, 3, 6, 7, 20, 10_000])
def test_those_who_fail_together_do_not_come_back_together(failures: int) -> None:
    found = waits(failures)
    assert len(set(found)) > MANY * 0.9
    assert max(found) / min(found) > 1.5
    assert min(found) >= 0.5
    tenths = statistics.quantiles(found, n=10)
    gaps = [after - before for before, after in itertools.pairwise(tenths)]
    assert max(gaps) < 3 * min(gaps), "spread evenly, not in heaps"


@pytest.mark.parametrize("longest", [0.5, 15.0, LONGEST, 300.0])
def test_no_wait_is_longer_than_the_longest(longest: float) -> None:
    assert max(wait for failures in (1, 4, 7, 9, 12, 10_000) for wait in waits(failures, longest)) <= longest


def test_each_failure_doubles_the_wait_until_the_longest() -> None:
    means = [statistics.fmean(waits(failures)) for failures in range(1, 12)]
    for before, after in itertools.pairwise(means[:6]):
        assert after / before == pytest.approx(2, rel=0.15)
    assert means[-1] == pytest.approx(means[-2], rel=0.1)
    assert means[-1] > LONGEST / 2


def telegram(fakes: StandIns, _: pytest.MonkeyPatch) -> Channel:
    return TelegramChannel(defaults.TELEGRAM_TOKEN, f"{fakes.url(defaults.TELEGRAM_HOST)}/bot")


def discord(fakes: StandIns, monkeypatch: pytest.MonkeyPatch) -> Channel:
    monkeypatch.setattr(Route, "BASE", f"{fakes.url(defaults.DISCORD_HOST)}/api/v10")
    gateway = fakes.url(defaults.DISCORD_GATEWAY_HOST).replace("http", "ws")
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(gateway))
    return DiscordChannel(defaults.DISCORD_TOKEN)


def slack(fakes: StandIns, _: pytest.MonkeyPatch) -> Channel:
    return SlackChannel(defaults.SLACK_TOKEN, defaults.SLACK_APP_TOKEN, f"{fakes.url(defaults.SLACK_HOST)}/api/")


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What was slept for so far, of seconds that pass a thousand times as fast."""
    found: list[float] = []
    sleep = asyncio.sleep

    async def quick(seconds: float, *more: Any) -> None:
        if 0.4 <= seconds < OWNER_WAIT_S:  # which Slack's token is looked at after
            found.append(seconds)
        await sleep(seconds / 1000, *more)

    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "sleep", quick)
        yield found


@pytest.mark.parametrize(
    ("make", "host", "longest"),
    [
        (telegram, defaults.TELEGRAM_HOST, telegram_trouble._LONGEST_WAIT_S),
        (discord, defaults.DISCORD_HOST, LONGEST),
        (slack, defaults.SLACK_HOST, LONGEST),
    ],
    ids=["telegram", "discord", "slack"],
)
def test_a_channel_whose_service_is_away_waits_so(
    make: Callable[[StandIns, pytest.MonkeyPatch], Channel],
    host: str,
    longest: float,
    slept: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def outage(seed: int) -> list[float]:
        slept.clear()
        random.seed(seed)
        async with StandIns() as fakes:
            channel = make(fakes, monkeypatch)
            await fakes.host(host).set_mode("refuse")
            listening = asyncio.create_task(channel.run(Heard()))
            await until(lambda: len(slept) >= 10, 20)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await channel.aclose()
        return slept[:10]

    first, second = asyncio.run(outage(1)), asyncio.run(outage(2))
    for found in (first, second):
        assert max(found) <= longest
        assert found[0] <= 1 < found[3]
        assert min(found[-2:]) >= longest / 2
    assert all(one != other for one, other in zip(first, second, strict=True)), "two bots, the same outage"
