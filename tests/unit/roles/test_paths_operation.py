"""The `paths` operation on real files of this machine, through pyinfra."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from pyinfra.api.exceptions import PyinfraError

from roles.common.entries import Entry
from roles.common.operations import paths
from tests.unit.roles.pyinfra_run import Run

UID, GID = os.getuid(), os.getgid()


def mine(path: Path, **fields: object) -> Entry:
    return Entry(str(path), uid=UID, gid=GID, **fields)  # type: ignore[arg-type]


def run(*entries: Entry) -> Run:
    return Run("@local", paths, entries=list(entries), name="paths")


def test_a_tree_is_made_and_then_left_alone(tmp_path: Path) -> None:
    directory, file = tmp_path / "a dir", tmp_path / "a dir" / "it's"
    wanted = [
        mine(directory, kind="directory", mode=0o750),
        mine(file, mode=0o640, content="line 'one'\n$HOME `id` \\n\n"),
    ]

    first = run(*wanted).execute()

    assert first.changed
    assert file.read_text() == "line 'one'\n$HOME `id` \\n\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert stat.S_IMODE(directory.stat().st_mode) == 0o750
    assert [path.name for path in directory.iterdir()] == ["it's"], "nothing is left of the staging"
    second = run(*wanted)
    assert not second.would_change
    assert not second.execute().changed
    assert second.said == set()


def test_a_file_is_replaced_whole_and_its_drift_named(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text("old\n")
    file.chmod(0o644)
    before = file.stat().st_ino

    done = run(mine(file, mode=0o600, content="new")).execute()

    assert file.read_text() == "new\n"
    assert file.stat().st_ino != before
    assert done.said == {f"{file}: mode 0600 wanted, 0644 found", f"{file}: content differs"}


def test_only_the_mode_is_changed_of_a_file_whose_content_is_its_own(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text("the owner's\n")
    file.chmod(0o644)

    run(mine(file, mode=0o600)).execute()

    assert file.read_text() == "the owner's\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_symbolic_link_is_replaced_and_its_target_is_not_written(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("keep\n")
    link.symlink_to(target)

    run(mine(link, mode=0o600, content="new")).execute()

    assert not link.is_symlink()
    assert link.read_text() == "new\n"
    assert target.read_text() == "keep\n"


def test_what_should_be_absent_goes(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("x\n")

    run(mine(file, kind="absent")).execute()

    assert not file.exists()


def test_a_directory_in_the_place_of_a_file_is_not_touched(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "config.json").mkdir()

    with pytest.raises(PyinfraError):
        run(mine(tmp_path / "config.json", content="x")).execute()

    assert (tmp_path / "config.json").is_dir()
    assert "is a directory, a file is wanted: move it away" in caplog.text


def test_the_content_is_in_no_output(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    prepared = run(mine(tmp_path / "config.json", mode=0o600, content="sk-very-secret"))
    for setting in ("print_input", "print_output", "print_fact_input", "print_fact_output", "print_noop_info"):
        setattr(prepared.state, setting, True)
    prepared.state.config.DIFF = True

    with caplog.at_level("DEBUG"):
        prepared.execute()

    assert (tmp_path / "config.json").read_text() == "sk-very-secret\n"
    printed = "".join(capfd.readouterr()) + caplog.text
    assert "mktemp" in printed, "the commands are printed"
    assert "sk-very-secret" not in printed


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    nobody = Entry(str(tmp_path / "config.json"), uid=2**32, gid=GID, content="secret")

    with pytest.raises(PyinfraError):
        run(nobody).execute()

    assert list(tmp_path.iterdir()) == []
