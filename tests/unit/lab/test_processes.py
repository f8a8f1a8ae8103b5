"""Ending processes by their own id."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.lab.processes import ProcessId, children

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)


@pytest.fixture(name="sleeper")
def start_sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_process_is_ended_and_then_not_alive(sleeper: subprocess.Popen[bytes]) -> None:
    process = ProcessId.of(sleeper.pid)
    assert process.alive

    process.end()

    assert not process.alive


def test_a_recycled_number_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    process = ProcessId.of(sleeper.pid)
    earlier = ProcessId(process.pid, process.started - 1)
    assert not earlier.alive

    earlier.end()

    assert process.alive


def test_ending_what_has_gone_is_harmless(sleeper: subprocess.Popen[bytes]) -> None:
    process = ProcessId.of(sleeper.pid)
    sleeper.kill()
    sleeper.wait()

    process.end()

    with pytest.raises(ProcessLookupError):
        ProcessId.of(sleeper.pid)


def test_who_does_not_listen_is_ended_after_a_while() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        began = time.monotonic()

        ProcessId.of(process.pid).end(patience=0.3)

        assert 0.3 <= time.monotonic() - began < 5


def test_a_process_waiting_to_be_reaped_is_not_alive(sleeper: subprocess.Popen[bytes]) -> None:
    process = ProcessId.of(sleeper.pid)
    sleeper.kill()
    deadline = time.monotonic() + 5
    while process.alive and time.monotonic() < deadline:
        time.sleep(0.01)

    assert not process.alive


def test_children_are_found(sleeper: subprocess.Popen[bytes]) -> None:
    assert sleeper.pid in children(os.getpid())
