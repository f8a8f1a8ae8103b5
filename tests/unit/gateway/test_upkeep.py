"""What is forgotten with time, and what never is."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from agent.gateway import upkeep
from agent.store.tasks import Tasks
from tests.unit.channels.heard import until
from tests.unit.gateway.world import World


def test_old_messages_and_turns_go_and_the_newest_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_FIRST_S", 0.0)
    monkeypatch.setattr(upkeep, "_PAUSE_S", 0.0)
    monkeypatch.setattr(upkeep, "KEPT_CHARS", 300)

    async def whole() -> None:
        async with World(tmp_path) as world:
            for number in range(20):
                world.write(f"m{number}")
            world.write("alone", chat="8")
            await world.idle()
            long_ago = time.time() - upkeep.KEPT_S - 60
            world.database.execute("UPDATE inbox SET done_at = ?", (long_ago,))
            world.database.execute("UPDATE outbox SET sent_at = ?", (long_ago,))
            (tmp_path / "spool" / "left over").write_text("x")
            running = asyncio.create_task(upkeep.run(world.mailbox, world.sessions, world.spool, Tasks(world.database)))
            await until(lambda: len(world.sessions.newest("telegram:7", 10_000).messages) < 40)
            await asyncio.sleep(0.05)
            running.cancel()
            kept = world.sessions.newest("telegram:7", 10_000).messages
            assert kept[-1]["content"] == "re: m19"
            assert kept[0]["role"] == "user", "whole turns"
            assert sum(len(str(message)) for message in kept) < 1000
            assert len(world.sessions.newest("telegram:8", 10_000).messages) == 2
            left = world.database.execute("SELECT chat_id, count(*) FROM inbox GROUP BY chat_id").fetchall()
            assert sorted(left) == [("7", 1), ("8", 1)], "the newest of each chat is known"
            assert list((tmp_path / "spool").iterdir()) == []

    asyncio.run(whole())
