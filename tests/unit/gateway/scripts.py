"""The message flow with scripts beside the chat: the real socket, and the real `picoclaw task` at its other end."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent import task_cli
from agent.channels.script import ORDERER, ScriptChannel
from agent.gateway.access import Access
from agent.gateway.delivery import Delivery
from agent.gateway.desk import FrontDesk
from agent.gateway.redaction import Redaction
from agent.gateway.tasks import Orders
from agent.store.owners import Owners
from agent.store.tasks import Tasks
from tests.unit.gateway.world import OWNER, SECRET, Chat, Model, World


class ScriptWorld(World):
    """A world that scripts can reach; made again with the same address it is the gateway after a restart."""

    def __init__(
        self,
        folder: Path,
        chat: Chat | None = None,
        model: Model | None = None,
        address: str | None = None,
        owners: Sequence[str] = (OWNER,),
    ) -> None:
        self.address = address or f"\0picoclaw-test-{uuid.uuid4().hex}"
        super().__init__(folder, chat, model, owners)

    def _assemble(self) -> None:
        super()._assemble()
        redact, owners = Redaction([SECRET]), Owners(self.database)
        self.tasks = Tasks(self.database)
        self.orders = Orders(
            self.tasks, self.mailbox, self.sessions.of_turn, lambda _: self.delivery.wake(), redact
        )  # fmt: skip
        self.script = ScriptChannel(self.orders, self.address)
        self.script_delivery = Delivery(self.script, self.mailbox, self.spool)
        answers = self.conversations._answers
        answers._ended = self.orders.ended
        answers.ready = lambda name: (self.script_delivery if name == "script" else self.delivery).wake()
        channels: dict[str, Any] = {"telegram": self.chat, "script": self.script}
        self.conversations._channels = answers._channels = channels
        desk = FrontDesk(
            "script",
            Access("script", [ORDERER], owners),
            self.mailbox,
            redact,
            received=self.conversations.put,
            edited=self.conversations.edited,
            compose=self.script.compose,
            ready=self.script_delivery.wake,
        )
        self.orders.open(channels, {"telegram": self.desk, "script": desk}, {"telegram": self.access})
        self._desk = desk

    async def __aenter__(self) -> ScriptWorld:
        await super().__aenter__()
        self._running.append(asyncio.create_task(self.script_delivery.run()))
        self._running.append(asyncio.create_task(self.script.run(self._desk)))
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.script.aclose()
        await super().__aexit__(*error)

    async def task(self, text: str, *, seconds: float = 5, **more: Any) -> dict[str, Any]:
        """Give a task as `picoclaw task` does, and wait."""
        request = {"do": "task", "id": uuid.uuid4().hex, "text": text, **more}
        return await asyncio.to_thread(task_cli.ask, request, seconds, self.address)

    async def wait(self, task_id: str, seconds: float = 5) -> dict[str, Any]:
        """As `picoclaw task --wait`."""
        return await asyncio.to_thread(task_cli.ask, {"do": "wait", "id": task_id}, seconds, self.address)
