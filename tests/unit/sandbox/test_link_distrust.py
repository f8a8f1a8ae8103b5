"""The gateway's end against a hostile sandbox: whatever comes, calls end with a clear error and the link recovers."""

from __future__ import annotations

import asyncio
import json
import logging
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent.errors import PicoClawError
from agent.sandbox import client
from agent.sandbox.client import SandboxError, SandboxLink, SandboxOperationError, SandboxUnavailable
from agent.sandbox.protocol import MAX_FRAME
from tests.unit.sandbox.peer import Peer, connect

HELLO = {"hello": "picoclaw-sandbox", "protocol": 1, "version": "9"}
EXEC = {"exit_code": 0, "signal": None, "timed_out": False, "output": "hi", "omitted_bytes": 0, "duration_s": 0.1}


def play(tmp_path: Path, scene: Callable[[SandboxLink, Peer], Awaitable[None]], grace: float = 5.0) -> None:
    """Run `scene` with a link and a peer that has greeted; afterwards the link must accept another."""

    async def run() -> None:
        path = tmp_path / "socket"
        async with SandboxLink(path, grace=grace) as link:
            peer = await connect(path)
            peer.send(HELLO)
            await link.wait_connected(5)
            await scene(link, peer)
            peer.writer.close()
            again = await connect(path)
            again.send(HELLO)
            await link.wait_connected(5)
            call = asyncio.create_task(link.ping())
            request = await again.receive()
            again.send({"id": request["id"], "ok": True, "result": {"jobs": 3}})
            assert await call == 3
            again.writer.close()
        assert not path.exists()

    asyncio.run(run())


def frame(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def test_errors_are_of_one_family() -> None:
    assert issubclass(SandboxUnavailable, SandboxError)
    assert issubclass(SandboxOperationError, SandboxError)
    assert issubclass(SandboxError, PicoClawError)


@pytest.mark.parametrize(
    "answer",
    [
        struct.pack(">I", MAX_FRAME + 1),
        struct.pack(">I", 0xFFFFFFFF) + b"x" * 1000,
        struct.pack(">I", 0),
        frame(b"not json"),
        frame(b"[]"),
        frame(b"{}"),
        frame(b'{"id": "1", "ok": true}'),
        frame(b'{"id": 1, "ok": 1}'),
        frame(b'{"id": 1, "ok": true, "result": {}}'),
        frame(b'{"id": 1, "ok": true, "result": []}'),
        frame(b'{"id": 1, "ok": true, "result": "\xff"}'),
        frame(b'{"id": 1, "ok": true, "note": 7, "result": {}}'),
        frame(b'{"id": 1, "ok": false}'),
        frame(b'{"id": 1, "ok": false, "error": "no"}'),
        frame(b'{"id": 1, "ok": false, "error": {"code": "io"}}'),
        frame(json.dumps({"id": 1, "ok": False, "error": {"code": "x" * 100, "message": ""}}).encode()),
        frame(json.dumps({"id": 1, "ok": False, "error": {"code": "x", "message": "x" * 100_000}}).encode()),
        frame(json.dumps({"id": 1, "ok": True, "result": EXEC | {"exit_code": "0"}}).encode()),
        frame(json.dumps({"id": 1, "ok": True, "result": EXEC | {"output": None}}).encode()),
        frame(json.dumps({"id": 1, "ok": True, "result": EXEC | {"duration_s": float("nan")}}).encode()),
        frame(json.dumps({"id": 1, "ok": True, "result": EXEC | {"output": "\ud800"}}).encode()),
        frame(b'{"id": 1, "ok": true, "result": ' + b"[" * 3_000_000),
        frame(b"[" * 3_000_000),
    ],
)
def test_malformed_answers_close_the_connection(
    tmp_path: Path, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(link: SandboxLink, peer: Peer) -> None:
        call = asyncio.create_task(link.exec("true", timeout=5))
        assert (await peer.receive())["id"] == 1
        peer.raw(answer)
        with pytest.raises(SandboxUnavailable, match="The sandbox was lost during exec"):
            await asyncio.wait_for(call, 5)
        assert await peer.closed()

    with caplog.at_level(logging.WARNING):
        play(tmp_path, scene)
    (message, *_) = [record.getMessage() for record in caplog.records if record.name == "sandbox"]
    assert message.startswith("the sandbox sent ")
    assert len(message) < 300


def test_connection_that_ends_within_a_frame(tmp_path: Path) -> None:
    async def scene(link: SandboxLink, peer: Peer) -> None:
        calls = [asyncio.create_task(link.exec("true", timeout=5)) for _ in range(3)]
        await peer.receive()
        peer.raw(struct.pack(">I", 100) + b'{"id": 1')
        peer.writer.close()
        for call in calls:
            with pytest.raises(SandboxUnavailable):
                await asyncio.wait_for(call, 5)

    play(tmp_path, scene)


def test_answers_nobody_waits_for_are_ignored(tmp_path: Path) -> None:
    async def scene(link: SandboxLink, peer: Peer) -> None:
        call = asyncio.create_task(link.exec("true", timeout=5))
        request = await peer.receive()
        for number in (0, -1, 77, 10**30):
            peer.send({"id": number, "ok": True, "result": EXEC})
        peer.send({"id": request["id"], "ok": True, "result": EXEC, "note": "Seen.", "unknown": [1]})
        result = await call
        assert (result.output, result.exit_code, result.note) == ("hi", 0, "Seen.")
        peer.send({"id": request["id"], "ok": True, "result": EXEC})  # twice

    play(tmp_path, scene)


def test_answers_in_any_order(tmp_path: Path) -> None:
    async def scene(link: SandboxLink, peer: Peer) -> None:
        calls = [asyncio.create_task(link.exec(f"echo {number}", timeout=5)) for number in range(5)]
        requests = [await peer.receive() for _ in calls]
        for request in reversed(requests):
            peer.send({"id": request["id"], "ok": True, "result": EXEC | {"output": request["command"]}})
        assert [(await call).output for call in calls] == [f"echo {number}" for number in range(5)]

    play(tmp_path, scene)


def test_refusals_carry_their_code(tmp_path: Path) -> None:
    async def scene(link: SandboxLink, peer: Peer) -> None:
        call = asyncio.create_task(link.read("x"))
        request = await peer.receive()
        peer.send({"id": request["id"], "ok": False, "error": {"code": "binary", "message": "x is binary."}})
        with pytest.raises(SandboxOperationError, match=r"^x is binary\.$") as caught:
            await call
        assert caught.value.code == "binary"

    play(tmp_path, scene)


def test_a_cancelled_call_cancels_the_job(tmp_path: Path) -> None:
    async def scene(link: SandboxLink, peer: Peer) -> None:
        call = asyncio.create_task(link.exec("sleep 9", timeout=50))
        request = await peer.receive()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        cancel = await peer.receive()
        assert (cancel["op"], cancel["target"]) == ("cancel", request["id"])

    play(tmp_path, scene)


def test_a_stuck_sandbox_is_dropped(tmp_path: Path) -> None:
    async def scene(link: SandboxLink, peer: Peer) -> None:
        with pytest.raises(SandboxUnavailable, match=r"did not answer within 0\.3 s"):
            await link.exec("true", timeout=0.1)
        await peer.receive()
        assert await peer.closed()

    play(tmp_path, scene, grace=0.2)


def test_a_sandbox_that_reads_nothing_is_dropped(tmp_path: Path) -> None:
    async def scene(link: SandboxLink, peer: Peer) -> None:
        with pytest.raises(SandboxUnavailable, match="did not answer"):
            await link.call("write", patience=0.1, path="x", content="x" * 4_000_000)
        while await peer.reader.read(1 << 20):
            pass
        assert not link.connected

    play(tmp_path, scene, grace=0.2)


def test_requests_that_cannot_be_sent(tmp_path: Path) -> None:
    async def scene(link: SandboxLink, peer: Peer) -> None:
        with pytest.raises(SandboxOperationError, match="too many for the sandbox") as caught:
            await link.write("x", "x" * MAX_FRAME)
        assert caught.value.code == "too_large"
        with pytest.raises(SandboxOperationError, match="surrogate"):
            await link.write("x", "\ud800")
        assert link.connected
        assert not peer.reader.at_eof()

    play(tmp_path, scene)


@pytest.mark.parametrize(
    "greeting",
    [
        frame(json.dumps(HELLO | {"protocol": 2}).encode()),
        frame(json.dumps(HELLO | {"hello": "somebody"}).encode()),
        frame(json.dumps(HELLO | {"version": "x" * 5000}).encode()),
        frame(b'{"id": 1, "ok": true, "result": {}}'),
        frame(b"[]"),
        struct.pack(">I", MAX_FRAME + 1),
    ],
)
def test_a_wrong_greeting_is_no_connection(tmp_path: Path, greeting: bytes) -> None:
    async def run() -> None:
        async with SandboxLink(tmp_path / "socket") as link:
            peer = await connect(tmp_path / "socket")
            peer.raw(greeting)
            assert await peer.closed()
            assert not link.connected
            peer.writer.close()
            again = await connect(tmp_path / "socket")
            again.send(HELLO)
            await link.wait_connected(5)
            assert link.version == "9"
            again.writer.close()

    asyncio.run(run())


def test_no_greeting_is_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_GREETING_S", 0.1)

    async def run() -> None:
        async with SandboxLink(tmp_path / "socket") as link:
            peer = await connect(tmp_path / "socket")
            assert await peer.closed()
            assert not link.connected
            peer.writer.close()

    asyncio.run(run())


def test_without_a_sandbox(tmp_path: Path) -> None:
    async def run() -> None:
        async with SandboxLink(tmp_path / "socket", connect_wait=0.1) as link:
            assert not link.connected
            with pytest.raises(SandboxUnavailable, match=r"No sandbox connected within 0\.1 s"):
                await link.exec("true", timeout=5)
            with pytest.raises(SandboxUnavailable, match=r"No sandbox connected within 0\.05 s"):
                await link.wait_connected(0.05)

    asyncio.run(run())


def test_a_request_waits_for_a_sandbox_that_is_restarting(tmp_path: Path) -> None:
    async def run() -> None:
        async with SandboxLink(tmp_path / "socket") as link:
            call = asyncio.create_task(link.exec("true", timeout=5))
            await asyncio.sleep(0.1)
            peer = await connect(tmp_path / "socket")
            peer.send(HELLO)
            request = await peer.receive()
            peer.send({"id": request["id"], "ok": True, "result": EXEC})
            assert (await call).output == "hi"
            peer.writer.close()

    asyncio.run(run())


def test_a_stale_socket_is_replaced_and_the_new_one_is_private(tmp_path: Path) -> None:
    async def run() -> None:
        path = tmp_path / "socket"
        left_behind = SandboxLink(path)
        left_behind._listen().close()
        assert path.is_socket()
        async with SandboxLink(path) as link:
            assert path.stat().st_mode & 0o777 == 0o600
            peer = await connect(path)
            peer.send(HELLO)
            await link.wait_connected(5)
            assert not path.exists()
            peer.writer.close()

    asyncio.run(run())
