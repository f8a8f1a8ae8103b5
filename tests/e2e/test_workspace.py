"""The workspace: its mount flags and its quota, through the chat. Filling it stops neither the bot nor the host."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.test_sandbox import run
from tests.stack import CONFIG, GATEWAY, Stack

LIMIT_MB = 64
FILES = 3000
# The worst seen on a busy machine was 49.
OVERSHOOT_MB = 128
MEGABYTE = 1024 * 1024

WRITERS = "for i in $(seq 55); do head -c 200M /dev/zero > big$i & done; wait; sleep 60"
INODES = "import os\nfor n in range(10**6): os.mkdir(f'{n}')"


@pytest.fixture(scope="module")
def small(fresh: Stack, first_deploy: str) -> Iterator[Stack]:
    """The product with a workspace of 64 MB and 3000 files."""
    assert first_deploy
    before = fresh.lab.ssh(f"cat {CONFIG}", check=True).stdout
    settings = json.loads(before)
    settings["sandbox"] = {"workspace_mb": LIMIT_MB, "workspace_files": FILES}
    configure(fresh, json.dumps(settings))
    yield fresh
    configure(fresh, before)
    fresh.wait_healthy()
    assert fresh.planned_changes() == []


def configure(stack: Stack, text: str) -> None:
    # The sandbox measures anew when it has lost the gateway.
    clean = "docker exec picoclaw-sandbox rm -rf /workspace/fill"
    stack.lab.ssh(f"{clean}; cat > {CONFIG} && docker restart {GATEWAY}", stdin=text, check=True)
    stack.wait_ready()
    stack.fakes.reset()


def on_host(stack: Stack) -> tuple[float, int, int]:
    """Megabytes and files in the workspace, megabytes free on the disk, as the host sees them."""
    path = "$(docker volume inspect --format '{{.Mountpoint}}' picoclaw_picoclaw-workspace)"
    script = f"du -sB1 {path}; du -s --inodes {path}; df -B1 --output=avail {path} | tail -1"
    size, files, free = (line.split()[0] for line in stack.lab.ssh(script, check=True).stdout.splitlines())
    return int(size) / MEGABYTE, int(files), int(free) // MEGABYTE


def test_mount_flags(small: Stack) -> None:
    options = run(small, "awk '$5 == \"/workspace\" { print $6 }' /proc/self/mountinfo").splitlines()[0].split(",")
    assert {"nosuid", "nodev"} <= set(options)
    assert "ran" in run(small, r"printf '#!/bin/sh\necho ran\n' > program; chmod +x program; ./program; rm program")
    state = small.lab.ssh(f"docker exec {GATEWAY} /usr/bin/python3 -c 'print(open(\"/proc/self/mountinfo\").read())'")
    (line,) = (line for line in state.stdout.splitlines() if " /var/lib/picoclaw " in line)
    assert {"nosuid", "nodev", "noexec"} <= set(line.split()[5].split(","))


@pytest.mark.parametrize(
    "attack",
    ["cat /dev/zero > big; sleep 60", WRITERS, f'python3 -c "{INODES}"'],
    ids=["one writer", "55 writers", "inodes"],
)
def test_filling_it_ends_near_the_limit(small: Stack, attack: str) -> None:
    free = on_host(small)[2]
    told = run(small, f"mkdir -p fill; cd fill; {attack}", timeout_s=30)
    assert "The workspace is full (" in told
    megabytes, files, free_now = on_host(small)
    print(f"{megabytes - LIMIT_MB:.1f} MB and {files - FILES} files beyond the limit")
    assert megabytes < LIMIT_MB + OVERSHOOT_MB
    assert files < 2 * FILES
    assert free_now > free - 2 * (LIMIT_MB + OVERSHOOT_MB)  # others use this disk, too

    assert "The workspace is FULL" in small.ask("/status")
    assert "can delete, but not write" in run(small, "echo x > fill/more")
    assert "[exit code 0]" in run(small, "rm -r fill")
    assert run(small, "echo fine > file; cat file; rm file") == "fine\n[exit code 0]"
    assert "FULL" not in small.ask("/status")
