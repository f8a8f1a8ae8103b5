"""Tasks that run beside: held until they end, and ended with who started them."""

from __future__ import annotations

import asyncio
import gc

from agent.background import Background


def test_what_nobody_else_holds_runs_to_its_end_and_is_let_go() -> None:
    async def scene() -> None:
        background, done = Background(), asyncio.Event()

        async def work() -> None:
            await asyncio.get_running_loop().create_task(asyncio.sleep(0.01))
            done.set()

        background.start(work())
        assert len(background) == 1
        gc.collect()
        await asyncio.wait_for(done.wait(), 1)
        await asyncio.sleep(0)
        assert len(background) == 0

    asyncio.run(scene())


def test_closing_waits_until_all_have_ended() -> None:
    async def scene() -> list[str]:
        background, ended = Background(), []

        async def work(name: str) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.01)
                ended.append(name)

        for name in "ab":
            background.start(work(name))
        await asyncio.sleep(0)
        await asyncio.wait_for(background.aclose(), 2)
        assert len(background) == 0
        return ended

    assert sorted(asyncio.run(scene())) == ["a", "b"]
