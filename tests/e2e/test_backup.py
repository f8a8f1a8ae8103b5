"""A host is backed up while its assistant works, is lost, and another one goes on with the conversation."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.operator.archive import format as layout
from agent.operator.archive import sealing
from agent.operator.archive.sealing import Seal
from tests.e2e.test_sandbox import run
from tests.fakes import wire
from tests.stack import CONFIG, GATEWAY, REPOSITORY, SANDBOX, Stack
from tests.unit.snapshot.tars import tar_of

PASSPHRASE = "correct horse battery staple"
WORKSPACE = "/var/lib/docker/volumes/picoclaw_picoclaw-workspace/_data"
STATE = "/var/lib/docker/volumes/picoclaw-state/_data"

# A command each, as a hostile model would give it.
NASTY = (
    r"printf 1 > $'new\nline'; printf 2 > $'\xff\xfe'; printf 3 > -rf; printf 4 > 'quote\"'\''s'",
    "truncate -s 1T sparse; printf end | dd of=sparse bs=1 seek=500G conv=notrunc status=none; truncate -s 3G hole",
    "ln -s /etc/passwd passwd; ln -s ../../../../etc up; ln -s . loop; ln -s nowhere dangling; mkfifo pipe",
    "mkdir tree; echo one > tree/a; ln tree/a tree/b; ln tree/a tree/c; mkdir -p deep/$(printf 'd/%.0s' $(seq 300))",
    "mkdir closed; echo in > closed/in; chmod 000 closed/in; chmod 500 closed; cp /usr/bin/id id; chmod 4755 id",
    "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"/workspace/socket\")'; mknod device c 1 3; true",
    "mkdir many; cd many; for n in $(seq 3000); do echo $n > $n; done; cd ..",
    "touch -d 1999-12-31T23:59:59.123456789 old",
    "for n in 1 2 3 4; do head -c 30M /dev/urandom > random$n; done",
)
# What grows, shrinks, appears and vanishes while it is read. What it leaves is not compared.
BUSY = """
mkdir -p busy && cd busy && timeout 40 bash -c '
while :; do
    seq 200000 > grows; seq 10 > shrinks; seq 300000 > shrinks; : > shrinks
    mkdir -p d/e/f; touch d/e/f/g; rm -rf d; ln -sfn /etc swap; rm swap; mkdir -p swap; rmdir swap
done'
"""
# Everything that can be told of a file, of the whole workspace.
LISTING = f"""
cd {WORKSPACE} && rm -rf busy inbox && {{
find . -mindepth 1 -printf '%P|%y|%m|%U:%G|%l|%n|' '(' -type f -printf '%s' -o -printf - ')' -printf '|%T@\\0' | sort -z
find . -type f -size -1G -print0 | sort -z | xargs -0 sha256sum -z
}} | base64 -w 0
"""


@pytest.fixture(scope="module")
def paired(fresh: Stack, first_deploy: str) -> Iterator[Stack]:
    """A host whose owner is one by pairing alone."""
    assert first_deploy
    local = fresh.lab.places.config
    original = local.read_text(encoding="utf-8")
    document = json.loads(original)
    document["channel"].pop("allowed_user_ids")
    local.write_text(json.dumps(document), encoding="utf-8")
    try:
        deployed(fresh)
        fresh.fakes.reset()
        codes = fresh.lab.ssh("docker exec picoclaw picoclaw pair", check=True).stdout
        fresh.ask(f"/pair {re.findall('[A-Z0-9]{8}', codes)[0]}")
        yield fresh
    finally:
        local.write_text(original, encoding="utf-8")
        # The state as well: who has paired stays an owner, and later tests count on those in the configuration alone.
        fresh.lab.ssh(f"docker rm --force {GATEWAY} && find {STATE} -mindepth 1 -delete", check=True)
        deployed(fresh)


def deployed(stack: Stack) -> None:
    done = stack.deploy("-y")
    assert done.returncode == 0, done.stdout
    stack.wait_ready()


def picoclaw(stack: Stack, *words: str | Path, passphrase: str = PASSPHRASE) -> subprocess.CompletedProcess[str]:
    """The command on the operator's machine, which nobody sits at."""
    return subprocess.run(
        command(*words), cwd=REPOSITORY, env={**stack.environment, "PICOCLAW_BACKUP_PASSPHRASE": passphrase},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "agent.cli", *map(str, words), "--lang", "en"]


def listing(stack: Stack) -> set[str]:
    found = base64.b64decode(stack.lab.ssh(LISTING, check=True).stdout).decode(errors="surrogateescape").split("\0")
    # Neither a socket nor a setuid bit comes back.
    return {re.sub(r"^(id\|f\|)4755", r"\g<1>755", line) for line in found if not line.startswith("socket|")}


def histories(stack: Stack) -> list[str]:
    """What the model was last sent, but for the instructions."""
    return [wire.text_of(message) for message in stack.fakes.llm_requests()[-1].body["messages"][1:]]


def started(stack: Stack) -> str:
    form = "{{.State.StartedAt}} {{.State.Running}}"
    return stack.lab.ssh(f"docker inspect --format '{form}' {GATEWAY} {SANDBOX}", check=True).stdout


def nothing_half(stack: Stack) -> bool:
    """Whether no trace of a restore is on the host."""
    traces = f"ls -d {WORKSPACE}/.picoclaw-restore {STATE}/.picoclaw-restore /opt/stacks/picoclaw/config.restored"
    return not stack.lab.ssh(f"{traces} 2>/dev/null").stdout and "true" in started(stack)


def test_a_conversation_goes_on_on_another_host(paired: Stack, tmp_path: Path) -> None:
    stack, file = paired, tmp_path / "backup.age"
    stack.ask("/new")
    stack.ask("my name is Anna")
    for nasty in NASTY:
        run(stack, nasty)
    stack.ask("/new")
    stack.ask("my name is Anna")
    stack.lab.ssh(f"docker exec --detach --workdir /workspace {SANDBOX} bash -c '{BUSY.replace(chr(39), chr(34))}'")
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        talk = pool.submit(talking, stack, over)
        begun = time.monotonic()
        taken = picoclaw(stack, "backup", "--output", file)
        taking = time.monotonic() - begun
        over.set()
    assert talk.result() > 0
    assert taken.returncode == 0, taken.stdout
    assert "sockets and devices, left out: 1" in taken.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["backup.age"]
    assert stack.inspect()["RestartCount"] == stack.inspect(SANDBOX)["RestartCount"] == 0
    wanted = listing(stack)

    stack.lab.reset()
    refused = picoclaw(stack, "restore", file)
    assert refused.returncode == 1
    assert "pyinfra inventory deploy.py" in refused.stdout
    deployed(stack)
    begun = time.monotonic()
    restored = picoclaw(stack, "restore", file)
    putting = time.monotonic() - begun
    assert restored.returncode == 0, restored.stdout
    size = file.stat().st_size / 1e6
    print(f"{size:.0f} MB: backup {taking:.1f} s, restore {putting:.1f} s; {taken.stdout}{restored.stdout}")

    assert listing(stack) == wanted
    assert nothing_half(stack)
    stack.fakes.reset()
    stack.ask("hello again")
    assert "my name is Anna" in histories(stack)
    assert histories(stack)[-1] == "hello again"
    kept = stack.lab.ssh(f"stat -c '%a %U:%u %n' {CONFIG} {STATE}/state.db {STATE} {WORKSPACE}").stdout
    assert re.findall(r"^(\d+) \S*:(\d+)", kept, re.MULTILINE) == [("600", "1000")] * 2 + [("700", "1000")] * 2
    used = int(stack.lab.ssh(f"du -sm {WORKSPACE}", check=True).stdout.split()[0])
    told = re.search(r"workspace \S+ (\d+)/1024 MB", stack.ask("/status"))
    assert told is not None
    assert abs(int(told[1]) - used) < 10
    assert stack.planned_changes() == []


def talking(stack: Stack, over: threading.Event) -> int:
    """A conversation, as long as the backup takes: how many messages were answered, each of them."""
    number = 0
    while not over.wait(0.5):
        number += 1
        assert f"message {number}" in stack.ask(f"message {number}")
    return number


@pytest.fixture
def occupied(paired: Stack) -> Stack:
    """A host with something on it, and the stand-ins as new."""
    paired.wait_ready()
    paired.fakes.reset()
    run(
        paired,
        "chmod -R u+rwX /workspace; rm -rf /workspace/* /workspace/.picoclaw-restore; echo mine > /workspace/mine",
    )
    return paired


def forged(file: Path, **parts: bytes) -> Path:
    """A backup that opens with the passphrase, of these parts."""
    writer = layout.Writer()
    given = {"state.db": parts["state"], "config.json": parts.get("config", b"{}")}
    stream = [*writer.member("about.json", b'{"format": 1}'), *writer.member("config.json", given["config.json"])]
    stream += [*writer.member("state.db", given["state.db"]), *writer.pieces("spool.tar", [tar_of()])]
    stream += [*writer.pieces("workspace.tar", [parts["workspace"]])]
    stream += [*writer.member("contents.json", b"{}"), *writer.end()]
    with file.open("wb") as target:
        sealing.seal(stream, target, Seal(passphrase=PASSPHRASE))
    return file


def state_of(schema: int) -> bytes:
    import sqlite3

    connection = sqlite3.connect(":memory:")
    connection.execute(f"PRAGMA user_version = {schema}")
    connection.execute("CREATE TABLE inbox (id)")
    return connection.serialize()


def test_what_is_there_is_not_replaced_unasked(occupied: Stack, tmp_path: Path) -> None:
    file = forged(tmp_path / "f.age", state=state_of(5), workspace=tar_of())
    since = started(occupied)
    done = picoclaw(occupied, "restore", file)
    assert done.returncode == 1
    assert "--force" in done.stdout
    assert started(occupied) == since


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"state": state_of(99)}, "schema 99"),
        ({"workspace": tar_of(("../out", b"x"))}, "a name that leads elsewhere"),
        ({"workspace": tar_of(("/etc/out", b"x"))}, "a name that leads elsewhere"),
        ({"workspace": tar_of(("link", "/tmp"), ("link/out", b"x"))}, "a member outside of the walk"),
        (
            {"config": b'{"sandbox": {"workspace_mb": 1}}', "workspace": tar_of(("big", bytes(270 << 20)))},
            "workspace_mb",
        ),
    ],
    ids=["newer state", "dots", "absolute", "through a link", "quota"],
)
def test_what_cannot_be_restored_leaves_the_host_as_it_was(
    occupied: Stack, tmp_path: Path, parts: dict[str, bytes], words: str
) -> None:
    file = forged(tmp_path / "forged.age", **{"state": state_of(5), "workspace": tar_of(), **parts})
    done = picoclaw(occupied, "restore", file, "--force")
    assert done.returncode == 1
    assert words in done.stdout
    assert "Traceback" not in done.stdout
    occupied.wait_ready()
    assert nothing_half(occupied)
    assert run(occupied, "cat /workspace/mine") == "mine\n[exit code 0]"
    assert not occupied.lab.ssh("ls -d /tmp/out /etc/out /var/lib/docker/volumes/out 2>/dev/null").stdout


def test_a_connection_that_breaks_leaves_the_host_as_it_was(occupied: Stack, tmp_path: Path) -> None:
    """The operator's machine vanishes in the middle: the host starts again by itself, with what it had."""
    file = forged(
        tmp_path / "large.age",
        state=state_of(5),
        workspace=tar_of(*((f"r{n}", os.urandom(50 << 20)) for n in range(6))),
    )
    since = started(occupied)
    said = tmp_path / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            command("restore", file, "--force"), cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=output,
            env={**occupied.environment, "PICOCLAW_BACKUP_PASSPHRASE": PASSPHRASE}, stderr=subprocess.STDOUT,
        )  # fmt: skip
    arrived = f"ls {WORKSPACE}/.picoclaw-restore/new/r0"
    occupied.wait_for(lambda: occupied.lab.ssh(arrived).returncode == 0, 300, said.read_text)
    process.kill()
    process.wait()
    occupied.wait_for(lambda: nothing_half(occupied), 90, lambda: occupied.lab.ssh("ps aux").stdout)
    assert started(occupied) != since
    occupied.wait_ready()
    assert run(occupied, "cat /workspace/mine") == "mine\n[exit code 0]"


def test_replaced_by_force_it_is_kept_beside_the_file(occupied: Stack, tmp_path: Path) -> None:
    file = tmp_path / "first.age"
    taken = picoclaw(occupied, "backup", "--output", file)
    assert taken.returncode == 0, taken.stdout
    run(occupied, "echo later > /workspace/later; rm /workspace/mine")
    done = picoclaw(occupied, "restore", file, "--force")
    assert done.returncode == 0, done.stdout
    occupied.wait_ready()
    assert run(occupied, "ls /workspace") == "mine\n[exit code 0]"
    (kept,) = (found for found in tmp_path.iterdir() if found.name.endswith("-before-restore.age"))
    shown = picoclaw(occupied, "restore", "--dry", kept)
    assert shown.returncode == 0, shown.stdout
    assert "workspace: 1 files and folders" in shown.stdout
    wrong = picoclaw(occupied, "restore", "--dry", kept, passphrase="wrong")
    assert wrong.returncode == 1
    assert "the passphrase does not open it" in wrong.stdout
