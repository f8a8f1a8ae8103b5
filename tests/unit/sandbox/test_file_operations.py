"""Reading, writing, editing and listing files."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from agent.sandbox.client import Entry, SandboxOperationError
from tests.unit.sandbox.box import UID, Box


@pytest.fixture
def folder(box: Box, request: pytest.FixtureRequest) -> Path:
    """A fresh directory of the workspace, with the sandbox's owner."""
    path: Path = box.workspace / request.node.name.split("[")[0]
    path.mkdir(exist_ok=True)
    os.chown(path, UID, UID)
    return path


def put(path: Path, content: bytes | str) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.chown(path, UID, UID)
    return str(path)


def code_of(box: Box, op: str, **params: Any) -> str:
    with pytest.raises(SandboxOperationError) as caught:
        box.run(box.link.call(op, **params))
    assert len(str(caught.value)) < 700
    assert "Traceback" not in str(caught.value)
    return caught.value.code


def test_read_whole(box: Box, folder: Path) -> None:
    put(folder / "a", "zażółć\ngęślą\n🦞")
    result = box.run(box.link.read(f"{folder.name}/a"))
    assert (result.content, result.first_line, result.lines, result.total_lines) == ("zażółć\ngęślą\n🦞", 1, 3, 3)
    assert (result.size_bytes, result.note) == (24, "")


@pytest.mark.parametrize(
    ("content", "offset", "limit", "expected", "lines"),
    [
        ("a\nb\nc\n", 2, 1, "b\n", 1),
        ("a\nb\nc\n", 2, 100, "b\nc\n", 2),
        ("a\nb\nc", 3, 1, "c", 1),
        ("a\nb\nc\n", 4, 10, "", 0),
        ("", 1, 10, "", 0),
        ("\n\n", 1, 1, "\n", 1),
        ("a\r\nb\r\n", 1, 2, "a\r\nb\r\n", 2),
    ],
)
def test_read_a_window(  # noqa: PLR0917
    box: Box, folder: Path, content: str, offset: int, limit: int, expected: str, lines: int
) -> None:
    path = put(folder / "a", content)
    result = box.run(box.link.read(path, offset=offset, limit=limit))
    assert (result.content, result.first_line, result.lines) == (expected, offset, lines)
    assert result.total_lines == len(content.splitlines())


def test_read_stops_at_whole_lines_within_the_ceiling(box: Box, folder: Path) -> None:
    path = put(folder / "a", ("x" * 999 + "\n") * 1000)
    result = box.run(box.link.read(path))
    assert (result.lines, len(result.content), result.total_lines) == (262, 262_000, 1000)
    assert result.note == "Cut at 262144 bytes; go on at line 263."
    assert box.run(box.link.read(path, offset=263)).lines == 262


def test_read_cuts_a_line_that_is_too_long(box: Box, folder: Path) -> None:
    result = box.run(box.link.read(put(folder / "a", "short\n" + "x" * 1_000_000), offset=2))
    assert (len(result.content), result.lines, result.total_lines) == (256 * 1024, 1, 2)
    assert "Line 2 is longer" in result.note


def test_read_many_lines(box: Box, folder: Path) -> None:
    path = put(folder / "a", "\n" * 5_000_000)
    result = box.run(box.link.read(path, offset=4_999_000, limit=10_000))
    assert (result.lines, result.total_lines) == (1001, 5_000_000)


def test_read_what_json_blows_up_most(box: Box, folder: Path) -> None:
    path = put(folder / "a", "\x01" * 250_000)
    assert box.run(box.link.read(path)).content == "\x01" * 250_000


def test_read_a_huge_sparse_file_of_text(box: Box, folder: Path) -> None:
    path = put(folder / "a", "x" * 70_000 + "\n")
    os.truncate(path, 100 * 1024**3)
    started = time.monotonic()
    result = box.run(box.link.read(path, limit=1))
    assert (len(result.content), result.total_lines, result.size_bytes) == (70_001, None, 100 * 1024**3)
    assert time.monotonic() - started < 10


def test_read_other_encodings(box: Box, folder: Path) -> None:
    assert box.run(box.link.read(put(folder / "a", b"\xbfr\xf3d\xb3o\n"))).content == "\ufffdr\ufffdd\ufffdo\n"


def test_read_refusals(box: Box, folder: Path) -> None:
    assert code_of(box, "read", path=put(folder / "elf", b"\x7fELF\0\0")) == "binary"
    assert code_of(box, "read", path=f"{folder}/none") == "not_found"
    assert code_of(box, "read", path=str(folder)) == "is_directory"
    assert code_of(box, "read", path=f"{folder}/elf/x") == "not_directory"
    assert code_of(box, "read", path="/etc/shadow") == "denied"
    assert code_of(box, "read", path="/dev/zero") == "not_a_file"
    assert code_of(box, "read", path="x" * 300) == "bad_request"
    assert code_of(box, "read", path="x" * 1_000_000) == "bad_request"


@pytest.mark.parametrize("path", ["", "a\0b", 3, None, ["a"]])
def test_paths_that_are_none(box: Box, path: object) -> None:
    assert code_of(box, "read", path=path) == "bad_request"
    assert code_of(box, "write", path=path, content="") == "bad_request"


@pytest.mark.parametrize("bad", [{"offset": 0}, {"offset": "1"}, {"limit": 0}, {"limit": True}, {"limit": 1.5}])
def test_read_windows_that_are_none(box: Box, bad: dict[str, object]) -> None:
    assert code_of(box, "read", path="x", **bad) == "bad_request"


def test_read_special_files_at_once(box: Box, folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        for name in ("fifo", "socket"):
            os.chown(folder / name, UID, UID)
        started = time.monotonic()
        assert code_of(box, "read", path=f"{folder}/fifo") == "not_a_file"
        assert code_of(box, "read", path=f"{folder}/socket") == "io"
        assert code_of(box, "write", path=f"{folder}/fifo", content="x") == "not_a_file"
        assert code_of(box, "write", path="/dev/null", content="x") == "not_a_file"
        assert code_of(box, "edit", path=f"{folder}/fifo", old="a", new="b") == "not_a_file"
        assert time.monotonic() - started < 2


def test_symlink_loops(box: Box, folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    assert code_of(box, "read", path=f"{folder}/a") == "not_found"
    assert code_of(box, "write", path=f"{folder}/a", content="x") == "not_found"
    assert code_of(box, "list", path=f"{folder}/a") == "not_found"


def test_write_and_overwrite(box: Box, folder: Path) -> None:
    name = f"{folder.name}/deep/er/ż.txt"
    first = box.run(box.link.write(name, "jaźń\n"))
    assert (first.size_bytes, first.created) == (7, True)
    path = box.workspace / name
    assert path.read_text() == "jaźń\n"
    assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (UID, 0o644)
    path.chmod(0o755)
    second = box.run(box.link.write(name, ""))
    assert (second.size_bytes, second.created) == (0, False)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("", 0o755)
    assert [sibling.name for sibling in path.parent.iterdir()] == ["ż.txt"]


def test_write_goes_through_links(box: Box, folder: Path) -> None:
    put(folder / "target", "old")
    (folder / "link").symlink_to("target")
    box.run(box.link.write(f"{folder}/link", "new"))
    assert (folder / "target").read_text() == "new"
    assert (folder / "link").is_symlink()


def test_write_megabytes(box: Box, folder: Path) -> None:
    content = "0123456789abcde\n" * 400_000
    assert box.run(box.link.write(f"{folder}/a", content)).size_bytes == 6_400_000
    assert (folder / "a").read_text() == content
    with pytest.raises(SandboxOperationError, match="too many for the sandbox"):
        box.run(box.link.write(f"{folder}/a", "x" * 9_000_000))


def test_write_refusals(box: Box, folder: Path) -> None:
    put(folder / "file", "")
    assert code_of(box, "write", path=str(folder), content="") == "is_directory"
    assert code_of(box, "write", path=f"{folder}/file/x", content="") == "not_directory"
    assert code_of(box, "write", path="/etc/passwd", content="") == "denied"
    assert code_of(box, "write", path="/usr/x", content="") == "denied"
    assert code_of(box, "write", path=f"{folder}/x") == "bad_request"
    assert code_of(box, "write", path=f"{folder}/x", content=5) == "bad_request"


def test_a_full_disk_leaves_the_old_file(box: Box) -> None:
    box.run(box.link.write("/tmp/kept", "old"))
    box.exec("head -c 30M /dev/zero > /tmp/filler")
    assert code_of(box, "write", path="/tmp/kept", content="x" * 4_000_000) == "no_space"
    assert box.exec("cat /tmp/kept; rm /tmp/filler; ls -A /tmp").output == "oldkept\n"


def test_edit_once(box: Box, folder: Path) -> None:
    path = put(folder / "a", "one\ntwo\nthree\n")
    (folder / "a").chmod(0o600)
    assert box.run(box.link.edit(path, "two", "dwa")).replacements == 1
    assert (folder / "a").read_text() == "one\ndwa\nthree\n"
    assert (folder / "a").stat().st_mode & 0o777 == 0o600


def test_edit_that_is_not_unique(box: Box, folder: Path) -> None:
    path = put(folder / "a", "x x x")
    with pytest.raises(SandboxOperationError, match="occurs 3 times") as caught:
        box.run(box.link.edit(path, "x", "y"))
    assert caught.value.code == "not_unique"
    assert (folder / "a").read_text() == "x x x"
    assert box.run(box.link.edit(path, "x", "y", every=True)).replacements == 3
    assert (folder / "a").read_text() == "y y y"


def test_edit_keeps_bytes_that_are_not_unicode(box: Box, folder: Path) -> None:
    path = put(folder / "a", b"za\xbf\xf3\xb3\xe6 end\r\n")
    box.run(box.link.edit(path, "end", "koniec"))
    assert (folder / "a").read_bytes() == b"za\xbf\xf3\xb3\xe6 koniec\r\n"


def test_edit_refusals(box: Box, folder: Path) -> None:
    path = put(folder / "a", "a\r\nb\r\n")
    with pytest.raises(SandboxOperationError, match="lines end in CR LF") as caught:
        box.run(box.link.edit(path, "a\nb", "c"))
    assert caught.value.code == "no_match"
    assert code_of(box, "edit", path=path, old="", new="x") == "bad_request"
    assert code_of(box, "edit", path=path, old="a", new="a") == "bad_request"
    assert code_of(box, "edit", path=f"{folder}/none", old="a", new="b") == "not_found"
    os.truncate(path, 17 * 1024 * 1024)
    assert code_of(box, "edit", path=path, old="a", new="b") == "too_large"


def test_list(box: Box, folder: Path) -> None:
    put(folder / "b.txt", "1234")
    (folder / "a").mkdir()
    (folder / "c").symlink_to("/etc/passwd")
    os.mkfifo(folder / "d")
    os.utime(folder / "b.txt", (0, 1_700_000_000.5))
    result = box.run(box.link.list_dir(folder.name))
    assert [(entry.name, entry.type) for entry in result.entries] == [
        ("a", "dir"),
        ("b.txt", "file"),
        ("c", "link"),
        ("d", "other"),
    ]
    assert result.entries[1] == Entry(name="b.txt", type="file", size_bytes=4, modified=1_700_000_000.5)
    assert result.total == 4


def test_list_many_and_odd_names(box: Box, folder: Path) -> None:
    for number in range(3000):
        (folder / f"f{number:05}").touch()
    result = box.run(box.link.list_dir(str(folder)))
    assert (len(result.entries), result.total) == (1000, 3000)
    assert [result.entries[0].name, result.entries[-1].name] == ["f00000", "f00999"]
    odd = folder / "odd"
    odd.mkdir()
    (odd / os.fsdecode(b"\xff\n\x1b[31m")).touch()
    assert box.run(box.link.list_dir(str(odd))).entries[0].name == "\ufffd\n\x1b[31m"


def test_list_refusals(box: Box, folder: Path) -> None:
    assert code_of(box, "list", path=put(folder / "a", "")) == "not_directory"
    assert code_of(box, "list", path=f"{folder}/none") == "not_found"
    assert code_of(box, "list", path="/root") == "denied"
