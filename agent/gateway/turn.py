"""One turn: the owner's message in, the model and its tools in a loop, the answer out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from msgspec.structs import replace as replace_call

from agent import config
from agent.gateway import prompt
from agent.gateway.history import History
from agent.gateway.redaction import Redaction
from agent.gateway.spending import Spending
from agent.llm.errors import LLMError
from agent.llm.explain import explain
from agent.llm.stream import Completion
from agent.messages import say
from agent.store.mailbox import Inbound
from agent.store.sessions import Message, Sessions, open_calls
from agent.tools.registry import Tools

log = logging.getLogger("turn")

CALLS_AT_ONCE = 16  # of one answer: ten thousand would lock the owner out for days

INTERRUPTED = "error: the assistant was restarted while this ran; its outcome is unknown, check before repeating it"


class Model(Protocol):
    """What a turn needs of the model's client."""

    async def complete(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> Completion:
        """One answer; raise LLMError when there is none."""


class _Steps:
    """The messages of one turn: those stored, and those that the next `store` stores in one transaction."""

    def __init__(self, turns: Turns, message: Inbound) -> None:
        self._turns = turns
        self._message = message
        self._new: list[Message] = []
        self._paid: list[Completion] = []

    def add(self, message: Message, paid: Completion | None = None) -> None:
        self._new.append(message)
        if paid is not None:
            self._paid.append(paid)

    def store(self) -> None:
        with self._turns.sessions.together():
            for message in self._new:
                self._turns.sessions.append(self._message.session, self._message.id, message)
            self._turns.spending.record(self._paid)
        self._new.clear()
        self._paid.clear()

    def history(self) -> list[Message]:
        """With what is new stored first, so that one bound holds for all of it."""
        self.store()
        return self._turns.history.of(self._message.session)


@dataclass(frozen=True, slots=True)
class Turns:
    """Runs turns; every step is stored as it happens, so that a restart goes on where it was."""

    model: Model
    tools: Tools
    sessions: Sessions
    settings: config.Assistant
    redact: Redaction
    history: History
    spending: Spending
    allow_hosts: Sequence[str] = ()

    async def run(self, message: Inbound, language: str, answer: Callable[[str], None]) -> None:
        """Work until there is an answer, Markdown, and hand it to `answer` in the transaction that ends the turn."""
        stored = self.sessions.of_turn(message.session, message.id)
        if stored and stored[-1]["role"] == "assistant" and not stored[-1].get("tool_calls"):
            answer(str(stored[-1]["content"]))
            return
        steps = _Steps(self, message)
        if stored:
            log.warning("continuing a turn that a restart interrupted")
            for call in open_calls(stored):
                steps.add(_result(call, INTERRUPTED))
        else:
            steps.add({"role": "user", "content": message.text})
        try:
            text = await self._loop(steps, language)
        except LLMError as error:
            log.error("%s: %s", type(error).__name__, error)
            text = explain(error, language)
        with self.sessions.together():
            steps.store()
            answer(text)

    async def _loop(self, steps: _Steps, language: str) -> str:
        for _ in range(self.settings.max_steps):
            if refusal := self.spending.refusal(language):
                return refusal
            answer = await self.model.complete([self._system(), *steps.history()], self.tools.definitions)
            completion = self._tamed(answer)
            steps.add(completion.message(), paid=completion)
            if not completion.tool_calls:
                return completion.text.strip() or say("empty", language)
            steps.store()  # before a call has effects, so that a restart knows of it
            for call in completion.tool_calls:
                text = self.redact(await self.tools.call(call.name, call.arguments))
                if call is completion.tool_calls[-1]:
                    text += _left_out(len(answer.tool_calls) - CALLS_AT_ONCE)
                steps.add(_result(call.id, text))
                steps.store()
        return say("steps", language, steps=self.settings.max_steps)

    def _tamed(self, answer: Completion) -> Completion:
        """Without secrets, so that none gets into the sandbox, and with no more calls than are made."""
        calls = tuple(
            replace_call(call, arguments=self.redact(call.arguments)) for call in answer.tool_calls[:CALLS_AT_ONCE]
        )
        return replace(answer, text=self.redact(answer.text), tool_calls=calls)

    def _system(self) -> Message:
        return {"role": "system", "content": prompt.system(self.settings.instructions, self.allow_hosts)}


def _left_out(calls: int) -> str:
    return f"\n[{calls} more calls were not made: at most {CALLS_AT_ONCE} in one answer]" if calls > 0 else ""


def _result(call_id: str, text: str) -> Message:
    return {"role": "tool", "tool_call_id": call_id, "content": text}
