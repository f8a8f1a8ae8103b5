"""Reading keys and tokens wherever they could lie. The sandbox holds none, so there is nothing to find."""

from __future__ import annotations

import pytest

from tests.fakes import defaults
from tests.hostile.attacker import Attacker
from tests.stack import CONFIG

SECRETS = (defaults.TELEGRAM_TOKEN, defaults.OPENROUTER_KEY)

PLACES = {
    "the config where the gateway has it": ("cat /etc/picoclaw/config.json", "No such file"),
    "the config where the host has it": (f"cat {CONFIG}", "No such file"),
    "the gateway's state": ("cat /var/lib/picoclaw/state.db*", "No such file"),
    "root's home": (
        "ls -A /root/ 2>&1; cat /root/.ssh/* /root/.bash_history /root/.docker/config.json 2>&1",
        "Permission denied",
    ),
    "passwords": ("cat /etc/shadow /etc/gshadow", "Permission denied"),
    "the server's environment": ("cat /proc/1/environ && echo PWNED", "Permission denied"),
    "the server's descriptors": ("ls -l /proc/1/fd && echo PWNED; cat /proc/1/fd/* && echo PWNED", "Permission denied"),
    "the server's threads": ("cat /proc/1/task/1/environ && echo PWNED", "Permission denied"),
    "the host's tree through the server": ("ls /proc/1/root/ /proc/1/cwd/ && echo PWNED", "Permission denied"),
    "metadata that docker mounts": ("ls -A /run/secrets /var/run/secrets /.dockerenv.json", "No such file"),
    "the host's docker": ("ls -A /var/lib/docker /opt/stacks", "No such file"),
    "the kernel's memory": (
        (
            "head -c 1 /proc/kcore && echo PWNED; head -c 1 /dev/mem && echo PWNED; "
            "head -c 1 /proc/kpageflags && echo PWNED"
        ),
        "Permission denied|No such file|not permitted",
    ),
    "the kernel's log": (
        "head -c 1 /dev/kmsg && echo PWNED; timeout 2 head -c 1 /proc/kmsg && echo PWNED; dmesg",
        "Permission denied|No such file|not permitted",
    ),
    "the kernel's keys": ("test -s /proc/keys && echo PWNED; wc -c /proc/keys", "^0 /proc/keys"),
}


@pytest.mark.parametrize("place", PLACES)
def test_reading(attacker: Attacker, place: str) -> None:
    command, refusal = PLACES[place]
    told = attacker.run(command)
    told.refused(refusal)
    assert not any(secret in told.text for secret in SECRETS)


def test_every_readable_environment_and_command_line(attacker: Attacker) -> None:
    attacker.run("cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline /proc/[0-9]*/task/*/environ > seen 2>/dev/null")
    seen = attacker.workspace("seen").read_text(errors="replace")
    assert "HOME=/workspace" in seen, "nothing was read at all"
    assert not any(secret in seen for secret in SECRETS)


def test_every_readable_file(attacker: Attacker) -> None:
    """The patterns of the lab's own token and key, in every file that the sandbox can open."""
    patterns = " ".join(f"-e '{secret[:24]}'" for secret in SECRETS)
    told = attacker.run(
        "cd /; grep -rlFs --exclude-dir=proc --exclude-dir=sys "
        f"{patterns} . | grep . && echo PWNED; "
        "find / -xdev -readable -type f 2>/dev/null | wc -l",
        timeout_s=40,
    )
    told.refused(r"^\d{3,}$")


def test_every_mount(attacker: Attacker) -> None:
    """What is mounted beyond the kernel's own is the workspace, the socket's folder and docker's three files."""
    told = attacker.run(
        "awk '$3 !~ /^(proc|sysfs|tmpfs|devpts|mqueue|cgroup2?|overlay)$/ {print $2}' /proc/mounts | sort -u; "
        'awk \'$3 == "tmpfs" {print "tmpfs", $2}\' /proc/mounts | sort -u'
    )
    disks = {line for line in told.lines if line.startswith("/")}
    assert disks <= {"/workspace", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}, told.text
    writable = {"/tmp", "/dev/shm", "/dev", "/run/sandbox"}
    masked = {
        "/proc/acpi",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/scsi",
        "/proc/sched_debug",
        "/proc/asound",
        "/proc/interrupts",
        "/sys/fs/cgroup",
        "/sys/firmware",
        "/sys/devices/virtual/powercap",
    }
    assert {line.split()[1] for line in told.lines if line.startswith("tmpfs ")} <= writable | masked, told.text


def test_histories_and_credentials_of_tools(attacker: Attacker) -> None:
    told = attacker.run(
        "cat ~/.bash_history ~/.git-credentials ~/.netrc ~/.ssh/id_* ~/.aws/credentials /etc/ssh/ssh_host_*_key; "
        "git config --system --list; git config --global --list; env"
    )
    told.refused("No such file", "^HOME=/workspace$")
    assert not any(word in told.text.lower() for word in ("token", "api_key", "apikey", "password", "secret"))


def test_reading_by_the_file_tools(attacker: Attacker) -> None:
    for path in (
        "/etc/picoclaw/config.json",
        "/proc/1/environ",
        "/proc/self/environ",
        "/etc/shadow",
        CONFIG,
        "/proc/self/root/etc/picoclaw/config.json",
        "/proc/self/mem",
    ):
        told = attacker.use("read_file", path=path)
        told.refused("^error: ")
