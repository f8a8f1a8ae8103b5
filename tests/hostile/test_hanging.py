"""Hanging for ever: an order's time is bounded, and whoever wrote the next message does not wait for it."""

from __future__ import annotations

import time

import pytest

from tests.hostile.attacker import Attacker

HANGERS = {
    "sleep": "sleep 1000",
    "a FIFO nobody writes": "mkfifo f; cat f",
    "a FIFO nobody reads": "mkfifo f; echo > f",
    "standard input": "cat; read x; sleep 1000",
    "deaf to every signal": "trap '' TERM INT HUP QUIT ALRM USR1; while :; do sleep 1; done",
    "stopping itself": "kill -STOP $$",
    "a stopped child": "sh -c 'kill -STOP $$'; echo",
    "uninterruptible (vfork)": "python3 -c 'import ctypes, time; l = ctypes.CDLL(None); l.vfork() or time.sleep(1000)'",
    "a daemon that holds the pipe": "(setsid -f sleep 1000); sleep 1000",
    "a lock": "exec 9>l; flock 9; (exec 9<&-; flock l true) ; sleep 1000",
    "a loop in the shell": "while :; do :; done",
    "a regular expression": 'python3 -c \'import re; re.match("(a+)+$", "a" * 64 + "b")\'',
    "an awk that counts": "awk 'BEGIN { while (1) i++ }'",
    "detached, everything closed": "setsid -f sleep 1000 <&- >&- 2>&-; exec <&- >&- 2>&-; sleep 1000",
}


@pytest.mark.parametrize("name", HANGERS)
def test_hanging(attacker: Attacker, name: str) -> None:
    began = time.monotonic()
    told = attacker.run(HANGERS[name], timeout_s=1)
    assert told.timed_out, told.text
    assert time.monotonic() - began < 6
    left = attacker.run("ps ax -o args= | grep -cE '[s]leep 1000|[c]at f$|[w]hile'")
    assert left.lines[0] == "0", left.text


def test_a_daemon_that_outlives_its_command(attacker: Attacker) -> None:
    """Allowed, and it holds nobody up although it still holds the output."""
    began = time.monotonic()
    told = attacker.run("(sleep 1000; echo late) & (setsid -f sleep 1000); echo early", timeout_s=30)
    assert told.lines == ["early", "[exit code 0]"]
    assert time.monotonic() - began < 5


def test_a_thousand_daemons(attacker: Attacker) -> None:
    """They fill the sandbox up; the next command finds room all the same."""
    attacker.run("for i in $(seq 1000); do setsid -f sleep 1000; done", timeout_s=8)


def test_times_that_are_no_times(attacker: Attacker) -> None:
    for seconds in (0, -1, 1e9, 1e308, "60", None, True, [60], 601):
        told = attacker.use("exec", command="echo; sleep 0.2", timeout_s=seconds)
        assert told.text.startswith("error: ") or seconds is None, (seconds, told.text)


def test_a_file_tool_that_waits(attacker: Attacker) -> None:
    """Opening a FIFO, a path through a stopped process, a folder that changes as it is listed."""
    attacker.run(
        "mkfifo f; mkdir d; (timeout 8 sh -c 'while :; do for i in 1 2 3 4 5 6 7 8 9; do mv d/a$i d/b$i; "
        "touch d/a$i; "
        "done; done' >/dev/null 2>&1 &)"
    )
    began = time.monotonic()
    for tool, path in (
        ("read_file", "f"),
        ("list_files", "d"),
        ("read_file", "/proc/self/fd/0"),
        ("read_file", "/dev/stdin"),
        ("read_file", "/proc/kmsg"),
    ):
        attacker.use(tool, path=path)
    assert time.monotonic() - began < 10
