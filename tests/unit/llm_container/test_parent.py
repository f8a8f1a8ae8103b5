"""The parent, real, with a stand-in for the worker that is started, leaves, and is started again."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from agent.llm_container.front import clear
from tests.unit.llm_container.box import REPOSITORY, Box, error_of, health_of, standin, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


def test_nobody_is_started_until_somebody_asks(box: Box) -> None:
    assert box.workers() == []
    said = box.get("/health").json()
    assert (said["status"], said["detail"]) == ("ok", "worker asleep")
    assert said["memory"] >= 0
    assert box.health() == (0, "ok: worker asleep")
    assert box.workers() == []


def test_the_request_that_wakes_the_worker_is_answered_by_it(box: Box) -> None:
    answer = box.post("/who")

    assert answer.status_code == 200
    assert len(box.workers()) == 1
    assert box.health() == (0, "ok: worker warm")


def test_one_worker_answers_all(box: Box) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: box.post("/who").text.split()[0], range(32)))

    assert len(set(answers)) == 1


def test_the_worker_gets_no_more_than_it_needs(box: Box) -> None:
    os.environ["PICOCLAW_SECRET"] = "hunter2"
    pid, parent, *_ = box.post("/who").text.split()
    text = box.post("/who").text

    assert (int(parent), int(pid) > 1) == (1, True)
    assert "['HOME', 'LANG', 'MALLOC_ARENA_MAX', 'MALLOC_TRIM_THRESHOLD_', 'PATH']" in text.replace("'LC_CTYPE', ", "")
    # 0 to 2, the listener, the heartbeat, this connection and the directory itself.
    assert len(text[text.rindex("[") :].split(",")) == 7, text


def test_a_request_that_came_while_the_worker_left_starts_another(box: Box) -> None:
    first = box.post("/leave").text.split()[0]
    with ThreadPoolExecutor(8) as pool:
        answers = {pool.submit(box.post, "/who") for _ in range(8)}
    second = {answer.result().text.split()[0] for answer in answers}

    assert len(second) == 1
    assert first not in second
    assert box.health() == (0, "ok: worker warm")


def test_workers_that_come_and_go_leave_nothing_open(box: Box) -> None:
    box.post("/leave")
    box.until(lambda: not box.workers())
    before = sorted(os.listdir(f"/proc/{box.pid}/fd"))  # noqa: PTH208
    for _ in range(3):
        box.post("/leave")
        box.until(lambda: not box.workers())

    assert sorted(os.listdir(f"/proc/{box.pid}/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize("awake", [False, True])
def test_sigterm_ends_all_of_it(box: Box, awake: bool) -> None:
    if awake:
        box.post("/who")
    assert box.terminate(within=3) == 0
    assert not box.socket.exists()


def test_a_parent_that_is_started_anew_takes_over_the_socket(boxed: tuple[Box, Path]) -> None:
    box, folder = boxed
    box.stop()
    assert box.socket.exists(), "SIGKILL leaves it behind"
    again = Box(folder, standin(folder))
    try:
        again.until(lambda: _answers(again))
    finally:
        again.stop()


def _answers(box: Box) -> bool:
    """By a socket of its own: httpcore leaves one open that it cannot connect, as while the one before still dies."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(10)
        try:
            asking.connect(str(box.socket))
            asking.sendall(b"POST /who HTTP/1.1\r\nHost: llm\r\nContent-Length: 0\r\n\r\n")
            return asking.recv(64).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False


def test_the_socket_is_for_its_own_user_alone(box: Box) -> None:
    assert stat.S_IMODE(box.socket.stat().st_mode) == 0o600


def test_silent_connections_neither_wake_nor_block_anybody(box: Box) -> None:
    held = [socket.socket(socket.AF_UNIX) for _ in range(40)]
    for one in held:
        one.connect(str(box.socket))
    assert box.get("/health").status_code == 200
    assert box.workers() == []
    for one in held:
        one.close()
    assert box.post("/who").status_code == 200


def test_orphans_of_a_worker_are_reaped(box: Box) -> None:
    box.post("/who")
    inside = ["nsenter", "-t", str(box.pid), "--pid", "--", "sh", "-c", "(sleep 0.1 &)"]
    subprocess.run(inside, check=True)
    time.sleep(0.5)

    assert box.post("/who").status_code == 200
    assert len(box.workers()) == 1


def test_it_stays_small(box: Box) -> None:
    box.post("/leave")
    box.until(lambda: not box.workers())

    assert box.rss_mb(box.pid) < 12


def test_a_container_that_must_not_serve_says_why_to_all_who_ask(tmp_path: Path) -> None:
    path = tmp_path / "llm.sock"
    script = "import sys; sys.path.insert(0, sys.argv[1]); from agent.llm_container.parent import stand_by; "
    command = [
        "/usr/bin/python3",
        "-ISOOc",
        script + "stand_by('it is too weak', sys.argv[2])",
        str(REPOSITORY),
        str(path),
    ]
    process = subprocess.Popen(["unshare", "--net", "--", *command])
    try:
        while not path.exists():
            time.sleep(0.02)
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://llm") as client:
            told = client.post("/v1/chat/completions", json={})
            health = client.get("/health")
        assert (told.status_code, error_of(told)["code"], error_of(told)["message"]) == (
            503,
            "not_confined",
            "it is too weak",
        )
        said = health.json()
        assert (health.status_code, said["status"], said["detail"]) == (503, "failing", "it is too weak")
    finally:
        process.terminate()
    assert process.wait(5) == 0


def test_a_long_reason_is_told_as_far_as_it_goes() -> None:
    """The self-check writes of what it has found in signs of several bytes, and the health check reads 2000 bytes."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); from agent.pid1.standby import stand_by; "
    script += "stand_by('x' + '≤' * 900)"
    inside = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "--"]
    process = subprocess.Popen([*inside, "/usr/bin/python3", "-ISOOc", script, str(REPOSITORY)])
    try:
        code, line = 1, ""
        for _ in range(200):
            code, line = health_of(process.pid)
            if "≤" in line:
                break
            time.sleep(0.02)
        assert (code, line[:10]) == (1, "x≤≤≤≤≤≤≤≤≤")
    finally:
        process.kill()
        process.wait(5)


def test_without_its_volume_it_says_so(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing" / "llm.sock")
    script = "import sys; sys.path.insert(0, sys.argv[1]); from agent.llm_container.parent import serve; "
    command = ["/usr/bin/python3", "-ISc", script + "sys.exit(serve(sys.argv[2], []))", str(REPOSITORY), missing]

    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert "is the volume picoclaw-llm-socket mounted there?" in done.stderr


def test_what_a_worker_left_behind_goes(tmp_path: Path) -> None:
    """Files, links, and folders deeper than a path can be."""
    (tmp_path / "llm.sock").mkdir()
    folder = os.open(tmp_path / "llm.sock", os.O_RDONLY)
    for _ in range(500):
        os.mkdir("d" * 20, dir_fd=folder)
        inner = os.open("d" * 20, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    (tmp_path / "llm.sock").chmod(0)
    (tmp_path / "file").touch()
    kept = tmp_path.parent / "kept"
    kept.mkdir()
    (kept / "file").touch()
    (tmp_path / "link").symlink_to(kept)
    clear(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert (kept / "file").exists()
