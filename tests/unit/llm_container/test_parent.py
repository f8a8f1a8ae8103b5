"""The parent, real, with a stand-in for the worker that is started, leaves, crashes, falls silent."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from agent.llm_container.parent import backoff_s
from tests.unit.llm_container.box import REPOSITORY, Box, error_of, health_of, running, standin, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

# How a client sees that the connection was closed, or reset, before an answer came.
LOST = (httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)


@pytest.fixture
def boxed() -> Iterator[tuple[Box, Path]]:
    with running() as made:
        yield made


@pytest.fixture
def box(boxed: tuple[Box, Path]) -> Box:
    return boxed[0]


def test_nobody_is_started_until_somebody_asks(box: Box) -> None:
    assert box.workers() == []
    assert box.get("/health").json() == {"status": "ok", "detail": "worker asleep"}
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


@pytest.mark.parametrize("trouble", ["/crash", "/kill"])
def test_a_crash_ends_what_it_was_at_and_the_next_request_is_served(box: Box, trouble: str) -> None:
    with pytest.raises(LOST):
        box.post(trouble)

    assert box.post("/who").status_code == 200
    assert "the process that runs litellm ended (" in box.log_text()


def test_a_crash_loop_is_bounded_and_those_who_ask_are_told(boxed: tuple[Box, Path]) -> None:
    box, folder = boxed
    (folder / "broken").touch()
    answers = []
    began = time.monotonic()
    while time.monotonic() - began < 4:
        try:
            answers.append(box.post("/who"))
        except LOST:
            continue

    starts = box.log_text().count("ended")
    assert 3 <= starts <= 5, box.log_text()
    told = answers[-1]
    assert (told.status_code, error_of(told)["code"]) == (503, "worker_failing")
    assert 1 <= int(told.headers["retry-after"]) <= 4
    assert "exit code 7" in str(error_of(told)["message"])
    code, line = box.health()
    assert (code, "times in a row (exit code 7" in line) == (1, True)
    assert box.get("/health").status_code == 503

    (folder / "broken").unlink()
    time.sleep(int(told.headers["retry-after"]))
    assert box.post("/who").status_code == 200


def test_no_number_of_failures_is_too_large() -> None:
    assert [backoff_s(failures) for failures in (1, 2, 3, 4, 7, 8, 9, 100_000)] == [0, 1, 2, 4, 32, 60, 60, 60]


def test_who_is_refused_while_still_sending_gets_the_answer(boxed: tuple[Box, Path]) -> None:
    box, folder = boxed
    (folder / "broken").touch()
    while not _is_refused(box):
        pass

    assert asyncio.run(_post_as_the_gateway_does(box, b"x" * 4_000_000)) == 503


async def _post_as_the_gateway_does(box: Box, content: bytes) -> int:
    transport = httpx.AsyncHTTPTransport(uds=str(box.socket))
    async with httpx.AsyncClient(transport=transport, base_url="http://llm") as client:
        return (await client.post("/who", content=content)).status_code


def _is_refused(box: Box) -> bool:
    try:
        return box.post("/who").status_code == 503
    except LOST:
        return False


def test_a_worker_that_falls_silent_is_replaced() -> None:
    with running(deaf_s=1.0) as (box, _):
        for _ in range(2):
            with pytest.raises(LOST):
                box.post("/deaf")

            time.sleep(1.1)  # what the second failure in a row costs
            assert box.post("/who").status_code == 200
        assert box.log_text().count("it had stopped answering") == 2
        with pytest.raises(LOST):
            box.post("/kill")
        box.until(lambda: "signal 9" in box.log_text())


@pytest.mark.parametrize("stopping", [False, True])
def test_waiting_for_a_worker_to_die_takes_no_processor_time(stopping: bool) -> None:
    with running(deaf_s=1.0, undying=True) as (box, _), box.client(0.2) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/deaf")
        if stopping:
            os.kill(box.pid, signal.SIGTERM)
        time.sleep(3.5)
        before = box.cpu_s()
        time.sleep(1)

        assert box.cpu_s() - before < 0.2


def test_a_worker_that_never_comes_up_is_ended() -> None:
    with running(["/bin/sleep", "600"], start_s=1.0) as (box, _), pytest.raises(LOST):
        box.post("/who")


def test_workers_that_come_and_go_leave_nothing_open(box: Box) -> None:
    box.post("/leave")
    box.until(lambda: not box.workers())
    before = sorted(os.listdir(f"/proc/{box.pid}/fd"))  # noqa: PTH208
    for _ in range(3):
        box.post("/leave")
        box.until(lambda: not box.workers())

    assert sorted(os.listdir(f"/proc/{box.pid}/fd")) == before  # noqa: PTH208


def test_a_stable_worker_clears_the_record() -> None:
    with running(stable_s=0.5) as (box, _):
        for _ in range(4):
            box.post("/who")
            time.sleep(0.8)
            with pytest.raises(LOST):
                box.post("/crash")

        assert "in a row" not in box.log_text()
        assert box.post("/who").status_code == 200


@pytest.mark.parametrize("awake", [False, True])
def test_sigterm_ends_all_of_it(box: Box, awake: bool) -> None:
    if awake:
        box.post("/who")
    assert box.terminate(within=3) == 0
    assert not box.socket.exists()


def test_a_worker_that_ignores_sigterm_does_not_keep_the_container(box: Box) -> None:
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(box.post, "/deaf")
        box.until(lambda: box.workers() and "the worker serves" in box.log_text())
        os.kill(box.workers()[0], signal.SIGSTOP)
        began = time.monotonic()

        assert box.terminate(within=8) == 0
        assert 2.5 < time.monotonic() - began < 5
        assert isinstance(asking.exception(), httpx.TransportError)


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
    try:
        return box.post("/who").status_code == 200
    except httpx.ConnectError:
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
        assert (health.status_code, health.json()) == (503, {"status": "failing", "detail": "it is too weak"})
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
