"""The model as an attacker: it orders, through the chat, and reads what its orders came to."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.fakes import wire
from tests.hostile import probes
from tests.stack import GATEWAY, SANDBOX, Stack

# How much longer than its own deadline a command's whole way through the chat may take.
PATIENCE_S = 45.0
# What a case's command prints when it got what it was after.
LOOT = "PWNED"
_DOCKER = "var/lib/docker"  # read from outside the lab host: ten times quicker than asking it over SSH


@dataclass(frozen=True)
class Told:
    """What the model was told of one order."""

    text: str

    @property
    def lines(self) -> list[str]:
        """Line by line, the last one saying how a command ended."""
        return self.text.splitlines()

    @property
    def timed_out(self) -> bool:
        """Whether the sandbox ended it because its time was over."""
        return "it took too long]" in self.text

    def refused(self, *why: str) -> None:
        """Assert that it got nothing, and that each of these regular expressions says why; one is needed."""
        assert LOOT not in self.text, self.text
        assert why, "a refusal must be seen, or a command that never ran would pass"
        for pattern in why:
            assert re.search(pattern, self.text, re.MULTILINE), f"no {pattern!r} in: {self.text}"

    def all_refused(self, count: int, *errors: str) -> None:
        """Assert that a probe made `count` attempts and that each met one of these errors."""
        assert LOOT not in self.text, self.text
        attempts = [line.split() for line in self.lines if " refused " in line]
        assert len(attempts) == count, f"{len(attempts)} of {count} attempts were made: {self.text}"
        others = [" ".join(words) for words in attempts if words[-1] not in errors]
        assert not others, f"refused, but not by the control that should have: {others}"


class Attacker:
    """Orders of a hostile model, and a look from outside at what they did."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def run(self, command: str, timeout_s: float = 10.0, **arguments: object) -> Told:
        """Order a shell command."""
        return self.use("exec", patience=timeout_s, command=command, timeout_s=timeout_s, **arguments)

    def python(self, program: str, timeout_s: float = 10.0) -> Told:
        """Order a Python program, which has `tests.hostile.probes.PRELUDE` at hand."""
        return self.run(probes.script(program), timeout_s)

    def use(self, tool: str, *, patience: float = 10.0, **arguments: object) -> Told:
        """Order one use of a tool."""
        return self.order(wire.ToolCall(name=tool, arguments=arguments), patience=patience)[0]

    def order(self, *calls: wire.ToolCall, patience: float = 10.0) -> list[Told]:
        """Order several at once, in one answer of the model."""
        done = f"done {uuid.uuid4().hex}"
        fakes = self.stack.fakes
        fakes.script(wire.Reply(tool_calls=list(calls)), done)
        asked = fakes.user_message("go")
        fakes.wait_for_reply(after=asked.message_id, containing=done, timeout=patience + PATIENCE_S)
        results = []
        for message in reversed(fakes.llm_requests()[-1].body["messages"]):
            if message["role"] != "tool":
                break
            results.append(Told(wire.text_of(message)))
        return results[::-1]

    def say(self, *replies: wire.Reply | str, patience: float = 10.0, question: str = "go") -> str:
        """Let the model answer the owner's next message by these; what the owner reads in the end."""
        self.stack.fakes.script(*replies)
        return self.stack.ask(question, timeout=patience + PATIENCE_S)

    def forget(self) -> None:
        """Start a new conversation, so that no case reads another's."""
        self.stack.fakes.reset()
        self.stack.ask("/new")

    def assert_answering(self, then: str = "true") -> None:
        """Assert that the bot answers the next message, and that a command still runs in the sandbox."""
        proof = uuid.uuid4().hex
        commands = ({"command": f"echo {proof}", "timeout_s": 20}, {"command": then, "timeout_s": 30})
        told, _ = self.order(*[wire.ToolCall(name="exec", arguments=command) for command in commands], patience=50)
        assert told.text.startswith(f"{proof}\n[exit code 0]"), told.text

    def lives(self) -> list[str]:
        """Since when, as which process and how often restarted both containers run."""
        files = (self.stack.lab.places.root / _DOCKER / "containers").glob("*/config.v2.json")
        kept = (json.loads(file.read_text()) for file in files)
        ours = (one for one in kept if one["Name"] in (f"/{GATEWAY}", f"/{SANDBOX}"))
        return sorted(f"{c['Name']} {c['State']['StartedAt']} {c['State']['Pid']} {c['RestartCount']}" for c in ours)

    def outside(self) -> list[str]:
        """What reached the lab's internet, probes and names, and how many packets knocked at the machine around it."""
        files = (self.stack.lab.state_dir / name for name in ("probes.jsonl", "dns.jsonl"))
        lines = [line for file in files if file.exists() for line in file.read_text().splitlines()]
        return [*lines, f"{self.stack.lab.refused_packets} packets to the machine"]

    def state(self) -> bytes:
        """The gateway's state file as it lies on the host's disk, journal included."""
        return b"".join(path.read_bytes() for path in sorted(self._volume("picoclaw-state").glob("state.db*")))

    def spool(self) -> list[str]:
        """The files that wait to be sent, on the host's disk."""
        return [path.name for path in (self._volume("picoclaw-state") / "spool").iterdir()]

    def workspace(self, name: str) -> Path:
        """A file of the workspace, seen from outside."""
        return self._volume("picoclaw_picoclaw-workspace") / name

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Whom a prisoner would like to reach, by name."""
        lab = self.stack.lab
        found = lab.ssh(
            'ip -4 -o addr show | awk \'$2 ~ /^(docker0|br-picoclaw)$/ {sub("/.*", "", $4); print $4}\'; '
            f"docker inspect --format '{{{{range .NetworkSettings.Networks}}}}{{{{.IPAddress}}}}{{{{end}}}}' {GATEWAY}",
            check=True,
        ).stdout.split()
        named = dict(zip(("docker's bridge", "picoclaw's bridge", "the gateway's container"), found, strict=True))
        return {
            "the host": lab.address,
            "the host, outside": lab.state.subnet.host_outside,
            **named,
            **lab.state.subnet.probe_targets(),
        }

    def _volume(self, name: str) -> Path:
        return self.stack.lab.places.root / _DOCKER / "volumes" / name / "_data"
