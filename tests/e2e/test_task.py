"""Tasks from scripts, as a script gives them: over `docker exec` on the host."""

from __future__ import annotations

import json
import shlex

import pytest

from tests.fakes import wire
from tests.stack import Stack

TASK = "docker exec picoclaw picoclaw task"


def test_a_task_is_answered_and_leaves_the_chat_alone(stack: Stack) -> None:
    last = stack.fakes.chat()[-1].message_id if stack.fakes.chat() else 0
    done = json.loads(stack.lab.ssh(f"{TASK} --json run echo from-a-script", check=True).stdout)
    assert done["status"] == "done"
    assert "from-a-script" in done["answer"]
    assert [message for message in stack.fakes.chat(after=last) if message.from_bot] == []


def test_with_reply_to_the_owner_reads_it_too(stack: Stack) -> None:
    stack.ask("hello")
    last = stack.fakes.chat()[-1].message_id
    done = stack.lab.ssh(f"{TASK} --reply-to telegram run echo for-both", check=True).stdout
    assert "for-both" in done
    stack.fakes.wait_for_reply(after=last, containing="A script asks")
    stack.wait_for(
        lambda: sum("for-both" in message.text for message in stack.fakes.chat(after=last)) == 2, 10, stack.logs
    )


def test_a_task_on_standard_input_is_taken_as_it_is(stack: Stack) -> None:
    text = "run echo 'it''s' \"$HOME\" `id`\nand more"
    command = "docker exec -i picoclaw picoclaw task --json -"
    assert json.loads(stack.lab.ssh(command, stdin=text, check=True).stdout)["status"] == "done"
    asked = [m for m in stack.fakes.llm_requests()[-1].body["messages"] if m["role"] == "user"]
    assert wire.text_of(asked[-1]).strip() == text.strip()


@pytest.mark.parametrize("end", ["docker restart picoclaw", "docker kill picoclaw && docker start picoclaw"])
def test_a_restart_while_it_is_waited_for(stack: Stack, end: str) -> None:
    stack.ask("run rm -f /workspace/runs")
    counted = "echo x >> /workspace/runs; sleep 4"
    stack.fakes.script(
        wire.Reply(tool_calls=[wire.ToolCall(name="exec", arguments={"command": counted})]), "all done now"
    )
    task = f"{TASK} --id e2e-{abs(hash(end))} --json count"
    again = f'for i in 1 2 3 4 5 6; do out=$({task}) || true; [ -n "$out" ] && break; sleep 2; done; echo "$out"'
    cut = f"(sleep 2; {end}) >/dev/null 2>&1 & {again}; wait"
    done = json.loads(stack.lab.ssh(f"bash -c {shlex.quote(cut)}", check=True).stdout.strip().splitlines()[-1])
    assert (done["status"], done["answer"]) == ("done", "all done now")
    stack.wait_ready()
    assert stack.lab.ssh("docker exec picoclaw-sandbox cat /workspace/runs", check=True).stdout == "x\n"


def test_what_a_script_is_told_when_it_fails(stack: Stack) -> None:
    assert stack.lab.ssh(f"{TASK}").returncode == 2
    refused = stack.lab.ssh(f"{TASK} --reply-to pigeon hello")
    assert refused.returncode == 1
    assert "no channel pigeon" in refused.stderr
    stack.fakes.script(wire.Reply(text="late", delay=3.0))
    late = stack.lab.ssh(f"{TASK} --id e2e-late --timeout 0.5 hello")
    assert (late.returncode, "--wait e2e-late" in late.stderr) == (3, True)
    assert stack.lab.ssh(f"{TASK} --wait e2e-late", check=True).stdout == "late\n"


def test_the_code_the_workflow_and_the_status(stack: Stack) -> None:
    assert "telegram: allowed: " in stack.lab.ssh("docker exec picoclaw picoclaw pair", check=True).stdout
    workflow = json.loads(stack.lab.ssh("docker exec picoclaw picoclaw n8n", check=True).stdout)
    assert workflow["nodes"]
    status = stack.ask("/status")
    assert "controls hold" in status
    assert "/128 MB" in status
    assert "⚠" not in status
