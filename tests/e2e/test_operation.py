"""What the owner of the VPS does, in the owner's words."""

from __future__ import annotations

import json

from tests.fakes import defaults, wire
from tests.stack import SANDBOX, Stack


def test_ps_stats_and_health(stack: Stack) -> None:
    listed = stack.lab.ssh("docker ps | grep picoclaw", check=True).stdout
    assert "picoclaw-sandbox" in listed
    assert "MiB / 128MiB" in stack.lab.ssh("docker stats picoclaw --no-stream", check=True).stdout
    stack.wait_healthy()
    stack.wait_healthy("picoclaw-sandbox")
    assert "telegram: ok" in stack.lab.ssh("docker exec picoclaw picoclaw health", check=True).stdout
    report = json.loads(stack.lab.ssh("docker exec picoclaw picoclaw health --json", check=True).stdout)
    assert report["ready"] is True
    assert "picoclaw, version" in stack.lab.ssh("docker exec picoclaw picoclaw --version", check=True).stdout


def test_logs_are_readable_and_hold_no_secret(stack: Stack) -> None:
    stack.ask("hello")
    log = stack.lab.ssh("docker logs picoclaw --tail 50", check=True).stdout
    assert "gateway: PicoClaw" in log
    assert "Traceback" not in log
    for secret in (defaults.TELEGRAM_TOKEN, defaults.OPENROUTER_KEY):
        assert secret not in stack.logs()
        assert secret not in stack.logs("picoclaw-sandbox")


def test_restart_is_quick_and_goes_on(stack: Stack) -> None:
    stack.ask("hello")
    stack.lab.ssh("docker restart picoclaw", check=True)
    assert "one" in stack.ask("run echo one")
    stack.lab.ssh("docker restart picoclaw-sandbox", check=True)
    stack.wait_ready()
    assert "two" in stack.ask("run echo two")
    assert "stopped" in stack.logs()


def test_what_docker_could_not_start_again_is_started(stack: Stack) -> None:
    # The place in which containerd wants to put it is taken, as when Docker was killed while it started it.
    place = f"/run/containerd/io.containerd.runtime.v2.task/moby/{stack.inspect(SANDBOX)['Id']}"
    stack.lab.ssh(f"systemctl stop docker.socket docker && mkdir {place} && systemctl start docker", check=True)
    try:
        state = stack.inspect(SANDBOX)["State"]
        assert (state["Status"], "file exists" in state["Error"]) == ("exited", True), state
    finally:
        stack.lab.ssh(f"rmdir {place}", check=True)
    stack.wait_ready()
    assert "again" in stack.ask("run echo again")


def test_a_message_sent_while_the_gateway_is_down_is_answered_once(stack: Stack) -> None:
    stack.lab.ssh("docker kill picoclaw", check=True)
    sent = stack.fakes.user_message("run echo after-the-crash")
    stack.lab.ssh("docker start picoclaw", check=True)
    stack.fakes.wait_for_reply(after=sent.message_id, containing="after-the-crash", timeout=30)
    stack.ask("anything else?")
    answers = [m for m in stack.fakes.chat(after=sent.message_id) if "after-the-crash" in m.text and m.from_bot]
    assert len(answers) == 1


def test_a_turn_cut_by_a_crash_goes_on_without_running_twice(stack: Stack) -> None:
    counted = "echo x >> /workspace/count; sleep 3; wc -l < /workspace/count"
    stack.ask("run rm -f /workspace/count")
    stack.fakes.script(
        wire.Reply(tool_calls=[wire.ToolCall(name="exec", arguments={"command": counted})]), "I shall look first."
    )
    sent = stack.fakes.user_message("count")
    stack.wait_for(
        lambda: "x" in stack.lab.ssh("docker exec picoclaw-sandbox cat /workspace/count").stdout, 20, stack.logs
    )
    stack.lab.ssh("docker kill picoclaw && docker start picoclaw", check=True)
    stack.fakes.wait_for_reply(after=sent.message_id, containing="look first", timeout=30)
    result = wire.text_of(stack.fakes.llm_requests()[-1].body["messages"][-1])
    assert "restarted while this ran" in result
    stack.wait_ready()
    assert stack.ask("run wc -l < /workspace/count").split("\n").count("1") == 1


def test_an_edited_config_applies_after_a_restart(stack: Stack) -> None:
    with stack.edited_config(llm={"model": "openai/gpt-4o-mini"}):
        stack.ask("hello")
        assert stack.fakes.llm_requests()[-1].body["model"] == "openai/gpt-4o-mini"


def test_a_wrong_key_is_one_line_and_one_sentence(stack: Stack) -> None:
    before = stack.logs().count("LLMKeyError")  # other tests give wrong keys, too
    with stack.edited_config(llm={"api_key": "sk-or-v1-" + "0" * 64}):
        answer = stack.ask("hello")
        assert "llm.api_key" in answer
        assert len(stack.fakes.llm_requests()) == 1, "a refused key is not tried again"
        assert stack.logs().count("LLMKeyError") == before + 1
        assert "0000" not in stack.logs()


def test_a_wrong_token_is_one_line_and_no_restart_loop(stack: Stack) -> None:
    line = "Telegram refuses the bot token"
    before = stack.logs().count(line)  # other tests give wrong tokens, too
    with stack.edited_config(channel={"bot_token": "123456789:" + "B" * 35}):
        stack.wait_for(lambda: stack.logs().count(line) > before, 20, stack.logs)
        assert stack.lab.ssh("docker exec picoclaw picoclaw health").returncode == 1
        stack.lab.ssh("sleep 5", check=True)
        assert stack.logs().count(line) == before + 1
        assert stack.inspect()["RestartCount"] == 0
        assert stack.inspect()["State"]["Running"] is True


def test_a_broken_config_is_one_line_and_no_restart_loop(stack: Stack) -> None:
    with stack.edited_config(llm={"modle": "x"}):
        line = "llm.modle is not a known key; did you mean model?"
        stack.wait_for(lambda: line in stack.logs(), 20, stack.logs)
        assert stack.inspect()["RestartCount"] == 0
        health = stack.lab.ssh("docker exec picoclaw picoclaw health")
        assert health.returncode == 1
        assert line in health.stdout


def test_unhealthy_while_polls_fail(stack: Stack) -> None:
    stack.fakes.network(defaults.TELEGRAM_HOST, "refuse")
    try:
        down = "docker exec picoclaw picoclaw health"
        stack.wait_for(lambda: stack.lab.ssh(down).returncode == 1, 30, stack.logs)
        assert "cannot be reached" in stack.lab.ssh(down).stdout
    finally:
        stack.fakes.network(defaults.TELEGRAM_HOST, "ok")
    stack.wait_for(lambda: stack.lab.ssh(down).returncode == 0, 60, stack.logs)
    assert "hello" in stack.ask("hello")
