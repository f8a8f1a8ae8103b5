"""Tools: schemas a provider accepts, and mistakes of the model answered with words it can act on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from agent import config
from agent.sandbox.client import SandboxLink
from agent.tools import commands, files
from agent.tools.registry import Tools
from tests.unit.gateway.quiet import Quiet


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    link = SandboxLink(tmp_path / "gateway.sock", connect_wait=0.01)
    return Tools([commands.tool(link, config.Sandbox()), *files.tools(link)])


def test_definitions_are_plain_json_schema(tools: Tools) -> None:
    by_name = {tool["function"]["name"]: tool["function"]["parameters"] for tool in tools.definitions}
    assert set(by_name) == {"exec", "read_file", "write_file", "edit_file", "list_files", "send_file"}
    for parameters in by_name.values():
        assert parameters["type"] == "object"
        assert parameters["additionalProperties"] is False
        assert "$ref" not in json.dumps(parameters)
        assert all("description" in json.dumps(p) for p in parameters["properties"].values() if "enum" not in p)
    assert by_name["exec"]["required"] == ["command"]


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("rm", "{}", "there is no tool 'rm'; the tools are exec,"),
        ("exec", "{}", "missing required field `command`"),
        ("exec", '{"command": "ls"', "arguments of exec cannot be used"),
        ("exec", '{"command": "ls", "sudo": true}', "unknown field `sudo`"),
        ("exec", '{"command": "ls", "timeout_s": -1}', "`float` > 0.0"),
        ("read_file", '{"path": "a", "first_line": 0}', ">= 1"),
    ],
)
def test_the_model_is_told_its_mistake(tools: Tools, name: str, arguments: str, words: str) -> None:
    answer = asyncio.run(tools.call(name, arguments, Quiet()))
    assert answer.startswith("error: ")
    assert words in answer


def test_without_a_sandbox_the_model_is_told_so(tools: Tools) -> None:
    answer = asyncio.run(tools.call("exec", '{"command": "ls"}', Quiet()))
    assert answer.startswith("error: ")
    assert "sandbox" in answer
