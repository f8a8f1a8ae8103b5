"""The whole gateway, as a process: deaf, it ends itself, and started anew it answers what was written meanwhile."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from agent.gateway import watchdog
from tests.chats import CHANNELS, Chat, chats
from tests.fakes import defaults, thread
from tests.unit.gateway import process


@pytest.mark.parametrize("place", range(len(CHANNELS)), ids=[str(channel["type"]) for channel in CHANNELS])
def test_a_channel_that_fell_silent_ends_it_and_after_the_restart_nothing_is_lost(tmp_path: Path, place: int) -> None:
    with thread.running() as fakes:
        fakes.discord_settings(heartbeat_ms=400)
        urls, chat = fakes.ping(), chats(fakes)[place]
        config = _config(urls, place)
        with process.run(tmp_path, config, urls) as gateway:
            _until(lambda: "connected, listening" in (tmp_path / "log").read_text(), tmp_path)
            chat.write("one")
            _until(lambda: _answers(chat, "one") == 1, tmp_path)
            for host in chat.hosts:
                fakes.network(host, "silence")
            if chat.name == "slack":
                fakes.slack_socket("silence")
            elif chat.name == "discord":
                fakes.discord_gateway("silence")
            chat.write("two")
            assert gateway.wait(30) == watchdog.EXIT_CODE
        for host in chat.hosts:
            fakes.network(host, "ok")
        with process.run(tmp_path, config, urls):  # which is what Docker does
            _until(lambda: _answers(chat, "two") == 1, tmp_path)
            time.sleep(0.3)
        assert (_answers(chat, "one"), _answers(chat, "two")) == (1, 1)
    log = (tmp_path / "log").read_text()
    assert f"watchdog: {chat.name} has been deaf" in log
    assert "Traceback" not in log


def test_what_ends_it_unforeseen_is_a_line_of_the_log(tmp_path: Path) -> None:
    with thread.running() as fakes:
        urls, (telegram, _, _) = fakes.ping(), chats(fakes)
        with process.run(tmp_path, _config(urls, 0), urls) as gateway:
            _until(lambda: "connected, listening" in (tmp_path / "log").read_text(), tmp_path)
            with contextlib.closing(sqlite3.connect(tmp_path / "state.db")) as database:
                database.execute("DROP TABLE inbox")
            telegram.write("hello")
            assert gateway.wait(10) == 1
    log = (tmp_path / "log").read_text()
    assert (
        log.splitlines()[-1]
        .partition("gateway: ")[2]
        .startswith("the gateway ends, and Docker starts it anew: OperationalError: no such table: inbox at ")
    )
    assert "Traceback" not in log


def test_the_language_of_config_json_is_spoken_to_everybody(tmp_path: Path) -> None:
    with thread.running() as fakes:
        urls, (telegram, _, _) = fakes.ping(), chats(fakes)
        with process.run(tmp_path, {**_config(urls, 0), "assistant": {"language": "pl"}}, urls):
            telegram.write("/new")
            _until(lambda: _answers(telegram, "Nowa rozmowa") == 1, tmp_path)


def _config(urls: Mapping[str, str], place: int) -> dict[str, object]:
    model = {"provider": "openai", "api_key": defaults.OPENAI_KEY, "model": defaults.OPENAI_MODEL}
    return {"llm": {**model, "api_base": f"{urls[defaults.OPENAI_HOST]}/v1"}, "channel": CHANNELS[place]}


def _answers(chat: Chat, word: str) -> int:
    return sum(word in one.text and not one.text.endswith("…") for one in chat.shown())


def _until(condition: Callable[[], bool], folder: Path, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, (folder / "log").read_text()[-2000:]
        time.sleep(0.05)
