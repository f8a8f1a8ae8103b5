"""The flow, played scene by scene."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.gateway import progress
from agent.tools.registry import Tool
from tests.unit.gateway.world import Chat, Model, World

Scene = Callable[[World], Awaitable[None]]


@pytest.fixture
def drafts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not after a second or two."""
    monkeypatch.setattr(progress, "TEXT_AFTER_S", 0.01)
    monkeypatch.setattr(progress, "TOOLS_AFTER_S", 0.01)


@pytest.fixture
def play(tmp_path: Path, drafts_at_once: None) -> Callable[..., Chat]:  # noqa: ARG001
    """Runs a scene in a world; another one over the same state is what a restart finds."""
    chat = Chat()

    def run(scene: Scene, model: Model | None = None, *tools: Tool[Any]) -> Chat:
        async def whole() -> None:
            async with World(tmp_path, chat, model).with_tools(*tools) as world:
                await scene(world)

        asyncio.run(whole())
        return chat

    return run
