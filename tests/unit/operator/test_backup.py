"""`picoclaw backup` and `picoclaw restore` against a host of directories."""

from __future__ import annotations

import json
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from pyrage import x25519

from agent.cli import main
from agent.operator import reach
from agent.operator.archive import commands, keys, progress, sealing
from agent.operator.archive.keys import Keys
from agent.operator.archive.words import ARCHIVE
from tests.unit.operator.fake_host import CONFIG, FakeHost, fake_host, lived_in, use

OWNER = x25519.Identity.generate()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHost:
    """One with a conversation; the inventory knows it alone."""
    found = lived_in(fake_host(tmp_path / "host", monkeypatch))
    serve(found, monkeypatch)
    return found


def serve(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def inventory(_language: str, *_names: str) -> Iterator[list[FakeHost]]:
        yield [host]

    monkeypatch.setattr(reach, "inventory_hosts", inventory)
    use(host, monkeypatch)


@pytest.fixture
def given(tmp_path: Path) -> Keys:
    """Both halves of the owner's key."""
    identity = tmp_path / "key.txt"
    identity.write_text(f"# created: today\n{OWNER}\n")
    return Keys((str(OWNER.to_public()),), identity)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Where backups go."""
    (tmp_path / "shelf").mkdir()
    return tmp_path / "shelf"


def backup(target: Path, given: Keys, *, force: bool = False) -> None:
    commands.backup(None, target, given, force=force, language="en")


def refusal(*arguments: object, **options: object) -> str:
    with pytest.raises(click.ClickException) as raised:
        arguments[0](*arguments[1:], **options)  # type: ignore[operator]
    return raised.value.message


def test_a_new_host_goes_on_where_the_old_one_was(
    host: FakeHost,
    given: Keys,
    shelf: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch, capsys = request.getfixturevalue("monkeypatch"), request.getfixturevalue("capsys")
    backup(shelf, given)
    (file,) = shelf.iterdir()
    assert file.name.startswith("picoclaw-fake-")
    assert file.stat().st_mode & 0o777 == 0o600
    fresh = fake_host(tmp_path / "fresh", monkeypatch)
    serve(fresh, monkeypatch)
    commands.restore(file, None, given, force=False, language="en")
    said = capsys.readouterr().out
    assert "1 messages, paired owners: 1" in said
    assert "sockets and devices, left out: 1" in said
    assert "never-to-be-shown" not in said
    assert json.loads((fresh.root / "config/config.json").read_text()) == CONFIG
    assert (fresh.root / "config/config.json").stat().st_mode & 0o777 == 0o600
    assert (fresh.root / "state/spool/0123").read_text() == "on its way"
    assert (fresh.root / "workspace/notes/big").read_bytes() == (host.root / "workspace/notes/big").read_bytes()
    assert (fresh.root / "workspace/etc").readlink() == Path("/etc")
    with sqlite3.connect(fresh.root / "state/state.db") as state:
        assert state.execute("SELECT user_id FROM owners").fetchall() == [("7",)]
    assert sorted(found.name for found in fresh.root.iterdir()) == sorted(
        ["bin", "calls", "config", "memory", "state", "workspace"]
    )
    words = [call.split()[0] for call in fresh.calls]
    assert words.index("stop") < words.index("start")
    for call in [*host.calls, *fresh.calls]:
        assert not call.startswith("run") or "--network=none --cap-drop=ALL" in call


def test_a_file_is_not_replaced_unasked(host: FakeHost, given: Keys, shelf: Path) -> None:
    target = shelf / "kept.age"
    target.write_text("precious")
    assert "--force" in refusal(backup, target, given)
    assert target.read_text() == "precious"
    assert host.calls == []
    backup(target, given, force=True)
    assert [found.name for found in shelf.iterdir()] == ["kept.age"]
    assert target.read_bytes().startswith(b"age-encryption.org/v1\n")


def test_a_file_that_appears_meanwhile_is_not_replaced_either(
    given: Keys, host: FakeHost, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert host
    seal = sealing.seal

    def slow(*arguments: object) -> object:
        (shelf / "new.age").write_text("another's")
        return seal(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sealing, "seal", slow)
    assert "exists" in refusal(backup, shelf / "new.age", given)
    assert [(found.name, found.read_text()) for found in shelf.iterdir()] == [("new.age", "another's")]


@pytest.mark.parametrize("action", ["look", "state", "pack"])
def test_a_connection_that_breaks_leaves_nothing_half(action: str, host: FakeHost, given: Keys, shelf: Path) -> None:
    host.fail(action, "head -c 5000000 /dev/zero; echo Connection reset by peer >&2")
    assert refusal(backup, shelf, given) == "fake cannot be reached: Connection reset by peer"
    assert list(shelf.iterdir()) == []


def test_an_interrupt_leaves_nothing_half(
    host: FakeHost, given: Keys, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert host

    def interrupt(watched: progress.Progress, count: int) -> None:
        watched.bytes += count
        if watched.bytes > 5_000_000:
            raise KeyboardInterrupt

    monkeypatch.setattr(progress.Progress, "add", interrupt)
    with pytest.raises(KeyboardInterrupt):
        backup(shelf, given)
    assert list(shelf.iterdir()) == []


def test_a_full_disk_is_one_sentence(host: FakeHost, given: Keys, shelf: Path) -> None:
    assert host
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        said = refusal(backup, shelf / "b.age", given)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert said == f"{shelf}/b.age cannot be written: File too large"
    assert list(shelf.iterdir()) == []
    assert "No such file" in refusal(backup, shelf / "missing/b.age", given)


def test_a_disk_that_does_not_keep_what_it_is_given_is_seen(
    host: FakeHost, given: Keys, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert host
    seal = sealing.seal

    def rotting(stream: Iterator[bytes], file: object, to: sealing.Seal) -> x25519.Identity:
        identity = seal(stream, file, to)  # type: ignore[arg-type]
        file.seek(5_000_000)  # type: ignore[attr-defined]
        file.write(b"rot")  # type: ignore[attr-defined]
        return identity

    monkeypatch.setattr(sealing, "seal", rotting)
    assert "damaged" in refusal(backup, shelf, given)
    assert list(shelf.iterdir()) == []


def test_a_damaged_file_touches_no_host(host: FakeHost, given: Keys, shelf: Path) -> None:
    backup(shelf / "b.age", given)
    calls = len(host.calls)
    data = bytearray((shelf / "b.age").read_bytes())
    data[-70_000] ^= 1
    (shelf / "b.age").write_bytes(data)
    assert "damaged" in refusal(commands.restore, shelf / "b.age", None, given, force=True, language="en")
    assert len(host.calls) == calls


@pytest.mark.parametrize("action", ["stage", "unpack", "exchange"])
def test_what_goes_wrong_on_the_way_leaves_the_host_as_it_was(
    action: str, host: FakeHost, given: Keys, shelf: Path
) -> None:
    backup(shelf / "b.age", given)
    (host.root / "workspace/later").write_text("later")
    host.fail(action, "echo Broken pipe >&2")
    assert refusal(commands.restore, shelf / "b.age", None, given, force=True, language="en")
    assert (host.root / "workspace/later").read_text() == "later"
    assert (host.root / "state/state.db").exists()
    assert not list(host.root.glob("*/.picoclaw-restore"))
    assert not (host.root / "config.restored").exists()
    assert host.calls[-1].startswith("start")
    kept = [found for found in shelf.iterdir() if "-before-restore" in found.name]
    assert len(kept) == 1


def test_what_a_host_has_is_not_replaced_unasked(host: FakeHost, given: Keys, shelf: Path) -> None:
    backup(shelf / "b.age", given)
    assert "--force" in refusal(commands.restore, shelf / "b.age", None, given, force=False, language="en")
    assert not any(call.startswith("stop") for call in host.calls)


def test_a_newer_state_is_refused(host: FakeHost, given: Keys, shelf: Path) -> None:
    with sqlite3.connect(host.root / "state/state.db") as state:
        state.execute("PRAGMA user_version = 99")
    backup(shelf / "b.age", given)
    said = refusal(commands.restore, shelf / "b.age", None, given, force=True, language="en")
    assert "schema 99" in said
    assert not any(call.startswith("stop") for call in host.calls)


def test_the_passphrase_comes_from_where_it_may(given: Keys, host: FakeHost, shelf: Path) -> None:
    assert given
    assert host
    by_command = Keys(command="echo hunter2 | tr a-z A-Z")
    backup(shelf / "b.age", by_command)
    runner = CliRunner()
    for environ, code in ((("HUNTER2"), 0), (("hunter2"), 1), ((""), 1)):
        done = runner.invoke(main, ["restore", "--dry", str(shelf / "b.age")], env={keys.PASSPHRASE: environ})
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
    assert "nobody can be asked" in runner.invoke(main, ["restore", "--dry", str(shelf / "b.age")]).output


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Keys(recipients=("age1nonsense",)), "is no recipient"),
        (Keys(recipients=(str(OWNER),)), "that is a secret key"),
        (Keys(recipients=(str(OWNER.to_public()),), command="true"), "exclude each other"),
        (Keys(command="exit 3"), "--passphrase-command"),
        (Keys(environ={keys.PASSPHRASE: ""}), "empty"),
        (Keys(), "--recipient"),
    ],
)
def test_wrong_keys_are_named_before_anything_is_read(wrong: Keys, words: str, host: FakeHost, shelf: Path) -> None:
    said = refusal(backup, shelf, wrong)
    assert words in said
    assert "AGE-SECRET-KEY-1" not in said
    assert host.calls == []
    assert list(shelf.iterdir()) == []


def test_wrong_identities(host: FakeHost, given: Keys, shelf: Path, tmp_path: Path) -> None:
    assert host
    backup(shelf / "b.age", given)
    other = tmp_path / "other"
    for content, words in (
        (str(x25519.Identity.generate()), "none of the keys opens it"),
        ("rubbish", "holds no secret key"),
        ("", "holds no secret key"),
    ):
        other.write_text(content)
        assert words in refusal(commands.show, shelf / "b.age", Keys(identity=other), "en")
    assert "cannot be read" in refusal(commands.show, shelf / "b.age", Keys(identity=tmp_path / "none"), "en")
    assert "--identity" in refusal(commands.show, shelf / "b.age", Keys(), "en")


def test_recipients_of_the_inventory(tmp_path: Path, shelf: Path, given: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"picoclaw_backup_recipients": [str(OWNER.to_public())]}
    serve(lived_in(fake_host(tmp_path / "host", monkeypatch, data)), monkeypatch)
    backup(shelf / "b.age", Keys())
    commands.show(shelf / "b.age", given, "en")


def test_every_sentence_is_in_both_languages_with_the_same_values() -> None:
    for code, said in ARCHIVE.items():
        assert said.keys() == {"en", "pl"}, code
        fields = [sorted(part.partition("}")[0] for part in text.split("{")[1:]) for text in said.values()]
        assert fields[0] == fields[1], code
