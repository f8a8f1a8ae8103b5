"""The everyday commands, through the chat and the tools: hardening that gets in their way is switched off by owners."""

from __future__ import annotations

import pytest

from tests.everyday.commands import EVERYDAY
from tests.everyday.script import judge, script
from tests.fakes import wire
from tests.stack import Stack


def test_no_everyday_command_is_refused(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """One tool call a group; the command itself, and what it printed instead, stand in the failure."""
    refused: dict[str, str] = {}
    for commands in EVERYDAY.values():
        call = wire.ToolCall(name="exec", arguments={"command": script(commands)})
        stack.fakes.script(wire.Reply(tool_calls=[call]), "done")
        stack.ask("everyday", timeout=90)
        refused |= judge(commands, wire.text_of(stack.fakes.llm_requests()[-1].body["messages"][-1]))
    with capsys.disabled():
        print(f"\nfalse refusals: {len(refused)} of {sum(map(len, EVERYDAY.values()))} everyday commands")
    assert refused == {}


def test_the_list_is_long_enough_to_mean_something() -> None:
    assert sum(map(len, EVERYDAY.values())) >= 60
