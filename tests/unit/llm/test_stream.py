"""Streamed chunks become one completion, or an error that says what was wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.llm.errors import LLMUnavailableError
from agent.llm.stream import Assembler, error_text


def chunk(delta: dict[str, Any], finish: str | None = None, **more: object) -> str:
    return json.dumps({"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


def test_text_arrives_in_pieces() -> None:
    assembler = Assembler()
    assert assembler.feed(chunk({"role": "assistant", "content": "Cze"})) == "Cze"
    assert assembler.feed(chunk({"content": "ść"}, "stop")) == "ść"
    assembler.feed(json.dumps({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}))
    completion = assembler.completion()
    assert (completion.text, completion.finish_reason) == ("Cześć", "stop")
    assert completion.usage.prompt_tokens == 3
    assert completion.message() == {"role": "assistant", "content": "Cześć"}


def test_two_tool_calls_interleaved() -> None:
    assembler = Assembler()
    for index, piece in [(0, '{"a"'), (1, '{"b"'), (0, ": 1}"), (1, ": 2}")]:
        call = {"index": index, "id": f"c{index}", "function": {"name": f"f{index}", "arguments": piece}}
        assembler.feed(chunk({"tool_calls": [call]}))
    assembler.feed(chunk({}, "tool_calls"))
    completion = assembler.completion()
    assert [(c.id, c.name, c.arguments) for c in completion.tool_calls] == [
        ("c0", "f0", '{"a": 1}'),
        ("c1", "f1", '{"b": 2}'),
    ]
    assert completion.message()["content"] is None


@pytest.mark.parametrize("data", ["no json", "[1]", '{"choices": 3}', '{"error": {"message": "overloaded"}}'])
def test_what_is_no_chunk_is_an_error(data: str) -> None:
    with pytest.raises(LLMUnavailableError):
        Assembler().feed(data)


def test_a_stream_cut_half_way_is_an_error() -> None:
    assembler = Assembler()
    assembler.feed(chunk({"content": "half"}))
    with pytest.raises(LLMUnavailableError, match="broke off"):
        assembler.completion()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"error": {"message": "bad\n key"}}, "bad key"),
        ({"error": "plain"}, "plain"),
        ({"message": "m"}, "m"),
        ({"error": {"message": "x" * 999}}, "x" * 300),
    ],
)
def test_the_providers_words_are_found(error: object, text: str) -> None:
    assert error_text(error) == text
