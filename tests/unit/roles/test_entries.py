"""Files and directories as they should be, compared with what `stat` and `sha256sum` say of real ones."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from roles.common.entries import Entry, differences, parse
from roles.common.facts import Paths

UID, GID = os.getuid(), os.getgid()


def seen(*paths: Path) -> dict[str, object]:
    """What the fact's own script says of real files, under the shell that pyinfra uses."""
    command = Paths().command(paths=[str(path) for path in paths]).get_raw_value()
    output = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    return dict(parse(output.splitlines()))


def drift(entry: Entry) -> list[str]:
    (found,) = [*seen(Path(entry.path)).values(), None][:1]
    return differences(entry, found)  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "it's a file"
    path.write_text("content\n")
    path.chmod(0o640)
    return path


def test_what_is_as_it_should_be_has_no_difference(file: Path) -> None:
    assert drift(Entry(str(file), mode=0o640, uid=UID, gid=GID, content="content")) == []
    assert drift(Entry(str(file), mode=0o640, uid=UID, gid=GID)) == []
    assert drift(Entry(str(file.parent / "none"), kind="absent")) == []


def test_each_difference_is_named_with_its_path(file: Path) -> None:
    assert drift(Entry(str(file), mode=0o600, uid=UID, gid=GID)) == [f"{file}: mode 0600 wanted, 0640 found"]
    assert drift(Entry(str(file), mode=0o640, uid=7, gid=8)) == [f"{file}: owner 7:8 wanted, {UID}:{GID} found"]
    assert drift(Entry(str(file), mode=0o640, uid=UID, gid=GID, content="x")) == [f"{file}: content differs"]
    assert drift(Entry(str(file), kind="directory")) == [f"{file}: directory wanted, file found"]
    assert drift(Entry(str(file), kind="absent")) == [f"{file}: none wanted, file found"]
    assert drift(Entry(str(file.parent / "none"))) == [f"{file.parent / 'none'}: file wanted, none found"]


def test_special_mode_bits_count(file: Path) -> None:
    file.chmod(0o4640)

    assert drift(Entry(str(file), mode=0o640, uid=UID, gid=GID)) == [f"{file}: mode 0640 wanted, 4640 found"]


def test_a_symbolic_link_is_not_taken_for_what_it_points_to(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)

    assert drift(Entry(str(link), mode=0o640, uid=UID, gid=GID, content="content")) == [
        f"{link}: file wanted, symbolic link found"
    ]


def test_several_paths_are_told_apart(file: Path) -> None:
    assert seen(file.parent, file, file.parent / "none").keys() == {str(file.parent), str(file)}


def test_content_ends_with_a_newline_and_is_not_shown() -> None:
    entry = Entry("/x", content="secret")

    assert entry.content == "secret\n"
    assert "secret" not in repr(entry)
    assert "secret" not in " ".join(differences(entry, None))


def test_other_output_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        parse(["stat: a b c"])
