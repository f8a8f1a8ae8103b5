"""Files carried between the gateway and the sandbox: whole, bounded, and whatever stands in the way."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.sandbox.client import SandboxError, SandboxOperationError
from agent.sandbox.protocol import PIECE_BYTES
from tests.unit.channels.heard import until
from tests.unit.sandbox.box import UID, Box


@pytest.fixture
def folder(box: Box, request: pytest.FixtureRequest) -> Path:
    """A fresh directory of the workspace, with the sandbox's owner."""
    path: Path = box.workspace / request.node.name.split("[")[0]
    path.mkdir(exist_ok=True)
    os.chown(path, UID, UID)
    return path


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def whole(box: Box, path: Path | str) -> bytes:
    return b"".join([piece async for piece in box.link.get(str(path))])


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES + 7])
def test_a_file_goes_there_and_back(box: Box, folder: Path, size: int) -> None:
    content = os.urandom(size)
    path = folder / "inbox" / "file.bin"
    parts = [content[at : at + 100_000] for at in range(0, size, 100_000)]
    assert box.run(box.link.put(str(path), pieces(*parts))) == size
    assert path.read_bytes() == content
    assert [found.name for found in path.parent.iterdir()] == ["file.bin"]
    assert box.run(whole(box, path)) == content
    path.unlink()
    path.parent.rmdir()


def test_a_name_that_is_taken_stays_what_it_is(box: Box, folder: Path) -> None:
    path = folder / "taken"
    path.write_text("mine")
    with pytest.raises(SandboxOperationError) as caught:
        box.run(box.link.put(str(path), pieces(b"theirs")))
    assert caught.value.code == "exists"
    assert [found.name for found in folder.iterdir()] == ["taken"]
    assert path.read_text() == "mine"


def test_a_transfer_that_breaks_off_leaves_no_file_of_that_name(box: Box, folder: Path) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield bytes(PIECE_BYTES + 1)
        raise SandboxError("gone")

    path = folder / "half"
    with pytest.raises(SandboxError, match="gone"):
        box.run(box.link.put(str(path), breaks()))
    assert list(folder.iterdir()) == []
    assert box.run(box.link.put(str(path), pieces(b"whole"))) == 5


def test_a_transfer_that_is_given_up_leaves_no_part(box: Box, folder: Path) -> None:
    async def stalls() -> AsyncIterator[bytes]:
        yield bytes(PIECE_BYTES + 1)
        await asyncio.Event().wait()

    async def given_up() -> None:
        transfer = asyncio.create_task(box.link.put(str(folder / "half"), stalls()))
        await until(lambda: [found.name for found in folder.iterdir()] == [".half.part"])
        transfer.cancel()
        await until(lambda: not list(folder.iterdir()))
        while await box.link.ping():  # noqa: ASYNC110 - the sandbox tells nobody when a job is gone
            await asyncio.sleep(0.01)

    box.run(given_up())


def test_what_a_gateway_that_was_killed_has_left_is_tidied_up(box: Box, folder: Path) -> None:
    box.run(box.link.call("put", path=str(folder / "half"), offset=0, data="eA=="))
    (part,) = folder.iterdir()
    os.utime(part, (0, 0))
    box.run(box.link.put(str(folder / "next"), pieces(b"x")))
    assert [found.name for found in folder.iterdir()] == ["next"]


def test_only_a_part_is_dropped(box: Box, folder: Path) -> None:
    whole, elsewhere = folder / "whole", folder / "elsewhere"
    for file in (whole, elsewhere):
        file.write_text("mine")
    (folder / ".linked.part").symlink_to(elsewhere)
    for name in ("whole", "linked"):
        with pytest.raises(SandboxOperationError):
            box.run(box.link.call("drop", path=str(folder / name)))
    assert whole.read_text() == elsewhere.read_text() == "mine"
    assert (folder / ".linked.part").is_symlink()


@pytest.mark.parametrize("kind", ["link", "fifo", "directory"])
def test_what_stands_in_the_place_of_the_part_is_not_written_to(box: Box, folder: Path, kind: str) -> None:
    part, elsewhere = folder / f".{kind}.part", folder / "elsewhere"
    elsewhere.write_text("untouched")
    os.chown(elsewhere, UID, UID)
    if kind == "link":
        part.symlink_to(elsewhere)
    elif kind == "fifo":
        os.mkfifo(part)
    else:
        part.mkdir()
    with pytest.raises(SandboxOperationError):
        box.run(box.link.put(str(folder / kind), pieces(b"x")))
    assert elsewhere.read_text() == "untouched"


def test_a_part_that_is_changed_between_two_pieces_is_refused(box: Box, folder: Path) -> None:
    async def tampered() -> AsyncIterator[bytes]:
        yield bytes(PIECE_BYTES + 1)
        with (folder / ".file.part").open("ab") as part:
            part.write(b"more")
        yield b"rest"

    with pytest.raises(SandboxOperationError, match="changed while it was written"):
        box.run(box.link.put(str(folder / "file"), tampered()))


@pytest.mark.parametrize("more", [0, 1])
def test_a_file_that_is_replaced_between_two_pieces_is_no_mixture(box: Box, folder: Path, more: int) -> None:
    path = folder / "file"
    path.write_bytes(bytes(PIECE_BYTES + 1))

    async def read() -> None:
        async for _ in box.link.get(str(path)):
            (folder / "new").write_bytes(b"x" * (PIECE_BYTES + 1 + more))
            (folder / "new").rename(path)

    with pytest.raises(SandboxError, match="changed while it was read"):
        box.run(read())


def test_a_file_that_is_changed_in_place_is_no_mixture(box: Box, folder: Path) -> None:
    path = folder / "file"
    path.write_bytes(bytes(PIECE_BYTES + 1))

    async def read() -> None:
        async for _ in box.link.get(str(path)):
            path.write_bytes(b"x" * (PIECE_BYTES + 1))

    with pytest.raises(SandboxError, match="changed while it was read"):
        box.run(read())


@pytest.mark.parametrize("size", [5, PIECE_BYTES - 1, PIECE_BYTES, 2 * PIECE_BYTES + 7])
def test_a_log_that_is_written_meanwhile_comes_as_long_as_it_was(box: Box, folder: Path, size: int) -> None:
    path, content = folder / "log", os.urandom(size)
    path.write_bytes(content)

    async def read() -> bytes:
        found = b""
        async for piece in box.link.get(str(path)):
            found += piece
            with path.open("ab") as log:
                log.write(b"another line")
        return found

    assert box.run(read()) == content


@pytest.mark.parametrize("path", ["/proc/1/mem", "/dev/zero", "/workspace", "/nowhere"])
def test_only_files_are_read(box: Box, path: str) -> None:
    with pytest.raises(SandboxOperationError):
        box.run(whole(box, path))


def test_an_endless_fifo_does_not_hold_the_server(box: Box, folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    with pytest.raises(SandboxOperationError, match="FIFO"):
        box.run(whole(box, folder / "fifo"))


def test_no_base64_is_refused(box: Box, folder: Path) -> None:
    with pytest.raises(SandboxOperationError) as caught:
        box.run(box.link.call("put", path=str(folder / "x"), offset=0, data="!", last=True))
    assert caught.value.code == "bad_request"
