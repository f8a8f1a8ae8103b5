"""Attacks on the server itself: each must fail, and the next command must work."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from agent.sandbox.client import SandboxUnavailable
from tests.unit.sandbox.attacks import cpu_ticks, python, works
from tests.unit.sandbox.box import Box


@pytest.mark.parametrize("signal", ["TERM", "INT", "KILL", "STOP", "HUP", "QUIT", "SEGV", "CHLD", "XCPU", "USR1"])
def test_signals_to_the_server(box: Box, signal: str) -> None:
    assert box.exec(f"kill -{signal} 1; echo sent").output == "sent\n"
    assert works(box)


def test_every_signal_to_the_server(box: Box) -> None:
    box.exec("for s in $(seq 1 64); do kill -$s 1; done 2>/dev/null")
    assert works(box)


def test_killing_everything(box: Box) -> None:
    box.exec("sleep 2000 & kill -9 -1; echo survived")
    assert works(box)
    assert box.gone("sleep 2000")


def test_stop_signals_in_a_flood(box: Box) -> None:
    box.exec(python("import os\nif os.fork() == 0:\n  while True: os.kill(1, 15); os.kill(1, 2)"))
    time.sleep(0.3)
    assert works(box)
    assert box.gone("python3 -")
    before = cpu_ticks(box)
    time.sleep(0.5)
    assert cpu_ticks(box) - before < 20


# With the uid's signal queue full, sigqueue(2) succeeds without noting the sender, and the receiver sees sender 0:
# what a signal from outside looks like.
FORGED = """
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
signal.pthread_sigmask(signal.SIG_BLOCK, range(34, 65))
class Info(ctypes.Structure):
    _fields_ = [("signo", ctypes.c_int), ("errno", ctypes.c_int), ("code", ctypes.c_int), ("pad", ctypes.c_int * 29)]
def queue(pid, number):
    return libc.syscall(129, pid, number, ctypes.byref(Info(number, 0, -1)))
queued = 0
while queued < 200000 and queue(os.getpid(), 40) == 0:
    queued += 1
print(queued, queue(1, signal.SIGTERM))
"""


def test_forging_a_stop_signal_from_outside(box: Box) -> None:
    queued, result = box.exec(python(FORGED)).output.split()
    assert int(queued) < 70
    assert result == "0"
    time.sleep(0.2)
    assert works(box)


@pytest.mark.parametrize("name", ["environ", "mem", "maps", "auxv", "stack", "syscall", "io"])
def test_the_server_is_unreadable(box: Box, name: str) -> None:
    result = box.exec(f"head -c 1 /proc/1/{name}")
    assert "Permission denied" in result.output
    assert result.exit_code == 1


@pytest.mark.parametrize("name", ["fd", "cwd", "root", "exe", "map_files"])
def test_the_servers_links_are_closed(box: Box, name: str) -> None:
    assert "Permission denied" in box.exec(f"ls /proc/1/{name}/ 2>&1 || readlink -v /proc/1/{name}").output


def test_the_servers_settings_are_not_writable(box: Box) -> None:
    for name in ("oom_score_adj", "coredump_filter", "comm", "clear_refs"):
        assert "Permission denied" in box.exec(f"echo 0 > /proc/1/{name}").output


def test_the_server_cannot_be_traced(box: Box) -> None:
    program = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.ptrace(16, 1, 0, 0), ctypes.get_errno())"
    )
    assert box.exec(python(program)).output == "-1 1\n"


def test_file_operations_are_unreadable_too(box: Box) -> None:
    """They are forks of the server, so that a command may not look into them either."""
    (box.workspace / "long").write_bytes(b"line\n" * 10_000_000)
    program = """
import os, time
seen, end = set(), time.time() + 1.2
while time.time() < end:
    time.sleep(0.01)
    for pid in os.listdir("/proc"):
        try:
            ours = pid.isdigit() and open(f"/proc/{pid}/stat").read().split()[3] == "1"
            if ours and int(pid) != os.getppid() and int(pid) != os.getpid():
                open(f"/proc/{pid}/mem", "rb"); seen.add("open")
        except PermissionError: seen.add("denied")
        except OSError: pass
print(*seen)
"""

    async def watch() -> str:
        watching = asyncio.create_task(box.link.exec(python(program), timeout=10))
        await asyncio.sleep(0.2)
        await box.link.read("long", offset=9_999_999)
        return (await watching).output

    assert box.run(watch()) == "denied\n"


def held_by(pid: int) -> set[str]:
    return {link.readlink().name.partition(":")[0] for link in Path(f"/proc/{pid}/fd").iterdir()}


def test_file_operations_hold_nothing_of_the_server(box: Box) -> None:
    (box.workspace / "long").write_bytes(b"line\n" * 10_000_000)

    async def look() -> set[str]:
        reading = asyncio.create_task(box.link.read("long", offset=9_999_999))
        await asyncio.sleep(0.2)
        pids = {int(pid) for pid in (box.cgroup.folders[-1] / "cgroup.procs").read_text().split()}
        (child,) = pids - {box.pid, box.process.pid}
        held = held_by(child)
        await reading
        return held

    assert box.run(look()) == {"null", "pipe", "long"}


def test_children_cannot_raise_their_ceilings(box: Box) -> None:
    assert box.exec("cat /proc/self/oom_score_adj").output == "1000\n"
    assert box.exec("ulimit -n 1024; ulimit -c unlimited").output.count("cannot modify") == 2


def test_replacing_or_reaching_the_gateways_socket(box: Box) -> None:
    run = box.base / "run"
    assert "Read-only file system" in box.exec(f"touch {run}/gateway.sock").output
    program = f"""
import socket
for action in ("connect", "bind"):
    try: getattr(socket.socket(socket.AF_UNIX), action)("{run}/gateway.sock"); print(action, "done")
    except OSError as error: print(action, error.strerror)
"""
    assert box.exec(python(program)).output == "connect No such file or directory\nbind Read-only file system\n"


def test_taking_over_or_flooding_the_health_socket(box: Box) -> None:
    program = """
import socket, time
try: socket.socket(socket.AF_UNIX).bind("\\0picoclaw-health"); print("taken")
except OSError as error: print(error.strerror)
held = []
end = time.time() + 2
while time.time() < end:
    s = socket.socket(socket.AF_UNIX); s.settimeout(0.1)
    try: s.connect("\\0picoclaw-health"); held = [*held[-300:], s]
    except OSError: pass
"""

    async def attack() -> tuple[str, tuple[int, str]]:
        attacking = asyncio.create_task(box.link.exec(python(program), timeout=10))
        await asyncio.sleep(0.7)
        health = await asyncio.to_thread(box.health)
        return (await attacking).output, health

    output, health = box.run(attack())
    assert output == "Address already in use\n"
    assert health == (0, "ok: connected to the gateway, 1 jobs")


def test_no_network(box: Box) -> None:
    assert box.exec("cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' '").output == "lo\n"


@pytest.mark.parametrize(
    "attack",
    ["prlimit --pid 1 --nofile=8:8", "prlimit --pid 1 --nproc=0:0", "renice -n 19 -p 1", "chrt -i -p 0 1"],
)
def test_weakening_the_server_makes_the_container_start_anew(own_box: Box, attack: str) -> None:
    with contextlib.suppress(SandboxUnavailable):
        own_box.exec(attack)
    assert own_box.ended(5) == 1
    assert "a command changed the server's own limits or priority; ending" in own_box.log_text()
    own_box.start()
    assert works(own_box)


@pytest.mark.parametrize("attack", ["prlimit --pid 1 --as=4096:4096", "prlimit --pid 1 --cpu=0:0"])
def test_starving_the_server_makes_the_container_start_anew(own_box: Box, attack: str) -> None:
    with pytest.raises(SandboxUnavailable):
        own_box.exec(f"{attack}; yes")
    assert own_box.ended(5) != 0
    own_box.start()
    assert works(own_box)


def test_a_process_whose_first_thread_has_ended_is_ended_as_well(box: Box) -> None:
    """It looks like a zombie, and its other threads go on."""
    program = """
import ctypes, os, threading, time
if os.fork(): os._exit(0)
os.setsid()
threading.Thread(target=lambda: time.sleep(1000)).start()
ctypes.CDLL(None).pthread_exit(None)
"""
    assert box.exec(f"{python(program)}\nsleep 1000", timeout=1).timed_out
    time.sleep(0.2)
    assert box.processes() == []
