"""What leaves the gateway: printable, without the config's secrets, not without end."""

from __future__ import annotations

import json
import logging

import pytest

from agent.gateway.logs import Redacting
from agent.gateway.printable import printable
from agent.gateway.redaction import Redaction
from agent.llm.errors import LLMTooLongError
from agent.llm.stream import LONGEST, Assembler


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb\x9bc\x00d\x7fe", "a[31mbcde"),
        ("one\r\ntwo\rthree\u2028four\x85five", "one\ntwo\nthree\nfour\nfive"),
        ("\u202egpj.exe\u2066", "gpj.exe"),
        ("zażółć\t👩‍👩‍👧 \u05d0\u200f\n", "zażółć\t👩‍👩‍👧 \u05d0\u200f\n"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_redaction() -> None:
    redact = Redaction(["ollama", "k" * 20, "k" * 20 + "-longer", ""])
    assert redact(f"ollama says {'k' * 20}, {'k' * 20}-longer") == "ollama says ***, ***"


def test_a_log_line_is_one_line() -> None:
    record = logging.LogRecord("tools", logging.INFO, "", 0, "%s", ("a\r\n2026 ERROR b\x1b]0;x\x07\u2028c key",), None)
    line = Redacting(["key"]).format(record)
    assert line.endswith(" INFO    tools: a 2026 ERROR b]0;x c ***")


def test_the_end_of_a_text_that_goes_on_may_be_the_beginning_of_a_secret() -> None:
    secret = "sk-or-v1-0123456789abcdef"
    redact = Redaction([secret])
    for length in range(1, len(secret)):
        assert redact.beginning(f"the key is {secret[:length]}") == "the key is "
    assert redact.beginning(f"the key is {secret} and") == "the key is *** and"
    assert redact.beginning("nothing of the kind") == "nothing of the kind"


def chunk(*calls: tuple[str, str]) -> str:
    pieces = [
        {"index": place, "id": identifier, "function": {"name": name, "arguments": "{}"}}
        for place, (identifier, name) in enumerate(calls)
    ]
    return json.dumps({"choices": [{"delta": {"tool_calls": pieces}, "finish_reason": "tool_calls"}]})


def test_identifiers_and_names_that_no_provider_takes_back() -> None:
    assembler = Assembler()
    assembler.feed(chunk(("a", "exec"), ("a", "../x"), ("", ""), ("y" * 41, "e" * 70), ("\x1b", "exec\x00")))
    calls = assembler.completion().tool_calls
    assert calls[0].id == "a"
    assert len({call.id for call in calls}) == 5
    assert all(0 < len(call.id) <= 40 and call.id.replace("_", "").isalnum() for call in calls)
    assert [call.name for call in calls] == ["exec", "___x", "_", "e" * 64, "exec_"]


def test_an_answer_without_end() -> None:
    for data in (
        json.dumps({"choices": [{"delta": {"content": "x" * 10_000}}]}),
        json.dumps({"choices": [{"delta": {"tool_calls": [{"function": {"arguments": "x" * 10_000}}]}}]}),
    ):
        assembler = Assembler()
        for _ in range(LONGEST // 10_000 - 1):
            assembler.feed(data)
        with pytest.raises(LLMTooLongError, match="longer than"):
            assembler.feed(data), assembler.feed(data)
