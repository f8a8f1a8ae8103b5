"""Orders that are no orders: wrong types, huge and broken arguments, unknown tools, thousands at once, no end."""

from __future__ import annotations

import json
from itertools import count

import pytest

from tests.fakes.wire import Reply, ToolCall
from tests.hostile.attacker import Attacker

BROKEN = {
    "no JSON": "rm -rf /",
    "half of it": '{"command": "echo PWNED',
    "a list": '["echo PWNED"]',
    "a string": '"echo PWNED"',
    "nothing": "null",
    "a number for a text": '{"command": 1}',
    "a list for a text": '{"command": ["echo", "PWNED"]}',
    "unknown arguments": '{"command": "echo PWNED", "sudo": true}',
    "none of the arguments": "{}",
    "half a surrogate pair": '{"command": "echo \\ud800 PWNED"}',
    "a NUL": '{"command": "echo PWNED\\u0000"}',
    "not a number": '{"command": "echo PWNED", "timeout_s": NaN}',
    "infinite": '{"command": "echo PWNED", "timeout_s": 1e999}',
    "nested without end": '{"command": ' + "[" * 50_000,
    "nested in the unknown": '{"x": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "a place that is none": '{"command": "echo PWNED", "directory": "/nowhere\\u0000"}',
    "too long for a process": json.dumps({"command": "echo PWNED " + "x" * 200_000}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_arguments(attacker: Attacker, name: str) -> None:
    attacker.order(ToolCall(name="exec", arguments=BROKEN[name]))[0].refused("^error: ")


def test_numbers_beyond_all_bounds(attacker: Attacker) -> None:
    attacker.run("seq 10 > f")
    for first, lines in ((10**30, 1), (2**63, 1), (-1, 1), (0, 1), (1, 0), (1, 10**9), (1.5, 1), ("1", 1)):
        told = attacker.use("read_file", path="f", first_line=first, lines=lines)
        assert told.text.startswith(("error: ", "[the file is empty]")), (first, lines, told.text)


def in_one_piece(name: str, arguments: dict[str, object], times: int = 1) -> Reply:
    """Calls of any size in one event of the stream, where the stand-in itself would write a million small ones."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    calls = [{"index": place, "id": f"c{place}", "type": "function", "function": function} for place in range(times)]
    events = ({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]} for call in calls)
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    return Reply(garbage="".join(f"data: {json.dumps(event)}\n\n" for event in (*events, end)) + "data: [DONE]\n\n")


def test_a_file_larger_than_the_line_carries(attacker: Attacker) -> None:
    """The gateway gives the answer up before it has grown to that; the owner is told."""
    huge = in_one_piece("write_file", {"path": "f", "content": "x" * 9_000_000})
    assert "an answer without an end" in attacker.say(huge, patience=30)
    assert not attacker.workspace("f").exists()


def test_editing_without_bounds(attacker: Attacker) -> None:
    attacker.run("head -c 15M /dev/zero | tr '\\0' a > f")
    for old, new in (("a", "b" * 1000), ("", "x"), ("a", "a")):
        told = attacker.use("edit_file", path="f", old=old, new=new, every=True, patience=30)
        told.refused("^error: ")


@pytest.mark.parametrize("tool", ["bash", "exec\x00", "../exec", "__class__", "", "e" * 60, "exec; id"])
def test_unknown_tools(attacker: Attacker, tool: str) -> None:
    """Refused, and nothing is left in the conversation that the provider would refuse for ever after."""
    attacker.order(ToolCall(name=tool, arguments={"command": "echo PWNED"}))[0].refused("^error: there is no tool")


IDENTIFIERS = {
    "the same twice": ["call_1", "call_1"],
    "none": ["", ""],
    "endless": ["x" * 10_000, "y" * 41],
    "those of an earlier answer": ["call_a", "call_b"],
    "no words": ["\x1b[2J", "\n\u202e"],
}


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_identifiers(attacker: Attacker, name: str) -> None:
    """The ids of calls are the model's to choose, and a provider refuses a history in which they clash."""
    for _ in range(2):
        told = attacker.order(
            *[
                ToolCall(name="exec", arguments={"command": f"echo {place}"}, id=identifier)
                for place, identifier in enumerate(IDENTIFIERS[name])
            ]
        )
        assert [result.lines[0] for result in told] == ["0", "1"]


def test_ten_thousand_calls_at_once(attacker: Attacker) -> None:
    """Some are made, the rest is refused: the owner is not locked out for days."""
    calls = [ToolCall(name="exec", arguments={"command": f"echo {number} >> made"}) for number in range(10_000)]
    attacker.order(*calls, patience=60)
    made = len(attacker.workspace("made").read_text().splitlines())
    assert 1 <= made <= 64, f"{made} of 10000 were made"


def test_calls_without_end(attacker: Attacker) -> None:
    """The turn ends after its steps, and says so."""
    numbers = count()
    replies = [
        Reply(tool_calls=[ToolCall(name="exec", arguments={"command": f"echo {next(numbers)} >> made"})])
        for _ in range(60)
    ]
    assert "20 steps" in attacker.say(*replies, patience=30)
    assert len(attacker.workspace("made").read_text().splitlines()) == 20
    attacker.stack.fakes.llm_reset()


def test_calls_that_fail_without_end(attacker: Attacker) -> None:
    replies = [Reply(tool_calls=[ToolCall(name="nothing", arguments="{")])] * 60
    assert "20 steps" in attacker.say(*replies, patience=30)
    attacker.stack.fakes.llm_reset()


def test_eight_and_more_at_a_time(attacker: Attacker) -> None:
    """Commands left running in the background, then every file tool at once on what they change."""
    background = "(while :; do echo x > f; rm f; mkdir f; rmdir f; done >/dev/null 2>&1 &)"
    orders = [ToolCall(name="exec", arguments={"command": background})] * 4
    orders += [
        ToolCall(name="read_file", arguments={"path": "f"}),
        ToolCall(name="list_files", arguments={"path": "f"}),
        ToolCall(name="write_file", arguments={"path": "f", "content": "x"}),
    ]
    assert len(attacker.order(*orders)) == len(orders)


BROKEN_ANSWERS = {
    "no JSON": Reply(garbage="data: {PWNED\n\ndata: [DONE]\n\n"),
    "endless line": Reply(garbage="data: " + "x" * 3_000_000),
    "nested without end": Reply(garbage="data: " + "[" * 200_000 + "\n\n"),
    "empty": Reply(text=""),
    "an error in the stream": Reply(text="x", stream_error="\x1b[2JPWNED" * 100),
    "a million calls of nothing": Reply(tool_calls=[ToolCall(name="", arguments="")] * 2000),
}


@pytest.mark.parametrize("name", BROKEN_ANSWERS)
def test_answers_of_the_model(attacker: Attacker, name: str) -> None:
    """The owner gets a sentence, whatever it was."""
    assert attacker.say(*[BROKEN_ANSWERS[name]] * 3, "well", patience=20)
    attacker.stack.fakes.llm_reset()


def test_an_answer_larger_than_memory(attacker: Attacker) -> None:
    """The gateway reads no further than it can hold; what each call brings would fit."""
    huge = in_one_piece("exec", {"command": "x" * 900_000}, times=8)
    assert "an answer without an end" in attacker.say(huge, patience=60)
    attacker.stack.fakes.llm_reset()
