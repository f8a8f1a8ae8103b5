"""What the owner sees in the chat, and what a stranger does not."""

from __future__ import annotations

import re

import pytest

from tests.fakes import defaults, wire
from tests.fakes.errors import FakesError
from tests.stack import Stack

STRANGER = 666


def test_a_command_runs_in_the_sandbox_and_the_answer_arrives(stack: Stack) -> None:
    answer = stack.ask("run uname -a && id -u && hostname")
    assert "Linux picoclaw-sandbox" in answer
    assert "1000" in answer


def test_typing_is_shown_while_the_model_thinks(stack: Stack) -> None:
    stack.fakes.script(wire.Reply(text="done", delay=1.0))
    assert stack.ask("think") == "done"
    (typing,) = stack.fakes.calls("sendChatAction")
    assert typing.parameters["action"] == "typing"


def test_the_model_sees_the_conversation_and_the_tools(stack: Stack) -> None:
    stack.ask("/new")
    stack.ask("my name is Anna")
    stack.ask("run echo hello")
    last = stack.fakes.llm_requests()[-1]
    assert last.problem == ""
    roles = [message["role"] for message in last.body["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "tool"]
    assert {tool["function"]["name"] for tool in last.body["tools"]} >= {"exec", "read_file", "write_file"}


def test_files_are_written_read_and_edited(stack: Stack) -> None:
    def calls(name: str, **arguments: object) -> wire.Reply:
        return wire.Reply(tool_calls=[wire.ToolCall(name=name, arguments=dict(arguments))])

    stack.fakes.script(
        calls("write_file", path="notes/a.txt", content="zażółć\ngęślą\n"),
        calls("edit_file", path="notes/a.txt", old="gęślą", new="jaźń"),
        calls("read_file", path="notes/a.txt"),
        calls("list_files", path="notes"),
        "done",
    )
    assert stack.ask("work with files") == "done"
    results = [wire.text_of(m) for m in stack.fakes.llm_requests()[-1].body["messages"] if m["role"] == "tool"][-4:]
    assert "zażółć\njaźń" in results[2]
    assert "a.txt" in results[3]


def test_a_long_answer_arrives_whole_in_parts(stack: Stack) -> None:
    answer = "\n\n".join(f"paragraph {number}: {'word ' * 60}" for number in range(40))
    stack.fakes.script(answer)
    sent = stack.fakes.user_message("tell me a lot")
    stack.fakes.wait_for_reply(after=sent.message_id, containing="paragraph 39:", timeout=20)
    parts = [m.text for m in stack.fakes.chat(after=sent.message_id)]
    assert len(parts) > 2
    assert re.findall(r"paragraph (\d+):", "\n".join(parts)) == [str(number) for number in range(40)]


def test_markdown_arrives_as_formatting(stack: Stack) -> None:
    stack.fakes.script("**bold** and `code`")
    (message,) = stack.fakes.ask("format")
    assert message.text == "bold and code"
    assert [entity["type"] for entity in message.entities] == ["bold", "code"]


def test_a_stranger_gets_no_answer_and_runs_nothing(stack: Stack) -> None:
    stack.fakes.user_message("run touch /workspace/stranger", user_id=STRANGER)
    stack.fakes.user_message("/pair AAAAAAAA", user_id=STRANGER)
    assert "hello" in stack.ask("hello")  # handled after the stranger's, in the order of the updates
    with pytest.raises(FakesError):
        stack.fakes.wait_for_reply(STRANGER, timeout=0.5)
    assert not any("stranger" in str(request.body) for request in stack.fakes.llm_requests())
    assert "stranger" not in stack.ask("run ls /workspace")
    assert stack.logs().count(f"user {STRANGER} is not in allowed_user_ids") == 1


def test_commands_of_the_bot(stack: Stack) -> None:
    assert "/new" in stack.ask("/help")
    assert str(defaults.OWNER_ID) in stack.ask("/whoami")
    status = stack.ask("/status")
    assert "telegram: ok" in status
    assert re.search(r"^sandbox +[█░]{8} \d+/128 MB$", status, re.MULTILINE)
    assert stack.fakes.llm_requests() == [], "commands cost no tokens"
    sent = stack.fakes.user_message("/help", language_code="pl")
    assert "nową rozmowę" in stack.fakes.wait_for_reply(after=sent.message_id)[0].text


def test_an_endless_loop_of_tool_calls_is_ended(stack: Stack) -> None:
    again = wire.Reply(tool_calls=[wire.ToolCall(name="exec", arguments={"command": "true"})])
    stack.fakes.script(*[again] * 25)
    assert "stopped after 20 steps" in stack.ask("loop")
    assert len(stack.fakes.llm_requests()) == 20


def test_malformed_arguments_are_told_to_the_model(stack: Stack) -> None:
    stack.fakes.script(wire.Reply(tool_calls=[wire.ToolCall(name="exec", arguments='{"command": ')]), "sorry")
    assert stack.ask("break it") == "sorry"
    assert "cannot be used" in wire.text_of(stack.fakes.llm_requests()[-1].body["messages"][-1])


def test_a_terminal_conversation_through_docker_exec(stack: Stack) -> None:
    done = stack.lab.ssh("docker exec picoclaw picoclaw chat run echo from-the-terminal", check=True)
    assert "from-the-terminal" in done.stdout
    talk = stack.lab.ssh("docker exec -i picoclaw picoclaw chat", stdin="run echo one\nrun echo two\n", check=True)
    assert talk.stdout.index("one") < talk.stdout.index("two")
