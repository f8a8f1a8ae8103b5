"""What a hostile command gets: no network, no secret, no way to stop the assistant."""

from __future__ import annotations

import pytest

from tests.fakes import defaults, wire
from tests.stack import Stack


def run(stack: Stack, command: str, timeout: float = 90.0, **arguments: object) -> str:
    """Let the model order a command; return what the model was told."""
    call = wire.ToolCall(name="exec", arguments={"command": command, **arguments})
    stack.fakes.script(wire.Reply(tool_calls=[call]), "done")
    stack.ask("go", timeout=timeout)
    return str(stack.fakes.llm_requests()[-1].body["messages"][-1]["content"])


def test_no_network(stack: Stack) -> None:
    assert run(stack, "ls /sys/class/net").split("\n")[0] == "lo"
    for target in ("1.1.1.1:443", "169.254.169.254:80", f"{stack.lab.address}:22"):
        host, port = target.split(":")
        seen = run(stack, f"timeout 3 bash -c 'echo > /dev/tcp/{host}/{port}' && echo connected")
        assert "connected" not in seen.splitlines(), target
    assert "[exit code 0]" not in run(stack, "timeout 5 getent hosts api.telegram.org")


def test_no_secret_anywhere(stack: Stack) -> None:
    assert "No such file" in run(stack, "cat /etc/picoclaw/config.json")
    run(stack, "cat /proc/*/environ /proc/*/cmdline > /workspace/seen 2>/dev/null")
    seen = stack.lab.ssh("docker exec picoclaw-sandbox cat /workspace/seen", check=True).stdout
    assert "HOME=/workspace" in seen
    for secret in (defaults.TELEGRAM_TOKEN, defaults.OPENROUTER_KEY):
        assert secret not in seen
    assert "Permission denied" in run(stack, "cat /proc/1/environ; ls -l /proc/1/fd")


def test_a_process_of_a_command_does_not_see_the_gateway(stack: Stack) -> None:
    assert "agent.gateway" not in run(stack, "ps axww")
    assert "[exit code 0]" not in run(stack, "ls -A /run/sandbox | grep .")


@pytest.mark.parametrize(
    "attack",
    [
        "kill -9 -1",
        "kill -TERM 1; kill -9 1; sleep 1",
        ":(){ :|:& };:",
        'python3 -c "x = [bytearray(10**6) for _ in range(10**6)]"',
        "yes",
        "head -c 1G /dev/zero > /workspace/big; rm -f /workspace/big",
        "sleep 1000",
        "setsid -f sleep 1000; exec 1>&- 2>&-; sleep 1000",
    ],
    ids=["kill-all", "kill-init", "fork-bomb", "memory-bomb", "yes", "big-file", "hang", "hang-detached"],
)
def test_the_next_command_works_after(stack: Stack, attack: str) -> None:
    before = stack.inspect("picoclaw-sandbox")["State"]["StartedAt"]
    run(stack, attack, timeout_s=4)
    assert "still here" in run(stack, "echo still here")
    state = stack.inspect("picoclaw-sandbox")["State"]
    assert state["StartedAt"] == before, "the server itself must not have died"


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
