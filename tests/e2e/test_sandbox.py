"""What an ordinary command gets; what a hostile one gets is in tests/hostile."""

from __future__ import annotations

from tests.fakes import wire
from tests.stack import Stack


def run(stack: Stack, command: str, timeout: float = 90.0, **arguments: object) -> str:
    """Let the model order a command; return what the model was told."""
    call = wire.ToolCall(name="exec", arguments={"command": command, **arguments})
    stack.fakes.script(wire.Reply(tool_calls=[call]), "done")
    stack.ask("go", timeout=timeout)
    return wire.text_of(stack.fakes.llm_requests()[-1].body["messages"][-1])


def test_output_is_cut_in_the_middle(stack: Stack) -> None:
    seen = run(stack, "echo first; yes | head -c 10M; echo last")
    assert seen.startswith("first")
    assert "last\n[exit code 0]" in seen
    assert len(seen) < 40_000


def test_the_workspace_outlives_the_container(stack: Stack) -> None:
    run(stack, "echo kept > /workspace/kept")
    stack.lab.ssh("docker restart picoclaw-sandbox", check=True)
    stack.wait_ready()
    assert "kept" in run(stack, "cat /workspace/kept; rm /workspace/kept")
