"""Every system call outside the profiles, made for real inside both containers: one `docker exec` each."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from roles.seccomp.profile import PROFILES
from tests.forbidden import FORBIDDEN
from tests.stack import GATEWAY, SANDBOX, Stack

PROBE = Path(__file__).with_name("probe_calls.py")
# The kernel's own list, in the C library's headers of the sandbox image; those of other architectures lie beside it.
NUMBERS = f"docker exec {SANDBOX} sh -c 'cat /usr/include/$(uname -m)-linux-gnu/asm/unistd_64.h'"
# The first four with the flags of a new namespace instead: a mere child would go on as a second probe. The last two the
# kernel lets past every filter, because its own probes use them, and ends whoever else makes them.
NOT_TRIED = {"fork", "vfork", "clone", "clone3", "uprobe", "uretprobe"}
# Of calls that are newer than the host's libseccomp runc says that they do not exist, so that programs go round them.
NEWEST_KNOWN = 450


def numbers(stack: Stack) -> dict[str, int]:
    """The system calls of this architecture by name."""
    lines = stack.lab.ssh(NUMBERS, check=True).stdout.splitlines()
    words = [line.split() for line in lines if line.startswith("#define __NR_")]
    return {name.removeprefix("__NR_"): int(number) for _, name, number in words if number.isdigit()}


@pytest.mark.parametrize(("container", "profile"), [(GATEWAY, "gateway"), (SANDBOX, "sandbox")])
def test_everything_outside_the_profile_is_refused_and_nothing_dies(stack: Stack, container: str, profile: str) -> None:
    known = numbers(stack)
    outside = known.keys() - set(PROFILES[profile].allowed()) - NOT_TRIED
    assert known.keys() & FORBIDDEN <= outside
    program = f"{PROBE.read_text(encoding='utf-8')}\n\nmain({known}, { ({name: known[name] for name in outside}) })\n"
    answer = stack.lab.ssh(f"docker exec -i {container} python3 -", stdin=program, check=True, timeout=60)
    found: dict[str, int] = json.loads(answer.stdout)

    assert len(found) > len(outside) + 20
    let_through = {name: error for name, error in found.items() if error not in refusals(profile, name, known)}
    assert let_through == {}


def refusals(profile: str, name: str, known: dict[str, int]) -> set[int]:
    """The errors that are as good as any."""
    if (profile, name) == ("sandbox", "fallocate"):
        return {errno.EOPNOTSUPP}
    return {errno.EPERM, errno.ENOSYS} if known.get(name, 0) > NEWEST_KNOWN else {errno.EPERM}


@pytest.mark.parametrize("container", [GATEWAY, SANDBOX])
def test_clone3_is_not_there(stack: Stack, container: str) -> None:
    """Its flags are out of a filter's sight; libc goes on with clone."""
    number = numbers(stack)["clone3"]
    program = f"import ctypes as c; l = c.CDLL(None, use_errno=True); l.syscall({number}, 0, 0); print(c.get_errno())"
    done = stack.lab.ssh(f"docker exec {container} python3 -c '{program}'", check=True)
    assert int(done.stdout) == errno.ENOSYS
