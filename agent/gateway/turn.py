"""One turn: the owner's message in, the model and its tools in a loop, the answer out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from msgspec.structs import replace as replace_call

from agent import config
from agent.gateway import prompt
from agent.gateway.history import History
from agent.gateway.outgoing import Outgoing
from agent.gateway.pictures import Pictures
from agent.gateway.redaction import Redaction
from agent.gateway.spending import Spending
from agent.llm.errors import LLMError
from agent.llm.explain import explain
from agent.llm.stream import Completion
from agent.llm.window import shorten
from agent.messages import say, spelled
from agent.store.mailbox import Inbound, Mailbox
from agent.store.sessions import KEPT_CHARS, KEPT_OF_ALL_BYTES, Message, Sessions, open_calls
from agent.tools.registry import Tools

log = logging.getLogger("turn")

CALLS_AT_ONCE = 16  # of one answer: ten thousand would lock the owner out for days
# A turn that was begun so often without coming to an end is what ends the gateway.
MOST_ATTEMPTS = 5
# Of JSON, of one turn: from there on what is stored of it is shortened. A request to a model repeats less than that.
MOST_CHARS = 300_000

INTERRUPTED = "error: the assistant was restarted while this ran; its outcome is unknown, check before repeating it"
STOPPED = "error: your owner stopped this while it ran; its outcome is unknown, check before repeating it"
STOPPED_NOTE = "[your owner stopped you here]"
CORRECTED = "[Your owner has changed the request you were working on. It now reads:]"


class Model(Protocol):
    """What a turn needs of the model's client."""

    async def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]] = (),
        on_text: Callable[[str], None] | None = None,
        on_restart: Callable[[], None] | None = None,
    ) -> Completion:
        """One answer; raise LLMError when there is none."""


class Watcher(Protocol):
    """What is told how a turn comes along."""

    def step(self) -> None:
        """The model is asked."""

    def text(self, piece: str) -> None:
        """The model says something more."""

    def restart(self) -> None:
        """What it has said of this answer is void."""

    def tool(self, name: str, arguments: str) -> None:
        """A tool begins."""

    async def settle(self) -> None:
        """The answer is there; show nothing of it after this has returned."""


class _Steps:
    """The messages of one turn: those stored, and those that the next `store` stores in one transaction."""

    def __init__(self, turns: Turns, message: Inbound) -> None:
        self._turns = turns
        self._message = message
        self._new: list[Message] = []
        self._paid: list[Completion] = []
        self._begun = False
        self._chars = 0
        self.out = turns.outgoing(message)

    def add(self, message: Message, paid: Completion | None = None) -> None:
        self._new.append(message)
        if paid is not None:
            self._paid.append(paid)

    def store(self) -> None:
        with self._turns.sessions.together():
            if not self._begun:
                self._turns.mailbox.begun(self._message)
            for message in self._new:
                kept = message if self._chars < MOST_CHARS else shorten(message)
                self._chars += self._turns.sessions.append(self._message.session, self._message.id, kept)
            self._turns.spending.record(self._paid)
            self.out.post()
        self._begun = True
        self._new.clear()
        self._paid.clear()

    def end(self) -> None:
        """Store the last of it, and make room where it was much."""
        self.store()
        if self._chars > MOST_CHARS // 2:
            self._turns.sessions.prune(self._message.session, KEPT_CHARS)
            self._turns.sessions.prune_all(KEPT_OF_ALL_BYTES)

    def history(self) -> list[Message]:
        """With what is new stored first, so that one bound holds for all of it."""
        self.store()
        return self._turns.history.of(self._message.session)


@dataclass(frozen=True, slots=True)
class Turns:
    """Runs turns; every step is stored as it happens, so that a restart goes on where it was.

    `user_message` makes the model's message of what the owner wrote, attachments included; it is asked once a turn.
    `pictures` gives what puts pictures into one turn's requests.
    """

    model: Model
    tools: Tools
    sessions: Sessions
    mailbox: Mailbox
    settings: config.Assistant
    redact: Redaction
    history: History
    spending: Spending
    outgoing: Callable[[Inbound], Outgoing]
    user_message: Callable[[Inbound], Awaitable[Message]]
    pictures: Callable[[], Pictures]
    allow_hosts: Sequence[str] = ()

    async def run(self, message: Inbound, language: str, answer: Callable[[str], None], watcher: Watcher) -> None:
        """Work until there is an answer, Markdown, and hand it to `answer` in the transaction that ends the turn."""
        if message.attempts >= MOST_ATTEMPTS:
            log.error("turn %d is given up: it was begun %d times and never ended", message.id, message.attempts)
            self.close(message, lambda: answer(say("gave_up", language, attempts=message.attempts)))
            return
        steps = _Steps(self, message)
        if message.attempts or message.revision or message.attachments:
            steps.store()  # what may be the end of this gateway is counted before it is touched
        await self._begin(message, steps)
        try:
            text = await self._loop(steps, language, watcher)
        except LLMError as error:
            log.error("%s: %s", type(error).__name__, error)
            text = spelled(explain(error, language), message.channel)
        await watcher.settle()
        with self.sessions.together():
            steps.end()
            answer(text)

    def close(self, message: Inbound, also: Callable[[], None], said: str = "") -> None:
        """End a turn where it is, with a valid history, and do `also` in the same transaction."""
        with self.sessions.together():
            stored = self.sessions.of_turn(message.session, message.id)
            for call in open_calls(stored):
                self.sessions.append(message.session, message.id, _result(call, STOPPED))
            if stored:
                note = {"role": "assistant", "content": f"{said}\n\n{STOPPED_NOTE}".strip()}
                self.sessions.append(message.session, message.id, note)
            also()

    def requests(self, message: Inbound) -> int:
        """How often what the owner wants of this turn has been told to the model: 0 when it has not begun."""
        return len(_requests(self.sessions.of_turn(message.session, message.id)))

    async def _begin(self, message: Inbound, steps: _Steps) -> None:
        stored = self.sessions.of_turn(message.session, message.id)
        if not stored:
            steps.add(await self.user_message(message))
            return
        corrected = 0 < message.revision == len(_requests(stored))
        for call in open_calls(stored):
            steps.add(_result(call, STOPPED if corrected else INTERRUPTED))
        if corrected:
            steps.add({"role": "user", "content": f"{CORRECTED}\n{message.text}"})
        else:
            log.warning("continuing a turn that a restart interrupted")

    async def _loop(self, steps: _Steps, language: str, watcher: Watcher) -> str:
        pictures = self.pictures()
        for _ in range(self.settings.max_steps):
            if refusal := self.spending.refusal(language):
                return refusal
            watcher.step()
            history = await pictures.shown(steps.history())
            answer = await self.model.complete(
                [self._system(), *history], self.tools.definitions, watcher.text, watcher.restart
            )
            completion = self._tamed(answer)
            steps.add(completion.message(), paid=completion)
            if not completion.tool_calls:
                return completion.text.strip() or say("empty", language)
            steps.store()  # before a call has effects, so that a restart knows of it
            for call in completion.tool_calls:
                watcher.tool(call.name, call.arguments)
                text = self.redact(await self.tools.call(call.name, call.arguments, steps.out))
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


def _requests(stored: Sequence[Message]) -> list[Message]:
    return [message for message in stored if message["role"] == "user"]


def _left_out(calls: int) -> str:
    return f"\n[{calls} more calls were not made: at most {CALLS_AT_ONCE} in one answer]" if calls > 0 else ""


def _result(call_id: str, text: str) -> Message:
    return {"role": "tool", "tool_call_id": call_id, "content": text}
