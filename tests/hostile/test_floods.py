"""Floods and bombs: what a command can use up is its own; the server and the bot live on and the host stays well."""

from __future__ import annotations

import pytest

from tests.fakes import wire
from tests.hostile import probes
from tests.hostile.attacker import Attacker
from tests.stack import GATEWAY, SANDBOX

BOMBS = {
    "fork bomb": ":(){ :|:& };:",
    "fork bomb that flees its session": 'b() { setsid -f bash -c "$(declare -f b); b" & b; }; b',
    "memory": "python3 -c 'x = [bytearray(10**6) for _ in range(10**6)]'",
    "memory by many": "for i in $(seq 20); do python3 -c 'x = bytearray(60 * 10**6); import time; time.sleep(9)' & "
    "done; wait",
    "memory in the shell": "s=x; while :; do s=$s$s; done",
    "memory of pipes": "head -c 1000M /dev/zero | tail -n 1 | wc -c",
    "CPU": "for i in $(seq 40); do (while :; do :; done) & done; wait",
    "processes that end at once": "while :; do true & done",
    "yes": "yes",
    "yes in many": "for i in $(seq 30); do yes & done; wait",
    "output without an end of line": "tr '\\0' 'x' < /dev/zero",
    "binary output": "cat /dev/urandom",
    "output of both kinds": "yes out & yes err >&2",
    "signals to the server": "while :; do kill -TERM 1; kill -INT 1; kill -HUP 1; kill -CHLD 1; done",
    "reading everything": "grep -r x / 2>/dev/null; find / -exec cat {} + 2>/dev/null",
    "deep directories": 'python3 -c \'import os\nfor _ in range(5000): os.mkdir("d" * 200); os.chdir("d" * 200)\'',
}
PROGRAMS = {
    "a fork bomb that waits": "while True:\n    try:\n        if os.fork() == 0: time.sleep(1000)\n    except "
    "OSError: time.sleep(0.01)",
    "threads": "import threading\nwhile True:\n    try: threading.Thread(target=time.sleep, args=(1000,)).start()\n"
    "    except RuntimeError: time.sleep(0.01)",
    "zombies": "while True:\n    try:\n        if os.fork() == 0: os._exit(0)\n    except OSError: time.sleep(0.01)",
    "descriptors": "held = []\nwhile True:\n    try: held.append(os.open('/dev/null', 0))\n    except OSError:\n"
    "        if os.fork(): time.sleep(1000)\n        held = []",
    "pipes filled to the brim": "import fcntl\nheld = []\nwhile True:\n    try:\n        held.append(os.pipe()); "
    "fcntl.fcntl("
    "held[-1][1], 1031, 1 << 20)\n        os.set_blocking(held[-1][1], False); "
    "os.write(held[-1][1], "
    "bytes(1 << 20))\n    except OSError:\n        if os.fork(): time.sleep(1000)\n    "
    "    held = []",
    "sockets filled to the brim": "held = []\nwhile True:\n    try:\n        a, b = socket.socketpair(); held += "
    "[a, b]\n"
    "        a.setblocking(False); [a.send(bytes(1 << 16)) for _ in range(64)]\n"
    "    except BlockingIOError: pass\n    except OSError: time.sleep(1000)",
    "descriptors in flight": "while True:\n    try:\n        a, b = socket.socketpair(); a.setblocking(False)\n"
    "        [socket.send_fds(a, [b'x'], [b.fileno(), a.fileno()]) for _ in range(200)]\n"
    "    except OSError: time.sleep(0.001)",
    "timers, watches and polls": "import select\nheld = []\nwhile True:\n    try: held.append(select.epoll()); "
    "held.append(os.eventfd(0)); libc.inotify_init()\n    except OSError: "
    "time.sleep(1000)",
    "memory that makes itself precious": "try: open('/proc/self/oom_score_adj', 'w').write('-1000')\nexcept "
    "OSError: pass\n"
    "x = []\nwhile True: x.append(bytearray(10**6))",
    "queued signals": "signal.pthread_sigmask(signal.SIG_BLOCK, range(34, 65))\n"
    "while True: libc.sigqueue(os.getpid(), 40, 0)",
    # The quota of files itself is met in tests/e2e/test_workspace.py, where it is a small one.
    "empty files": "n = 0\nwhile True: os.close(os.open(str(n), os.O_CREAT | os.O_WRONLY)); n += 1",
    "address space": "import mmap\nheld = []\nwhile True:\n    try: held.append(mmap.mmap(-1, 1 << 30))\n"
    "    except OSError: time.sleep(1000)",
}


@pytest.mark.parametrize("name", [*BOMBS, *PROGRAMS])
def test_bomb(attacker: Attacker, name: str) -> None:
    """It ends, of itself or in time, and what the model is told of it is short."""
    command = BOMBS.get(name) or probes.script(PROGRAMS[name])
    told = attacker.run(command, timeout_s=1.2)
    assert len(told.text) < 36_000
    assert told.lines[-1].startswith("[")


def test_nothing_of_a_bomb_goes_on(attacker: Attacker) -> None:
    attacker.run('b() { setsid -f bash -c "$(declare -f b); b" & b; }; b', timeout_s=2)
    told = attacker.run("sleep 0.3; ps ax -o args= | grep -c '[d]eclare -f b\\|[s]etsid'")
    assert told.lines[0] == "0", told.text


def test_gigabytes_of_output(attacker: Attacker) -> None:
    told = attacker.run("echo first; head -c 2G /dev/zero | tr '\\0' 'x'; echo; echo last", timeout_s=20)
    assert told.text.startswith("first")
    assert len(told.text) < 36_000


def test_memory_stays_within_its_limit(attacker: Attacker) -> None:
    """The kernel's own count of the sandbox, taken by root on the host right after a memory bomb."""
    attacker.run(BOMBS["memory"], timeout_s=5)
    peak = attacker.stack.peak_memory(SANDBOX)
    assert 32 << 20 < peak <= 129 << 20  # the kernel counts in batches


def test_processes_stay_within_their_limit(attacker: Attacker) -> None:
    told = attacker.python("""
children = 0
try:
    while children < 500:
        if os.fork() == 0: time.sleep(1); os._exit(0)
        children += 1
except OSError as error: refused("fork", error.errno)
print(children)
""")
    told.refused("^fork refused EAGAIN$")
    assert int(told.lines[-2]) < 64


def test_memory_in_tmp_and_shm(attacker: Attacker) -> None:
    told = attacker.run(
        "head -c 100M /dev/zero > /tmp/fill; head -c 100M /dev/zero > /dev/shm/fill; "
        "du -sm /tmp /dev/shm | awk '$1 > 33 {print \"PWNED\"}'"
    )
    told.refused("No space left")


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm", "/dev/mqueue"])
def test_files_in_memory(attacker: Attacker, folder: str) -> None:
    """Each empty file costs a kilobyte of the sandbox's memory, until its container starts anew."""
    program = f"""
count = 0
try:
    while True: os.close(os.open(f"{folder}/{{count}}", os.O_CREAT | os.O_RDWR)); count += 1
except OSError as error: refused("file", error.errno)
"""
    attacker.python(program, timeout_s=20).all_refused(1, "ENOSPC", "EACCES", "EPERM", "EMFILE")
    told = attacker.run("python3 -c 'x = bytearray(60 * 10**6); print(len(x))'")
    assert told.lines[:2] == ["60000000", "[exit code 0]"], f"the sandbox is short of memory: {told.text}"


def test_one_huge_file(attacker: Attacker) -> None:
    told = attacker.run(
        "head -c 1G /dev/zero > big; ls -s --block-size=1M big | awk '$1 > 257 {print \"PWNED\"}'; "
        "truncate -s 10T sparse && echo PWNED; fallocate -l 10G a 2>&1 && echo PWNED; echo tried",
        timeout_s=20,
    )
    told.refused("^tried$|killed by SIGKILL", "File too large|File size limit exceeded|memory .* was full")


def free_on_the_host(attacker: Attacker) -> int:
    done = attacker.stack.lab.ssh("df --output=avail -B1M /var/lib/docker | tail -1", check=True)
    return int(done.stdout)


def test_disk(attacker: Attacker) -> None:
    """The workspace's quota holds, whatever number of files it is spread over, and the host's disk stays usable."""
    before = free_on_the_host(attacker)
    told = attacker.run("for i in $(seq 40); do head -c 200M /dev/zero > f$i || break; done; echo end", timeout_s=60)
    taken = before - free_on_the_host(attacker)
    assert taken < 1400, f"{taken} MB of the host's disk were taken: {told.text}"
    assert "workspace" in told.text, f"the model was not told why it ended: {told.text}"


@pytest.mark.restarts(GATEWAY, "a restart in the middle of the turn is the case")
def test_a_turn_that_reads_all_it_can(attacker: Attacker) -> None:
    """A restart in its middle needs no more memory than there is, and the state file stays small."""
    attacker.run("head -c 262144 /dev/zero | tr '\\0' '\\1' > ones")
    before, fakes = len(attacker.state()), attacker.stack.fakes
    asked_before = len(fakes.llm_requests())
    read = wire.ToolCall(name="read_file", arguments={"path": "ones"})
    fakes.script(*[wire.Reply(tool_calls=[read] * 16)] * 6, wire.Reply(connection="silence"), "survived")
    asked = fakes.user_message("go")
    attacker.stack.wait_for(lambda: len(fakes.llm_requests()) == asked_before + 7, 120, attacker.stack.logs)
    attacker.stack.lab.ssh("docker restart --time 1 picoclaw", check=True)
    fakes.wait_for_reply(after=asked.message_id, containing="survived", timeout=60)
    assert attacker.stack.inspect()["RestartCount"] == 0
    assert len(attacker.state()) - before < 12_000_000


def test_the_gateways_log(attacker: Attacker) -> None:
    """What the model gets logged is short, one line each, and the log as a whole is rotated."""
    before = len(attacker.stack.logs())
    calls = [wire.ToolCall(name="read_file", arguments={"path": "x" * 4000 + str(number)}) for number in range(16)]
    attacker.order(*calls)
    grown = len(attacker.stack.logs()) - before
    assert grown < 16 * 600, f"16 orders made {grown} bytes of log"
    for container in ("picoclaw", "picoclaw-sandbox"):
        options = attacker.stack.inspect(container)["HostConfig"]["LogConfig"]
        assert options["Config"] == {"max-size": "1m", "max-file": "3"}


def test_the_sandboxes_log(attacker: Attacker) -> None:
    """No command can write to where `docker logs` looks."""
    before = attacker.stack.logs("picoclaw-sandbox")
    told = attacker.run(
        "for f in /proc/1/fd/1 /proc/1/fd/2 /dev/console /dev/pts/0 /dev/stdout /dev/tty /dev/log; do "
        "echo HOSTILE > $f; done; logger HOSTILE; exec 3>/proc/1/fd/2"
    )
    told.refused("Permission denied|No such")
    assert attacker.stack.logs("picoclaw-sandbox") == before
