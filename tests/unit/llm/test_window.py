"""Conversations cut to a window: whatever came before, what is sent fits, and every provider takes it."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest

from agent import config
from agent.gateway import history as history_module
from agent.gateway.history import History
from agent.llm import tokens
from agent.llm.errors import LLMWindowError, from_status
from agent.llm.models import Models
from agent.llm.stream import Completion
from agent.llm.tables import Limits
from agent.llm.usage import Usage
from agent.llm.window import Fitted, fit, shorten, valid
from agent.store.database import connect
from agent.store.sessions import Sessions
from tests.fakes import defaults
from tests.fakes.standins import StandIns
from tests.fakes.wire import HttpError, Reply

Message = dict[str, Any]

SYSTEM: Message = {"role": "system", "content": "You are a test."}
WORDS = (
    "zażółć",
    "gęślą",
    "def f(x):",
    "    return x\n",
    "2026-11-22",
    "🦆",
    "今天",
    "{}",
    '"',
    "a" * 40,
    "\x00",
    "the",
)


def text(chance: random.Random, longest: int) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randint(1, longest)))


def turn(chance: random.Random, number: int) -> list[Message]:
    """A turn as it is stored: whole, or broken off by an error or the end of the process."""
    messages: list[Message] = [{"role": "user", "content": text(chance, 60)}]
    for step in range(chance.randint(0, 4)):
        calls = [f"call_{number}_{step}_{place}" for place in range(chance.randint(1, 3))]
        functions = [{"name": "exec", "arguments": json.dumps({"command": text(chance, 200)})} for _ in calls]
        messages.append(
            {
                "role": "assistant",
                "content": chance.choice([None, text(chance, 50)]),
                "tool_calls": [
                    {"id": call, "type": "function", "function": function}
                    for call, function in zip(calls, functions, strict=True)
                ],
            }
        )
        answered = calls if chance.random() < 0.9 else calls[: chance.randint(0, len(calls))]
        messages += [{"role": "tool", "tool_call_id": call, "content": text(chance, 700)} for call in answered]
        if answered != calls:
            return messages
    if chance.random() < 0.8:
        messages.append({"role": "assistant", "content": text(chance, 100)})
    return messages


def check_sequence(messages: Sequence[Message]) -> None:
    """OpenAI's rules, which are the strictest: written down here once more, and not as the code does it."""
    open_calls: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            assert message["tool_call_id"] in open_calls, "a result without its call"
            open_calls.remove(message["tool_call_id"])
            continue
        assert not open_calls, "a call without its result"
        open_calls = {call["id"] for call in message.get("tool_calls") or ()}
        for call in message.get("tool_calls") or ():
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
        assert message["role"] != "system" or message is messages[0]
    assert not open_calls, "a call without its result"


@pytest.mark.parametrize("seed", range(40))
def test_whatever_was_stored_what_is_sent_fits_and_is_valid(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    sessions = Sessions(connect(":memory:"))
    kept = History(sessions)
    room = chance.choice([2500, 4000, 12_000, 60_000, 10**6])
    for number in range(1, chance.randint(2, 40)):
        for message in turn(chance, number):
            sessions.append("s", number, message)
        newest = sessions.of_turn("s", number)
        sent = fit([SYSTEM, *kept.of("s")], room)
        check_sequence(sent)
        assert sent[0] == SYSTEM
        assert tokens.of_messages(sent) <= room
        asked = [message["content"] for message in sent if message["role"] == "user"]
        assert asked[-1].startswith((newest[0]["content"], shorten(newest[0])["content"]))


def test_a_newest_turn_beyond_the_memory_bound_is_shortened_as_it_is_read() -> None:
    sessions = Sessions(connect(":memory:"))
    sessions.append("s", 1, {"role": "user", "content": "an older turn"})
    sessions.append("s", 2, {"role": "user", "content": "go"})
    for step in range(40):
        arguments = json.dumps({"content": "x" * 50_000})
        call = {"id": f"c{step}", "type": "function", "function": {"name": "write_file", "arguments": arguments}}
        sessions.append("s", 2, {"role": "assistant", "content": None, "tool_calls": [call]})
        sessions.append("s", 2, {"role": "tool", "tool_call_id": f"c{step}", "content": f"{step} " + "y" * 30_000})
    messages = History(sessions).of("s")
    check_sequence(messages)
    assert messages[0]["content"] == "go"
    assert len(json.dumps(messages)) < history_module.MOST_CHARS + 40 * 1000
    assert messages[-1]["content"].endswith("y" * 30_000)
    assert messages[2]["content"].startswith("0 yyy")
    assert "more characters did not fit" in messages[2]["content"]


def test_the_beginning_stays_until_the_bound_is_reached_again() -> None:
    """Each other beginning is read and paid anew by the provider's cache."""
    sessions = Sessions(connect(":memory:"))
    kept = History(sessions)
    firsts = []
    for number in range(1, 200):
        sessions.append("s", number, {"role": "user", "content": f"{number} " + "x" * 5000})
        firsts.append(kept.of("s")[0]["content"][:4])
    changes = sum(one != other for one, other in pairwise(firsts))
    assert 5 < changes < 20
    sessions.clear("s")
    sessions.append("s", 500, {"role": "user", "content": "anew"})
    assert [message["content"] for message in kept.of("s")] == ["anew"]


def test_a_window_that_slides_keeps_its_beginning_for_a_while() -> None:
    messages: list[Message] = []
    firsts = []
    for number in range(120):
        messages.append({"role": "user", "content": f"{number} " + "word " * 100})
        firsts.append(fit([SYSTEM, *messages], 8000)[1]["content"][:4])
    changes = sum(one != other for one, other in pairwise(firsts))
    assert 5 < changes < 20


def test_the_oldest_results_are_shortened_first_and_no_more_than_needed() -> None:
    calls = [{"id": f"c{n}", "type": "function", "function": {"name": "exec", "arguments": "{}"}} for n in range(4)]
    messages: list[Message] = [{"role": "user", "content": "go"}]
    for call in calls:
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": "lorem " * 1000})
    sent = fit([SYSTEM, *messages], 9000)
    check_sequence(sent)
    shortened = ["did not fit" in message["content"] for message in sent if message["role"] == "tool"]
    assert shortened == sorted(shortened, reverse=True)
    assert shortened[0]
    assert not shortened[-1]
    assert messages[2]["content"] == "lorem " * 1000, "what is stored is not changed"


def test_calls_and_results_that_lost_each_other() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "exec", "arguments": "{}"}}
    other = {**call, "id": "b"}
    repaired = valid(
        [
            {"role": "tool", "tool_call_id": "z", "content": "nobody asked"},
            {"role": "assistant", "content": None, "tool_calls": [call, other]},
            {"role": "tool", "tool_call_id": "b", "content": "done"},
            {"role": "tool", "tool_call_id": "b", "content": "done twice"},
            {"role": "user", "content": "and?"},
        ],
        "unknown",
    )
    check_sequence(repaired)
    assert [message.get("content") for message in repaired] == [None, "done", "unknown", "and?"]


class Provider:
    """Counts by itself, and refuses what is longer than its window."""

    def __init__(self, window: int, count: Callable[[str], int], *, reports: bool = True) -> None:
        self.window = window
        self.count = count
        self.reports = reports
        self.prompts: list[int] = []

    async def complete(self, messages: Sequence[Message], tools: Sequence[Any] = (), on_text: Any = None) -> Completion:
        del tools, on_text
        check_sequence(messages)
        self.prompts.append(sum(self.count(json.dumps(message, ensure_ascii=False)) for message in messages))
        if self.prompts[-1] > self.window:
            raise LLMWindowError(f"prompt is too long: {self.prompts[-1]} tokens > {self.window} maximum")
        return Completion("ok", (), "stop", Usage(self.prompts[-1], 1) if self.reports else Usage())


def conversation(turns: int, content: str) -> list[Message]:
    return [SYSTEM, *({"role": "user", "content": f"{number} {content}"} for number in range(turns))]


def test_a_provider_that_finds_it_too_long_is_asked_once_more_with_half() -> None:
    provider = Provider(15_000, count=len)
    fitted = Fitted(provider, Limits(20_000, 1000))
    asyncio.run(fitted.complete(conversation(200, "word " * 30)))
    assert len(provider.prompts) == 2
    assert provider.prompts[1] <= provider.prompts[0] // 2 + 1


def test_when_half_is_too_long_as_well_that_is_said() -> None:
    provider = Provider(100, count=len)
    with pytest.raises(LLMWindowError):
        asyncio.run(Fitted(provider, Limits(20_000, 1000)).complete(conversation(200, "word " * 30)))
    assert len(provider.prompts) == 2


def test_what_cannot_be_made_shorter_is_not_asked_twice() -> None:
    provider = Provider(1, count=len)
    with pytest.raises(LLMWindowError):
        asyncio.run(Fitted(provider, Limits(20_000, 1000)).complete([{"role": "user", "content": "hi"}]))
    assert len(provider.prompts) == 1


def test_the_providers_own_count_corrects_the_estimate() -> None:
    """English is half of what is reckoned for safety: from the second request on, more of it is sent."""
    provider = Provider(32_000, count=lambda content: len(content) // 4)
    fitted = Fitted(provider, Limits(32_000, 4000))
    messages = conversation(600, "the quick brown fox jumps over the lazy dog " * 5)
    for _ in range(3):
        asyncio.run(fitted.complete(messages))
    assert provider.prompts[0] < 17_000
    assert 20_000 < provider.prompts[1] <= 28_000
    assert provider.prompts[1] == provider.prompts[2]


def test_what_a_provider_does_not_count_is_estimated() -> None:
    provider = Provider(32_000, count=len, reports=False)
    messages = conversation(3, "word " * 100)
    usage = asyncio.run(Fitted(provider, Limits(32_000, 4000)).complete(messages)).usage
    assert usage.prompt_tokens >= tokens.of_messages(messages) > 400
    assert usage.completion_tokens > 0


@pytest.mark.parametrize(
    ("status", "detail", "code"),
    [
        (400, "This model's maximum context length is 128000 tokens.", "context_length_exceeded"),
        (400, "prompt is too long: 208310 tokens > 200000 maximum", None),
        (400, "This endpoint's maximum context length is 8192 tokens. However, you requested about 9000", 400),
        (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 400),
        (400, "input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000", None),
    ],
)
def test_how_providers_say_that_it_is_too_long(status: int, detail: str, code: object) -> None:
    assert isinstance(from_status(status, detail, code=code), LLMWindowError)


def test_a_turn_of_many_steps_loses_the_oldest_whole() -> None:
    messages: list[Message] = [{"role": "user", "content": "go"}]
    for step in range(50):
        function = {"name": "exec", "arguments": json.dumps({"command": "x" * 300})}
        call = {"id": f"c{step}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"c{step}", "content": f"result {step}"})
    sent = fit([SYSTEM, *messages], 3000)
    check_sequence(sent)
    assert sent[1]["content"].startswith("go\n\n[the first steps")
    assert sent[-1]["content"] == "result 49"
    assert 2000 < tokens.of_messages(sent) <= 3000
    assert "the first steps" not in json.dumps(fit([SYSTEM, *messages], 10**6))


PICTURE: dict[str, Any] = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def seen(content: str, pictures: int = 2) -> Message:
    parts: list[dict[str, Any]] = [{"type": "text", "text": content}, *[PICTURE] * pictures]
    return {"role": "user", "content": parts}


def test_of_a_message_with_pictures_the_text_is_shortened_first() -> None:
    sent = fit([SYSTEM, seen("lorem " * 5000)], 6000)
    text, *pictures = sent[1]["content"]
    assert text["text"].startswith("lorem lorem")
    assert "more characters did not fit" in text["text"]
    assert pictures == [PICTURE, PICTURE]
    assert tokens.of_messages(sent) <= 6000


def test_pictures_that_do_not_fit_are_left_out_and_that_is_said() -> None:
    sent = fit([SYSTEM, seen("what is this?")], 2000)
    question, *left_out = sent[1]["content"]
    assert question["text"] == "what is this?"
    assert ["a picture that did not fit" in part["text"] for part in left_out] == [True, True]
    assert tokens.of_messages(sent) <= 2000


def test_steps_that_are_left_out_are_noted_beside_pictures_too() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "exec", "arguments": "{}"}}
    step: list[Message] = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "done"},
    ]
    sent = fit([SYSTEM, seen("go", pictures=1), *step * 200], 3000)
    check_sequence(sent)
    assert "the first steps of your work" in sent[1]["content"][-1]["text"]
    assert tokens.of_messages(sent) <= 3000


# What the tokenizers of OpenAI (cl100k) and Anthropic (the larger of the two) make of it.
COUNTED = {
    "Wczoraj wieczorem poszliśmy z przyjaciółmi do teatru, gdzie obejrzeliśmy przedstawienie oparte na powieści "
    "Stanisława Lema; wróciliśmy późno, zmęczeni, ale szczęśliwi.": 80,
    "ZAŻÓŁĆ GĘŚLĄ JAŹŃ, POWIEDZIAŁ NAUCZYCIEL JĘZYKA POLSKIEGO.": 45,
    "def add(first: int, second: int) -> int:\n    total = first + second\n    return total\n": 24,
    '{"id": 17, "tags": ["a", "b"], "ok": true, "size": 1048576, "name": "backup.tar.gz"}': 36,
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08": 44,
    "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQm7zN3u8AESIzRFVmd4iZqrvM3e4PHi0=": 52,
    "-rw-r--r--  1 root root   4433 Nov 22 23:24 generate.py\ndrwxr-xr-x 13 root root   4096 Nov 22 23:24 ..\n": 47,
    "🦆👩‍👩‍👧🎉😀🚀🇵🇱": 30,
    "今天天气很好，我们去公园散步吧。": 20,
    "안녕하세요 오늘 날씨가 좋네요": 23,
    "!@#$%^&*()_+-=[]{}|;':\",./<>?`~!!??--==": 24,
}


@pytest.mark.parametrize("sample", COUNTED)
def test_the_estimate_is_never_below_what_tokenizers_count(sample: str) -> None:
    assert COUNTED[sample] <= tokens.of_text(sample) <= 2 * COUNTED[sample]


def test_each_model_is_sent_what_it_can_read() -> None:
    """The first has a large window and refuses the key; the one that stands in for it has a small one."""

    async def asked() -> list[int]:
        async with StandIns() as fakes:
            brain = fakes.state.brain
            brain.script([Reply(error=HttpError(status=401)), Reply(text="ok")])
            common: dict[str, Any] = {
                "provider": "openrouter",
                "api_key": defaults.OPENROUTER_KEY,
                "model": defaults.OPENROUTER_MODEL,
                "api_base": f"{fakes.url(defaults.OPENROUTER_HOST)}/api/v1",
            }
            small = config.Model(**common, context_window=6000)
            models = Models(config.LLM(**common, context_window=100_000, fallbacks=[small]))
            try:
                await models.complete(conversation(300, "the quick brown fox " * 5))
            finally:
                await models.aclose()
            return [tokens.of_messages(request.body["messages"]) for request in brain.requests]

    first, second = asyncio.run(asked())
    assert first > 10_000
    assert 2000 < second <= 4000
