"""The containers' own check of themselves: it agrees with what the kernel says from outside, and refuses to serve."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.compliance.checking import Expect, effective, tried
from tests.compliance.kernel import Process
from tests.compliance.live import GATEWAY, LLM, SANDBOX, Container
from tests.compliance.words import Words

_PIDS, _MEGABYTE = 64, 1024 * 1024
_MEMORY = {GATEWAY: 128 * _MEGABYTE, SANDBOX: 128 * _MEGABYTE, LLM: 256 * _MEGABYTE}
# What each has beside its root that it may only read.
_READ_ONLY = {GATEWAY: "/etc/picoclaw", SANDBOX: "/run/sandbox", LLM: "/run/egress"}
_HARMLESS = {"noexec", "nosuid", "nodev"}
# What a container without any hardening lacks; how the self-check calls it.
_LACKING = ("read-only", "capabilities", "no-new-privileges", "seccomp", "memory", "cpu", "pids", "tmp")


def _of_processes(look: Callable[[Process], bool]) -> Callable[[Container], bool]:
    return lambda container: all(look(process) for process in container.processes)


def _ids(process: Process) -> set[str]:
    return {number for name in ("Uid", "Gid", "Groups") for number in process.status[name].split()}


def _read_only(process: Process, *points: str) -> bool:
    return all(point in process.mounts and process.mounts[point].read_only for point in points)


def _disk(point: str) -> Callable[[Process], bool]:
    return lambda p: point in p.mounts and p.mounts[point].options >= _HARMLESS and p.mounts[point].size is not None


# What this repository's self-check calls a control, and the same seen from outside.
_OUTSIDE: dict[str, Callable[[Container], bool]] = {
    "read-only": lambda c: all(_read_only(p, "/", _READ_ONLY[c.name]) for p in c.processes),
    "capabilities": _of_processes(lambda p: not int(p.status["CapBnd"], 16) and not int(p.status["CapEff"], 16)),
    "no-new-privileges": _of_processes(lambda p: p.status["NoNewPrivs"] == "1"),
    "user": _of_processes(lambda p: _ids(p) <= {"1000"}),
    "memory": lambda c: c.limits.memory is not None and c.limits.memory <= _MEMORY[c.name],
    "swap": lambda c: not c.limits.swap_counted or c.limits.swap == 0,
    "cpu": lambda c: c.limits.cpus is not None and c.limits.cpus <= 1,
    "pids": lambda c: c.limits.pids is not None and c.limits.pids <= _PIDS,
    "tmp": _of_processes(_disk("/tmp")),
    "network": lambda c: c.networks <= ({"picoclaw-net"} if c.name == GATEWAY else {"none"}),
    "core-dumps": _of_processes(lambda p: p.limit("Max core file size") == ("0", "0")),
}


def _verdicts(container: Container) -> dict[str, bool]:
    text = container.self_check[: container.self_check.rfind("]") + 1]
    try:
        return {row["id"]: bool(row["ok"]) for row in json.loads(text)}
    except (ValueError, KeyError, TypeError):
        return {}


@effective(
    "confinement",
    "What the container says of itself is what is seen from outside",
    "Kontener mówi o sobie to, co widać z zewnątrz",
)
def test_self_check_agrees(container: Container, expect: Expect) -> None:
    said = _verdicts(container)
    outside = {name: look(container) for name, look in _OUTSIDE.items()}
    wrong: dict[Any, Any] = {name: said.get(name) for name, found in outside.items() if said.get(name) != found}
    agrees = Words(f"the same of {len(outside)} controls", f"to samo o {len(outside)} zabezpieczeniach")
    silent = Words("it does not answer", "nie odpowiada")
    expect.that(bool(said) and not wrong, agrees, agrees if said and not wrong else wrong if said else silent)


@effective("confinement", "Its answer's exit code is its verdict", "Kod wyjścia odpowiada wynikowi")
def test_exit_code(container: Container, expect: Expect) -> None:
    code = container.self_check.strip().rpartition("exit ")[2]
    expect(f"exit {0 if all(_verdicts(container).values()) else 1}", f"exit {code}")


@tried(
    "confinement",
    "The same image without hardening says what it lacks, and does not serve",
    "Ten sam obraz bez zabezpieczeń mówi, czego mu brak, i nie pracuje",
)
def test_a_bare_twin_refuses(container: Container, expect: Expect) -> None:
    said = container.twin
    named = [name for name in _LACKING if name in said]
    refuses = "not serve" in said
    expect(
        {Words("serves", "pracuje"): False, Words("names", "wymienia"): list(_LACKING)},
        {Words("serves", "pracuje"): not refuses, Words("names", "wymienia"): named},
    )
