"""A tree that hostile commands made, packed, unpacked, exchanged and removed."""

# Names of no encoding, and paths too long for one.
# ruff: noqa: PTH102, PTH115, PTH118

from __future__ import annotations

import fcntl
import io
import os
import signal
import socket
import stat
import subprocess
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest

from agent.snapshot import pack, tree
from agent.snapshot.errors import SnapshotError
from agent.snapshot.exchange import clean, exchange
from agent.snapshot.unpack import Limits, stage, unpack
from tests.unit.snapshot.tars import Entry, tar_of

PLENTY = Limits(1 << 30, 10_000)
ROOM = pack.Limits(1 << 40, 100_000)


def packed(root: Path, limits: pack.Limits = ROOM) -> tuple[bytes, pack.Report]:
    buffer = io.BytesIO()
    report = pack.Packer(str(root), buffer.write, limits).run()
    return buffer.getvalue(), report


def unpacked(data: bytes, root: Path, limits: Limits = PLENTY) -> None:
    root.mkdir(exist_ok=True)
    unpack(io.BytesIO(data), len(data), str(root), "", limits)
    exchange(str(root))


def listed(root: Path) -> dict[bytes, tuple[object, ...]]:
    """All that can be told of each entry."""
    found: dict[bytes, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(os.fsencode(root)):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            plain = stat.S_ISREG(status.st_mode)
            content = Path(os.fsdecode(path)).read_bytes() if plain and status.st_size < 1 << 20 else None
            target = os.readlink(path) if stat.S_ISLNK(status.st_mode) else None
            links = 1 if stat.S_ISDIR(status.st_mode) else status.st_nlink
            size = status.st_size if plain else 0
            found[os.path.relpath(path, os.fsencode(root))] = (
                oct(status.st_mode), status.st_mtime_ns, size, links, content, target,
            )  # fmt: skip
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Names with newlines and of no encoding, holes, links to everywhere, closed directories."""
    root = tmp_path / "source"
    root.mkdir()
    (root / "new\nline").write_text("1")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff\xfe")).write_text("2")
    (root / "passwd").symlink_to("/etc/passwd")
    (root / "up").symlink_to("../..")
    (root / "loop").symlink_to(".")
    os.mkfifo(root / "pipe")
    (root / "tree").mkdir()
    (root / "tree/a").write_text("shared")
    os.link(root / "tree/a", root / "b")
    os.link(root / "tree/a", root / "tree/c")
    with (root / "sparse").open("wb") as file:
        file.truncate(1 << 40)
        file.seek(1 << 39)
        file.write(b"end")
    with (root / "hole").open("wb") as file:
        file.truncate(1 << 30)
    (root / "closed").mkdir()
    (root / "closed/in").write_text("in")
    (root / "closed/in").chmod(0)
    (root / "closed").chmod(0o500)
    (root / ("long" * 50)).mkdir()
    os.utime(root / "b", ns=(1, 946684799_123456789))
    return root


def test_a_tree_comes_back_as_it_was(source: Path, tmp_path: Path) -> None:
    data, report = packed(source)
    assert len(data) < 100_000, "the holes are not written"
    assert not report.left_out
    unpacked(data, tmp_path / "target")
    assert listed(tmp_path / "target") == listed(source)
    assert (tmp_path / "target/sparse").stat().st_blocks < 100
    assert (tmp_path / "target/b").samefile(tmp_path / "target/tree/c")


def test_any_tar_opens_it(source: Path, tmp_path: Path) -> None:
    (tmp_path / "gnu").mkdir()
    subprocess.run(
        ["tar", "-xpf", "-", "-C", tmp_path / "gnu"], input=packed(source)[0], check=True, capture_output=True
    )
    assert listed(tmp_path / "gnu") == listed(source)


def test_setuid_and_sockets_stay_behind(tmp_path: Path) -> None:
    root = tmp_path / "source"
    root.mkdir()
    (root / "id").write_text("")
    (root / "id").chmod(0o6755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))
    data, report = packed(root)
    unpacked(data, tmp_path / "target")
    assert report.left_out == {"special": 1}
    assert [(found.name, oct(found.stat().st_mode)) for found in (tmp_path / "target").iterdir()] == [
        ("id", "0o100755")
    ]


def test_a_path_without_end_does_not_fill_the_backup(tmp_path: Path) -> None:
    root = tmp_path / "source"
    root.mkdir()
    before = Path.cwd()
    try:
        os.chdir(root)
        for _ in range(300):
            os.mkdir("d" * 100)
            os.chdir("d" * 100)
    finally:
        os.chdir(before)
    data, report = packed(root)
    assert report.left_out == {"too_deep": 1}
    assert len(data) < 1_000_000
    top = os.open(tmp_path, tree.DIRECTORY)
    tree.remove("source", top)
    os.close(top)
    assert not root.exists()


def test_links_without_number_are_remembered_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "_MOST_REMEMBERED", 8)
    for name in ("aaaa", "bbbb", "cccc"):
        (tmp_path / name).write_text(name)
        os.link(tmp_path / name, tmp_path.parent / f"{tmp_path.name}.{name}")
    _, report = packed(tmp_path)
    assert (report.entries, report.left_out) == (2, {"too_many_links": 1})


def test_who_changes_everything_meanwhile_cannot_break_it(tmp_path: Path) -> None:
    root = tmp_path / "source"
    root.mkdir()
    (root / "kept").write_text("kept")
    over = threading.Event()
    hostile = threading.Thread(target=_change, args=(root, over))
    hostile.start()
    try:
        for number in range(40):
            data, _ = packed(root)
            unpacked(data, tmp_path / f"target{number}")
            assert (tmp_path / f"target{number}/kept").read_text() == "kept"
    finally:
        over.set()
        hostile.join()


def _change(root: Path, over: threading.Event) -> None:
    while not over.is_set():
        (root / "grows").write_bytes(bytes(1_000_000))
        os.truncate(root / "grows", 10)
        (root / "d/e").mkdir(parents=True)
        (root / "d/e/f").write_text("f")
        (root / "d/e/f").unlink()
        (root / "d/e").rmdir()
        (root / "d").rmdir()
        (root / "d").symlink_to("/etc")
        (root / "d").unlink()


def test_a_file_that_becomes_a_link_meanwhile_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, root = tmp_path / "secret", tmp_path / "source"
    secret.write_text("secret")
    root.mkdir()
    (root / "victim").write_text("harmless")
    look = os.stat

    def swap(name: str, **options: Any) -> os.stat_result:
        status = look(name, **options)
        if name == "victim":
            (root / "victim").unlink()
            (root / "victim").symlink_to(secret)
        return status

    monkeypatch.setattr(os, "stat", swap)
    data, report = packed(root)
    monkeypatch.undo()
    assert b"secret" not in data
    assert report.left_out == {"vanished": 1}


def test_what_shrinks_is_filled_up(tmp_path: Path) -> None:
    """The tar stream stays one, and it is told."""
    (tmp_path / "file").write_bytes(b"x" * 1_000_000)
    written = bytearray()

    def shrink(data: bytes) -> None:
        written.extend(data)
        os.truncate(tmp_path / "file", 300_000)

    report = pack.Packer(str(tmp_path), shrink, ROOM).run()
    assert report.left_out == {"changed": 1}
    with tarfile.open(fileobj=io.BytesIO(bytes(written))) as tar:
        content = tar.extractfile("file")
        assert content is not None
        assert content.read().rstrip(b"\0") == b"x" * 300_000


def device() -> tarfile.TarInfo:
    info = tarfile.TarInfo("null")
    info.type, info.devmajor, info.devminor = tarfile.CHRTYPE, 1, 3
    return info


def hard_link(target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo("link")
    info.type, info.linkname = tarfile.LNKTYPE, target
    return info


@pytest.mark.parametrize(
    "entries",
    [
        [("../out", b"x")],
        [("/out", b"x")],
        [("d", None), ("d/../../out", b"x")],
        [("d/./out", b"x"), ("d", None)],
        [("link", "."), ("link/out", b"x")],
        [("link", "/tmp"), ("link", b"x")],
        [("same", b"1"), ("same", b"2")],
        [("nowhere/out", b"x")],
        [(".picoclaw-restore", b"x")],
        [("d", None), ("other", b""), ("d/out", b"x")],
        [hard_link("../../../outside")],
        [hard_link("/etc/hostname")],
        [("up", "../../.."), hard_link("up/outside")],
        [device()],
    ],
)
def test_what_leads_elsewhere_is_refused(entries: list[Entry], tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("secret")
    root = tmp_path / "target"
    root.mkdir()
    (root / "mine").write_text("mine")
    data = tar_of(*entries)
    with pytest.raises(SnapshotError) as raised:
        unpack(io.BytesIO(data), len(data), str(root), "", PLENTY)
    assert raised.value.code == "bad_tar"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["outside", "target"]
    assert {found.name for found in root.iterdir()} == {"mine", pack.RESERVED}
    assert outside.stat().st_nlink == 1


@pytest.mark.parametrize("keep", [0, 512, 1000, 40_000, 512 + 50_176, 99_999])
def test_a_stream_that_breaks_is_not_whole(keep: int, tmp_path: Path) -> None:
    data = tar_of(("a", b"x" * 50_000), ("b", b"y" * 50_000))
    with pytest.raises(SnapshotError) as raised:
        unpack(io.BytesIO(data[:keep]), len(data), str(tmp_path), "", PLENTY)
    assert raised.value.code == "cut_off"


@pytest.mark.parametrize("limits", [Limits(100_000, 100), Limits(1 << 30, 2)])
def test_more_than_the_quota_is_refused(limits: Limits, tmp_path: Path) -> None:
    data = tar_of(*((f"f{number}", b"x" * 50_000) for number in range(3)))
    with pytest.raises(SnapshotError) as raised:
        unpack(io.BytesIO(data), len(data), str(tmp_path), "", limits)
    assert raised.value.code == "too_large"


def test_an_exchange_that_fails_leaves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for root in (first, second):
        root.mkdir()
        (root / "old").write_text("old")
        stage(io.BytesIO(b"new"), 3, str(root), "new")
    moved: list[str] = []
    move = tree.move

    def failing(name: str, source: int, target: int, new_name: str | None = None) -> None:
        moved.append(name)
        if len(moved) == 4:
            raise OSError(5, "Input/output error")
        move(name, source, target, new_name)

    monkeypatch.setattr(tree, "move", failing)
    with pytest.raises(SnapshotError, match="Input/output error"):
        exchange(str(first), str(second))
    for root in (first, second):
        assert {found.name for found in root.iterdir()} == {"old", pack.RESERVED}
    monkeypatch.undo()
    (first / pack.RESERVED / "old").rmdir()
    (second / pack.RESERVED / "old").rmdir()
    exchange(str(first), str(second))
    for root in (first, second):
        assert [found.name for found in root.iterdir()] == ["new"]


def test_a_file_that_arrives_in_part_is_refused(tmp_path: Path) -> None:
    for data in (b"12", b"1234"):
        with pytest.raises(SnapshotError, match="cut_off"):
            stage(io.BytesIO(data), 3, str(tmp_path), f"state{len(data)}.db")


def test_no_more_is_written_than_can_be_restored(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(4):
        (source / f"f{number}").write_bytes(bytes([number + 1]) * 10_000)
    os.link(source / "f0", source / "again")
    data, report = packed(source, pack.Limits(25_000, 100))
    assert report.left_out["over_limit"] >= 2
    unpacked(data, tmp_path / "restored", Limits(25_000, 100))
    _, report = packed(source, pack.Limits(1 << 30, 3))
    assert (report.entries, report.left_out["over_limit"]) == (3, 2)


def test_a_tree_that_is_moved_on_while_it_is_read_is_read_once(tmp_path: Path) -> None:
    """As by a command that sees through inotify which directory is read, and renames what was read into the next."""
    source = tmp_path / "source"
    for number in range(5):
        (source / f"d{number}").mkdir(parents=True)
    (source / "d4" / "moved").mkdir()
    (source / "d4" / "moved" / "large").write_bytes(b"x" * 1_000_000)
    place = [source / "d4" / "moved"]

    def move_on(data: bytes) -> None:
        if data.startswith(b"x" * 100):
            left = [one for one in source.iterdir() if one.name not in seen]
            seen.add(place[0].parent.name)
            if left:
                place.append(place.pop().rename(left[0] / "moved"))
        for one in source.iterdir():
            if data.startswith(one.name.encode()):
                seen.add(one.name)

    seen: set[str] = set()
    report = pack.Packer(str(source), move_on, ROOM).run()
    assert report.bytes == 1_000_000
    assert report.left_out["changed"] >= 1


@pytest.mark.parametrize("kind", ["file", "link", "fifo"])
def test_what_stands_in_the_place_of_what_is_prepared_is_removed(tmp_path: Path, kind: str) -> None:
    reserved = tmp_path / pack.RESERVED
    if kind == "file":
        reserved.touch()
    elif kind == "link":
        reserved.symlink_to("/etc")
    else:
        os.mkfifo(reserved)
    clean(str(tmp_path))
    assert not os.path.lexists(reserved)
    assert Path("/etc/passwd").exists()


def test_a_file_that_somebody_holds_a_lease_on_keeps_no_backup_from_being_made(tmp_path: Path) -> None:
    (tmp_path / "held").write_text("x")
    (tmp_path / "other").write_text("y")
    with (tmp_path / "held").open("r+") as file:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        previous = signal.signal(signal.SIGIO, signal.SIG_IGN)
        try:
            _, report = packed(tmp_path)
        finally:
            signal.signal(signal.SIGIO, previous)
    assert (report.entries, dict(report.left_out)) == (1, {"unreadable": 1})
