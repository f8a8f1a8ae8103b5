"""One turn: the owner's message in, the model and its tools in a loop, the answer out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from agent import config
from agent.llm.errors import LLMError
from agent.llm.stream import Completion
from agent.messages import say
from agent.store.mailbox import Inbound
from agent.store.sessions import Message, Sessions, open_calls
from agent.tools.registry import Tools

log = logging.getLogger("turn")

HISTORY_CHARS = 100_000  # some 25,000 tokens: fits every model in use and keeps the gateway small

SYSTEM = """You are PicoClaw, a personal assistant that your owner talks to over a chat. Answer in the language the \
owner writes in, short and to the point, in Markdown.
You act through tools in a sandbox of your own: a Linux container with the directory /workspace, which persists, \
128 MB of memory and no network. Use the tools whenever they give a better answer than memory, and say what you did. \
Do not repeat a command whose outcome is unknown without checking first.
Now it is {now} (UTC)."""

INTERRUPTED = "error: the assistant was restarted while this ran; its outcome is unknown, check before repeating it"


class Model(Protocol):
    """What a turn needs of the model's client."""

    async def complete(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> Completion:
        """One answer; raise LLMError when there is none."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Runs turns; every step is stored as it happens, so that a restart goes on where it was."""

    model: Model
    tools: Tools
    sessions: Sessions
    settings: config.Assistant

    async def run(self, message: Inbound, language: str) -> str:
        """The answer to a message, Markdown."""
        session, turn = message.session, message.id
        stored = self.sessions.of_turn(session, turn)
        if not stored:
            self.sessions.append(session, turn, {"role": "user", "content": message.text})
        elif stored[-1]["role"] == "assistant" and not stored[-1].get("tool_calls"):
            return str(stored[-1]["content"])
        else:
            self._close_interrupted(session, turn, stored)
        try:
            return await self._loop(session, turn, language)
        except LLMError as error:
            log.error("%s: %s", type(error).__name__, error)
            return say(error.reply, language, detail=error.detail)

    async def _loop(self, session: str, turn: int, language: str) -> str:
        for _ in range(self.settings.max_steps):
            history = self.sessions.history(session, HISTORY_CHARS)
            completion = await self.model.complete([self._system(), *history], self.tools.definitions)
            self.sessions.append(session, turn, completion.message())
            if not completion.tool_calls:
                return completion.text.strip() or say("empty", language)
            for call in completion.tool_calls:
                result = await self.tools.call(call.name, call.arguments)
                self.sessions.append(session, turn, _result(call.id, result))
        return say("steps", language, steps=self.settings.max_steps)

    def _system(self) -> Message:
        now = datetime.now(UTC).strftime("%A %Y-%m-%d %H:%M")
        return {"role": "system", "content": f"{SYSTEM.format(now=now)}\n{self.settings.instructions}".strip()}

    def _close_interrupted(self, session: str, turn: int, stored: Sequence[Message]) -> None:
        log.warning("continuing a turn that a restart interrupted")
        for call in open_calls(stored):
            self.sessions.append(session, turn, _result(call, INTERRUPTED))


def _result(call_id: str, text: str) -> Message:
    return {"role": "tool", "tool_call_id": call_id, "content": text}
