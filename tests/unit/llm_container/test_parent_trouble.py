"""The parent, real, with a stand-in for the worker that crashes, falls silent, or will not end."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from agent.llm_container.parent import backoff_s
from tests.unit.llm_container.box import LOST, Box, error_of, running, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


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
    box.until(lambda: box.post("/who").status_code == 200)


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


def test_a_stable_worker_clears_the_record() -> None:
    with running(stable_s=0.5) as (box, _):
        for _ in range(4):
            box.post("/who")
            time.sleep(0.8)
            with pytest.raises(LOST):
                box.post("/crash")

        assert "in a row" not in box.log_text()
        assert box.post("/who").status_code == 200


def test_a_worker_that_ignores_sigterm_does_not_keep_the_container(box: Box) -> None:
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(box.post, "/deaf")
        box.until(lambda: box.workers() and "the worker serves" in box.log_text())
        os.kill(box.workers()[0], signal.SIGSTOP)
        began = time.monotonic()

        assert box.terminate(within=8) == 0
        assert 2.5 < time.monotonic() - began < 5
        assert isinstance(asking.exception(), httpx.TransportError)
