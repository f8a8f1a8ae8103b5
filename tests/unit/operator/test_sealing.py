"""What opens a backup and what does not: keys, damage anywhere, and the standard tool."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyrage import x25519

from agent.operator.archive import contents, sealing
from agent.operator.archive import format as layout
from agent.operator.archive.errors import ArchiveError
from agent.operator.archive.format import Writer
from agent.operator.archive.sealing import Seal
from agent.store.database import connect
from tests.unit.snapshot.tars import tar_of

OWNER = x25519.Identity.generate()
FOR_OWNER = Seal(recipients=(OWNER.to_public(),))


def stream_of(state: bytes, workspace: bytes = b"") -> Iterator[bytes]:
    writer = Writer()
    yield from writer.member("about.json", b'{"format": 1}')
    yield from writer.member("config.json", b"{}")
    yield from writer.member("state.db", state)
    yield from writer.pieces("spool.tar", [tar_of()])
    yield from writer.pieces("workspace.tar", [workspace or tar_of(("a", b"content"))])
    yield from writer.member("contents.json", b"{}")
    yield from writer.end()


@pytest.fixture(scope="module")
def state() -> bytes:
    connection = connect(":memory:")
    connection.execute("PRAGMA page_size = 512")
    connection.execute("VACUUM")
    return connection.serialize()


def sealed(state: bytes, to: Seal = FOR_OWNER) -> bytes:
    target = io.BytesIO()
    sealing.seal(stream_of(state), target, to)
    return target.getvalue()


def read(data: bytes, identity: x25519.Identity = OWNER) -> contents.Contents:
    file = io.BytesIO(data)
    sealing.sealed_by_passphrase(file)
    file.seek(0)
    with sealing.opened(file, [identity]) as stream:
        return contents.verified(stream)


def test_it_opens_with_the_key_and_with_that_of_the_file(state: bytes) -> None:
    target = io.BytesIO()
    own = sealing.seal(stream_of(state), target, FOR_OWNER)
    for identity in (OWNER, own):
        assert read(target.getvalue(), identity).state == state


def test_another_key_does_not(state: bytes) -> None:
    with pytest.raises(ArchiveError, match="archive_wrong_key"):
        read(sealed(state), x25519.Identity.generate())


def test_a_byte_changed_anywhere_is_seen(state: bytes) -> None:
    data = sealed(state)
    for place in [*range(0, 500, 3), *range(500, len(data), 997), len(data) - 1]:
        with pytest.raises(ArchiveError):
            read(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])


def test_an_end_missing_anywhere_is_seen(state: bytes) -> None:
    data = sealed(state)
    for place in [*range(0, 500, 7), *range(500, len(data), 1499), len(data) - 1]:
        with pytest.raises(ArchiveError):
            read(data[:place])
    with pytest.raises(ArchiveError):
        read(data + b"\0")


@pytest.fixture(scope="module")
def two(state: bytes) -> tuple[bytes, bytes]:
    """Backups of one passphrase; scrypt takes its time."""
    return sealed(state, Seal(passphrase="right")), sealed(state, Seal(passphrase="right"))


def test_a_passphrase_and_damage_to_what_it_protects(two: tuple[bytes, bytes], state: bytes) -> None:
    data, _ = two
    assert sealing.sealed_by_passphrase(io.BytesIO(data))
    file = io.BytesIO(data)
    identity = sealing.unlocked(file, "right")
    with sealing.opened(file, [identity]) as stream:
        assert contents.verified(stream).state == state
    end = data.index(b"-----END")
    for wrong, passphrase in (
        (data, "wrong"),
        (data[: end - 9] + b"AAAA" + data[end - 5 :], "right"),
        (data[:200], "right"),
    ):
        with pytest.raises(ArchiveError, match=r"archive_wrong_passphrase|archive_not_one"):
            sealing.unlocked(io.BytesIO(wrong), passphrase)


def test_two_files_of_one_passphrase_cannot_be_mixed(two: tuple[bytes, bytes]) -> None:
    """Who keeps them cannot put one's content under the other's head."""
    one, other = two
    end = one.index(b"FILE-----\n", 100) + 10
    file = io.BytesIO(one[:end] + other[other.index(b"FILE-----\n", 100) + 10 :])
    identity = sealing.unlocked(file, "right")
    with sealing.opened(file, [identity]) as stream, pytest.raises(ArchiveError, match="archive_wrong_key"):
        contents.verified(stream)


def test_what_is_no_backup() -> None:
    for data in (b"", b"rubbish", b"PK\3\4" * 1000):
        with pytest.raises(ArchiveError, match="archive_not_one"):
            sealing.sealed_by_passphrase(io.BytesIO(data))


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_goes_wrong_on_either_side_goes_on_as_it_is(trouble: BaseException, state: bytes) -> None:
    class Full(io.BytesIO):
        def write(self, _data: object) -> int:
            raise trouble

    def breaking() -> Iterator[bytes]:
        yield b"x" * 100_000
        raise trouble

    with pytest.raises(type(trouble)):
        sealing.seal(stream_of(state), Full(), FOR_OWNER)
    with pytest.raises(type(trouble)):
        sealing.seal(breaking(), io.BytesIO(), FOR_OWNER)


@pytest.mark.skipif(shutil.which("age") is None, reason="age is not installed here")
def test_the_standard_tools_open_it(state: bytes, tmp_path: Path) -> None:
    (tmp_path / "backup.age").write_bytes(sealed(state))
    (tmp_path / "key").write_text(f"{OWNER}\n")
    script = "age -d -i key backup.age | tar x && sha256sum --check --quiet SHA256SUMS && cat workspace.tar.* | tar x"
    subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True)
    assert (tmp_path / "a").read_text() == "content"
    assert (tmp_path / "state.db").read_bytes() == state


def test_order_and_names_are_what_they_must_be(state: bytes) -> None:
    whole = list(stream_of(state))
    blocks = [whole[place : place + 3] for place in range(0, len(whole) - 1, 3)]
    names = [block[0][:20].rstrip(b"\0").decode() for block in blocks]
    assert names[:4] == ["about.json", "config.json", "state.db", "spool.tar.00000"]

    def refused(*parts: bytes) -> bool:
        with pytest.raises(ArchiveError, match="archive_bad"):
            list(layout.members(io.BytesIO(b"".join(parts))))
        return True

    flat = [b"".join(block) for block in blocks]
    end = whole[-1]
    assert len(list(layout.members(io.BytesIO(b"".join([*flat, end]))))) == len(flat)
    for left_out in range(len(flat)):
        assert refused(*flat[:left_out], *flat[left_out + 1 :], end)
        assert refused(*flat[:left_out], flat[left_out], *flat[left_out:], end)
    assert refused(*flat)
    assert refused(*flat, end, b"\0")
    for other in (tar_of(("../out", b"")), tar_of(("about.json", None)), tar_of(("about.json", "/etc/passwd"))):
        assert refused(other)
    changed = bytearray(flat[2])
    changed[-600] ^= 1
    assert refused(*flat[:2], bytes(changed), *flat[3:], end)
    link = tarfile.TarInfo.frombuf(whole[0], "ascii", "strict")
    link.type = tarfile.SYMTYPE
    assert refused(link.tobuf(tarfile.USTAR_FORMAT), *whole[1:])
    huge = bytearray(whole[0])
    huge[124:136] = b"\x80" + (1 << 60).to_bytes(11, "big")
    assert refused(bytes(huge), *whole[1:])


def test_a_stream_becomes_pieces_and_is_one_again(state: bytes) -> None:
    data = bytes(range(256)) * (layout.PIECE // 128 + 3)
    members = list(layout.members(_Joined(stream_of(state, data))))
    pieces = [member.data for member in members if member.part == "workspace.tar"]
    assert [len(piece) for piece in pieces] == [layout.PIECE, layout.PIECE, 3 * 256]
    assert b"".join(pieces) == data


class _Joined(io.BytesIO):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__(b"".join(chunks))


@pytest.mark.parametrize("damage", [b"", b"rubbish" * 1000, None])
def test_a_state_that_sqlite_finds_damaged_is_refused(damage: bytes | None, state: bytes) -> None:
    data = damage if damage is not None else state[:4096] + b"\xff" * 3000 + state[7096:]
    with pytest.raises(ArchiveError, match="archive_bad_state"):
        contents.state(data)
