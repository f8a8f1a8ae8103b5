"""The compliance checks pass on what the deploy made, and fail where a control is taken away."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.stack import REPOSITORY, Stack


def verify(stack: Stack) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.compliance"], cwd=REPOSITORY, env=stack.environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def failed_controls(output: str) -> set[str]:
    return {line.split("✘ ")[1].split("  ")[0] for line in output.splitlines() if "✘ " in line}


def test_every_control_holds(stack: Stack) -> None:
    done = verify(stack)
    assert done.returncode == 0, done.stdout
    assert failed_controls(done.stdout) == set()
    assert done.stdout.count("✔") == 11


@pytest.mark.parametrize(
    ("weakened", "control"),
    [
        ("docker update --memory 256m --memory-swap 256m picoclaw-sandbox", "128 MB RAM, 1 CPU, 64 processes"),
        ("docker network connect bridge picoclaw", "Isolated network"),
        ("nft delete table inet picoclaw", "Isolated network"),
        ("chmod 644 /opt/stacks/picoclaw/config/config.json", "Secrets only in config.json, 0600"),
    ],
)
def test_a_weakened_control_is_found_and_repaired(stack: Stack, weakened: str, control: str) -> None:
    stack.lab.ssh(weakened, check=True)
    done = verify(stack)
    assert done.returncode != 0
    assert failed_controls(done.stdout) == {control}, done.stdout
    assert stack.deploy("-y").returncode == 0
    assert verify(stack).returncode == 0


REMOVALS = {
    "Read-only root file system": "--read-only",
    "cap_drop: ALL": "--cap-drop ALL",
    "no-new-privileges": "--security-opt no-new-privileges",
    "Non-root user, uid 1000": "--user 1000:1000",
    "/tmp noexec, nosuid, nodev": "--tmpfs /tmp:rw,noexec,nosuid,nodev,size=32m",
}


@pytest.mark.parametrize("control", REMOVALS)
def test_a_container_without_a_control_is_found(stack: Stack, control: str) -> None:
    """Recreated by hand without that one control (and always without the seccomp profile, which is its own row)."""
    image = stack.inspect("picoclaw-sandbox")["Config"]["Image"]
    options = [option for name, option in REMOVALS.items() if name != control]
    if control == "/tmp noexec, nosuid, nodev":
        options.append("--tmpfs /tmp:rw,exec,size=32m")
    if control == "Non-root user, uid 1000":
        options.append("--user 1001:1001")
    stack.lab.ssh(
        "docker rm -f picoclaw-sandbox && docker run -d --name picoclaw-sandbox --network none --ipc private"
        " --memory 128m --memory-swap 128m --cpus 1 --pids-limit 64 -v picoclaw_picoclaw-workspace:/workspace"
        f" -v picoclaw-sandbox-socket:/run/sandbox:ro {' '.join(options)} {image}",
        check=True,
    )
    found = failed_controls(verify(stack).stdout)
    assert stack.deploy("-y").returncode == 0
    assert found == {control, "Custom seccomp profile"}
