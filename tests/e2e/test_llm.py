"""picoclaw-llm: it comes and goes with what config.json asks for, and is kept like the others while it is there."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import litellm_box
from tests.litellm_box import LLM
from tests.stack import CONFIG, GATEWAY, SANDBOX, Stack

VOLUMES = ("picoclaw-llm-socket", "picoclaw-egress")
# A worker that has to import litellm first.
PATIENCE_S = 60.0


def traces(stack: Stack) -> str:
    """What there is of it on the host; everything that bears its name."""
    return stack.lab.ssh(
        f"docker ps --all --quiet --filter name={LLM}; docker image ls --quiet {LLM};"
        f" docker volume ls --quiet | grep -E '^({'|'.join(VOLUMES)})$';"
        " grep -lE 'picoclaw-(llm|egress)' /etc/systemd/system/*.mount"
    ).stdout


def written(folder: Path, stack: Stack, *providers: str) -> Path:
    first, *others = (litellm_box.model(provider) for provider in providers)
    path = folder / "config.json"
    path.write_text(json.dumps(litellm_box.config(stack, llm={**first, "fallbacks": others})))
    return path


@pytest.fixture(scope="module")
def asked(fresh: Stack, first_deploy: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, str]]:
    """The product with providers that litellm translates, and the data with which it was deployed."""
    assert first_deploy
    assert traces(fresh) == ""
    data = f"picoclaw_config={written(tmp_path_factory.mktemp('llm'), fresh, 'anthropic', 'gemini')}"
    done = fresh.deploy("-y", "--data", data)
    assert done.returncode == 0, done.stdout
    yield fresh, data
    litellm_box.keep_build(fresh)
    gone = fresh.deploy("-y")
    assert gone.returncode == 0, gone.stdout
    fresh.wait_ready()
    assert traces(fresh) == ""
    assert {mount["Destination"] for mount in fresh.inspect()["Mounts"]} == {
        "/etc/picoclaw",
        "/var/lib/picoclaw",
        "/run/sandbox",
    }
    assert fresh.planned_changes() == []


@pytest.fixture
def llm(asked: tuple[Stack, str]) -> Stack:
    stack = asked[0]
    stack.fakes.reset()
    return stack


def deployed(asked: tuple[Stack, str]) -> str:
    """What another run prints; the one after it has nothing to do."""
    stack, data = asked
    done = stack.deploy("-y", "--data", data)
    assert done.returncode == 0, done.stdout
    settled = stack.deploy("-y", "--data", data)
    assert settled.returncode == 0, settled.stdout
    assert changes(settled.stdout) == 0, settled.stdout
    return done.stdout


def changes(output: str) -> int:
    """How many operations changed something, by pyinfra's table of results."""
    total = next(line.split() for line in output.splitlines() if line.strip().startswith("Grand total"))
    operations, nothing = int(total[2]), total[-1]
    return operations - int(nothing.replace("-", "0"))


def test_it_is_there_healthy_and_answers_on_its_socket(llm: Stack) -> None:
    llm.wait_healthy(LLM)
    assert litellm_box.health(llm) == "worker warm", "the deploy ended with a question to the model"
    listed = llm.lab.ssh(f"docker exec {LLM} picoclaw-confinement", check=True).stdout
    assert "19 of 19 controls are in force" in listed


def test_another_run_changes_nothing(asked: tuple[Stack, str]) -> None:
    before = [asked[0].inspect(name)["State"]["StartedAt"] for name in (GATEWAY, SANDBOX, LLM)]
    assert deployed(asked)
    assert [asked[0].inspect(name)["State"]["StartedAt"] for name in (GATEWAY, SANDBOX, LLM)] == before


@pytest.mark.parametrize("provider", litellm_box.MODELS)
def test_it_reaches_its_providers_through_the_gateway(llm: Stack, provider: str) -> None:
    answer = litellm_box.ask(llm, provider, "hello", timeout=PATIENCE_S)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"] == "You said: hello"
    streamed = litellm_box.ask(llm, provider, "hello", stream=True)
    assert streamed.text.rstrip().endswith("data: [DONE]"), streamed.text


def test_it_reaches_nobody_else(llm: Stack) -> None:
    extension = {"provider": "openai", "api_base": "https://api.openai.com/v1", "timeout_s": 20}
    answer = litellm_box.ask(llm, "anthropic", "hello", picoclaw=extension, timeout=PATIENCE_S)
    assert answer.status_code == 400
    assert "api.openai.com:443 is not allowed" in answer.json()["error"]["message"]


def test_its_key_is_on_no_disk_and_in_no_environment_there(llm: Stack) -> None:
    key = litellm_box.MODELS["anthropic"][1]
    assert litellm_box.ask(llm, "anthropic", "hello", timeout=PATIENCE_S).status_code == 200
    looked = llm.lab.ssh(
        f"pids=$(docker top {LLM} -eo pid | tail -n +2); [ $(echo $pids | wc -w) -eq 2 ] || exit 9;"
        " for pid in $pids; do tr '\\0' '\\n' < /proc/$pid/environ; tr '\\0' '\\n' < /proc/$pid/cmdline;"
        " grep -rs . /proc/$pid/root/tmp /proc/$pid/root/run; done",
        check=True,
    ).stdout
    assert "PATH=/usr/bin" in looked
    assert key not in looked
    assert key not in json.dumps(llm.inspect(LLM))
    assert key not in llm.logs(LLM)


@pytest.mark.parametrize("order", list(itertools.permutations((GATEWAY, SANDBOX, LLM))), ids="-".join)
def test_any_order_of_restarts_recovers_by_itself(llm: Stack, order: tuple[str, ...]) -> None:
    for container in order:
        llm.lab.ssh(f"docker restart --time 3 {container}", check=True)
    recovers(llm)


@pytest.mark.parametrize("container", [GATEWAY, SANDBOX, LLM])
def test_one_that_is_killed_alone_comes_back(llm: Stack, container: str) -> None:
    llm.lab.ssh(f"kill -9 $(docker inspect --format '{{{{.State.Pid}}}}' {container})", check=True)
    recovers(llm)


def recovers(stack: Stack) -> None:
    """Without waiting for Docker to ask for health, which it does 10 s after a start."""
    stack.wait_ready()
    litellm_box.wait_until_it_answers(stack)
    answer = litellm_box.ask(stack, "anthropic", "hello", timeout=PATIENCE_S)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("drift", "named"),
    [
        (
            (
                "docker update --memory 512m --memory-swap 512m --pids-limit -1 $llm &&"
                " docker network disconnect none $llm && docker network connect bridge $llm"
            ),
            [
                ": memory: 268435456 wanted, 536870912 found",
                ": pids-limit: 64 wanted",
                ": networks: none wanted, bridge found",
            ],
        ),
        ("echo '{}' > /opt/stacks/picoclaw/seccomp/llm.json", ["seccomp/llm.json: content differs"]),
        ("docker stop --time 2 $llm", [": running wanted, exited found"]),
        (
            "docker rm --force $llm picoclaw && docker volume rm $volume && docker volume create $volume",
            ["volume picoclaw-egress: options: ", ": container wanted", "picoclaw: container wanted"],
        ),
    ],
    ids=["controls", "seccomp", "stopped", "removed"],
)
def test_drift_is_named_and_repaired(asked: tuple[Stack, str], drift: str, named: list[str]) -> None:
    stack, _ = asked
    stack.lab.ssh(f"llm={LLM} volume=picoclaw-egress; {drift}", check=True)
    output = deployed(asked)
    wanted = [f"{LLM}{line}" if line.startswith(":") else line for line in named]
    assert [line for line in wanted if line not in output] == [], output
    recovers(stack)


def test_the_hosts_own_config_decides_where_there_is_none_here(
    asked: tuple[Stack, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for an owner who edits config.json on the host and runs the deploy from a machine that has none."""
    stack, _ = asked
    hosts = json.loads(stack.lab.places.hosts.read_text())
    del hosts[stack.lab.places.name]["picoclaw_config"]
    stack.lab.places.hosts.with_suffix(".without").write_text(json.dumps(hosts))
    monkeypatch.setattr(
        Stack,
        "environment",
        {**stack.environment, "PICOCLAW_HOSTS_FILE": str(stack.lab.places.hosts.with_suffix(".without"))},
    )
    try:
        done = stack.deploy("-y", "-vvv")
    finally:
        stack.lab.places.hosts.with_suffix(".without").unlink()
    assert done.returncode == 0, done.stdout
    assert changes(done.stdout) == 0, done.stdout
    secrets = [key for _, key, _ in litellm_box.MODELS.values()]
    assert [secret for secret in secrets if secret in done.stdout] == []
    assert stack.lab.ssh(f"grep -c {secrets[0]} {CONFIG}", check=True).stdout.strip() == "1"


def test_a_whole_conversation_goes_through_it(llm: Stack) -> None:
    llm.wait_ready()
    assert "hello" in llm.ask("hello", timeout=PATIENCE_S)
    assert "conversed" in llm.ask("run echo conversed", timeout=PATIENCE_S)
    asked = llm.fakes.llm_requests()
    assert len(asked) == 3, "a hello, a command, its result"
    assert {request.host for request in asked} == {litellm_box.MODELS["anthropic"][0]}
    assert litellm_box.health(llm) == "worker warm"
