"""Making a conversation fit a model's window, without ever parting a tool call from its result.

Whole turns leave, oldest first. A newest turn that is too long alone is shortened from its oldest end: first the tools'
results, then what the model said and called with, then what was asked, then the pictures of it, and at last whole steps
leave; a marker says so, and the sequence of messages stays valid.
More leaves than must, in blocks of a quarter of the window, so that the next requests begin alike and are read from the
provider's prompt cache.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Protocol

import msgspec

from agent.llm import tokens
from agent.llm.errors import LLMWindowError
from agent.llm.stream import SIGNED, Completion
from agent.llm.tables import Limits
from agent.llm.usage import Usage

log = logging.getLogger("window")

Message = dict[str, Any]

_BLOCKS = 4
_KEPT_CHARS = 200  # of what is shortened
_LONGEST_SIGNATURE = 20_000  # Gemini's have some thousand characters
_STEPS_MARKER = "[the first steps of your work on this did not fit the model's window and are left out]"
_PICTURE_MARKER = "[a picture that did not fit the model's window is left out]"
_PER_NOTE = tokens.of_text(_STEPS_MARKER)
_MARKER = "[shortened: {missing} more characters did not fit the model's window]"


class Client(Protocol):
    """What sends a conversation to one model."""

    async def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """One answer; raise LLMError when there is none."""


class Fitted:
    """A model's client that sends no more than its window holds."""

    def __init__(self, client: Client, limits: Limits) -> None:
        self._client = client
        self._limits = limits
        self._estimate = tokens.Estimate()

    async def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """One answer to as much of the conversation as fits; to half of that when the provider finds it too long."""
        offered = tokens.of_tools(tools)
        fitting = fit(messages, int(self._limits.room / self._estimate.factor) - offered)
        estimated = tokens.of_messages(fitting)
        try:
            completion = await self._client.complete(fitting, tools, on_text)
        except LLMWindowError as error:
            fitting = fit(messages, estimated // 2)
            shorter = tokens.of_messages(fitting)
            if shorter >= estimated:
                raise
            log.warning("%s; asking again with half of the conversation", error)
            estimated = shorter
            completion = await self._client.complete(fitting, tools, on_text)
        self._estimate.learn(estimated + offered, completion.usage.prompt_tokens)
        return completion if completion.usage.prompt_tokens else _counted(completion, estimated + offered)


def fit(messages: Sequence[Message], room: int) -> list[Message]:
    """The newest turns, by estimate within `room` tokens, after the leading system messages, which always stay."""
    head, turns = _turns(messages)
    sizes = [tokens.of_messages(turn) for turn in turns]
    room -= tokens.of_messages(head)
    leaving = _leaving(sum(sizes), room)
    first = 0
    while leaving > 0 and first < len(turns) - 1:
        leaving -= sizes[first]
        first += 1
    if first == len(turns) - 1 and sizes[-1] > room:
        return [*head, *_without_oldest_steps(_shortened(turns[-1], _leaving(sizes[-1], room)), room)]
    return [*head, *(message for turn in turns[first:] for message in turn)]


def _counted(completion: Completion, prompt: int) -> Completion:
    """With our own count where the provider reports none: a budget must not be blind to it."""
    usage = Usage(prompt, tokens.of_message(completion.message()), cost_usd=completion.usage.cost_usd)
    return replace(completion, usage=usage)


def _leaving(size: int, room: int) -> int:
    """How many tokens leave: whole blocks, so that it is the same for the next few requests."""
    if size <= room:
        return 0
    block = max(room // _BLOCKS, 1)
    return -(-(size - room) // block) * block


def _turns(messages: Sequence[Message]) -> tuple[list[Message], list[list[Message]]]:
    head: list[Message] = []
    turns: list[list[Message]] = []
    for message in messages:
        if not turns and message["role"] == "system":
            head.append(message)
        elif not turns or message["role"] == "user":
            turns.append([message])
        else:
            turns[-1].append(message)
    return head, turns


def _shortened(turn: list[Message], leaving: int) -> list[Message]:
    kept = list(turn)
    for role, change in (("tool", shorten), ("assistant", shorten), ("user", shorten), ("user", _without_pictures)):
        for place, message in enumerate(kept):
            if leaving <= 0:
                return kept
            if message["role"] == role:
                kept[place] = change(message)
                leaving -= tokens.of_message(message) - tokens.of_message(kept[place])
    return kept


def _without_oldest_steps(turn: list[Message], room: int) -> list[Message]:
    """The turn with so many steps (calls and their results) left out after the user's message that it fits."""
    size = tokens.of_messages(turn)
    if size <= room:
        return turn
    begin = 1
    for place, following in pairwise(place for place, message in enumerate(turn) if message["role"] == "assistant"):
        if size <= room - _PER_NOTE:
            break
        size -= tokens.of_messages(turn[place:following])
        begin = following
    return [turn[0] if begin == 1 else _with_note(turn[0], _STEPS_MARKER), *turn[begin:]]


def _with_note(message: Message, note: str) -> Message:
    content = message.get("content") or ""
    added = f"{content}\n\n{note}" if isinstance(content, str) else [*content, {"type": "text", "text": note}]
    return {**message, "content": added}


def shorten(message: Message) -> Message:
    """The message with the beginnings of its texts and arguments only; the same when they are short."""
    shorter = dict(message)
    content = message.get("content")
    if isinstance(content, str):
        shorter["content"] = _beginning(content)
    elif isinstance(content, list):
        shorter["content"] = [
            {**part, "text": _beginning(part["text"])} if part.get("type") == "text" else part for part in content
        ]
    if message.get("tool_calls"):
        shorter["tool_calls"] = [_shortened_call(call) for call in message["tool_calls"]]
    return shorter


def _without_pictures(message: Message) -> Message:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    left_out = {"type": "text", "text": _PICTURE_MARKER}
    return {**message, "content": [part if part.get("type") == "text" else left_out for part in content]}


def _shortened_call(call: dict[str, Any]) -> dict[str, Any]:
    """Arguments stay a JSON object, which is all that most providers take."""
    arguments = call["function"]["arguments"]
    beginning = _beginning(arguments)
    unsigned = {name: value for name, value in call.items() if name != SIGNED}
    if beginning == arguments:
        return call if len(str(call.get(SIGNED, ""))) <= _LONGEST_SIGNATURE else unsigned
    return {
        **unsigned,
        "function": {**call["function"], "arguments": msgspec.json.encode({"arguments": beginning}).decode()},
    }


def _beginning(text: str) -> str:
    missing = len(text) - _KEPT_CHARS
    marker = _MARKER.format(missing=missing)
    return f"{text[:_KEPT_CHARS]} {marker}" if missing > len(marker) else text


def valid(messages: Sequence[Message], unknown: str) -> list[Message]:
    """The messages with a result for every tool call and no result without its call, as every provider demands.

    Args:
        messages: a history.
        unknown: what stands for a result that was never stored.
    """
    found: list[Message] = []
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] in waiting:
                waiting.remove(message["tool_call_id"])
                found.append(message)
            continue
        found += _stand_ins(waiting, unknown)
        found.append(message)
        waiting = [call["id"] for call in message.get("tool_calls") or ()]
    return [*found, *_stand_ins(waiting, unknown)]


def _stand_ins(calls: Sequence[str], unknown: str) -> list[Message]:
    return [{"role": "tool", "tool_call_id": call, "content": unknown} for call in calls]
