"""Booting a lab host with systemd-nspawn, and ending it."""

import contextlib
import subprocess
from pathlib import Path

from tests.lab import cgroups
from tests.lab.commands import succeeds
from tests.lab.network import namespace_file
from tests.lab.paths import Places
from tests.lab.processes import ProcessId, children
from tests.lab.rootfs import BASE_TAR

# Joins the cgroups given before the dash, then becomes the command after it.
_JOIN_AND_RUN = 'while [ "$1" != - ]; do echo $$ > "$1/cgroup.procs"; shift; done; shift; exec "$@"'


def command(places: Places, base_tar: Path) -> list[str]:
    """Returns the command line that boots the lab host."""
    return [
        "systemd-nspawn",
        "--quiet",
        "--register=no",
        "--keep-unit",
        f"--machine={places.name}",
        f"--directory={places.root}",
        f"--network-namespace-path={namespace_file(places.name)}",
        f"--bind-ro={base_tar}:{BASE_TAR}",
        "--capability=all",
        "--system-call-filter=@known bpf keyctl add_key mount",
        "--resolv-conf=off",
        "--link-journal=no",
        "--setenv=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1",
        "--boot",
    ]


def boot(places: Places, base_tar: Path) -> ProcessId:
    """Starts the lab host, which then boots on its own; returns its supervisor."""
    words = command(places, base_tar)
    if cgroups.machine_has_systemd():
        scope = ["systemd-run", "--scope", "--quiet", "--collect", "--property=Delegate=yes"]
        words = [*scope, f"--unit={_scope(places)}", *words]
    else:
        words = ["sh", "-c", _JOIN_AND_RUN, "sh", *map(str, cgroups.make(places.name)), "-", *words]
    with places.console.open("wb") as console:
        process = subprocess.Popen(
            ["env", "SYSTEMD_NSPAWN_API_VFS_WRITABLE=network", *words],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )
    return ProcessId.let_go(process)


def init_of(supervisor: ProcessId) -> int | None:
    """Returns the number, on this machine, of the process that is number 1 in the lab host; None if it is not up."""
    return next(iter(children(supervisor.pid)), None) if supervisor.alive else None


def end(places: Places, supervisor: ProcessId | None) -> None:
    """Ends the lab host at once, also one whose supervisor has gone or was never recorded.

    Its number 1 goes first, and the kernel ends all the rest with it. It would outlive its supervisor alone.
    """
    if supervisor is not None:
        _kill(init_of(supervisor))
        supervisor.end(patience=1)
    if cgroups.machine_has_systemd():
        # Killed first, because a stop alone waits 90 s for a systemd that takes SIGTERM for something else.
        succeeds("systemctl", "kill", "--signal=KILL", _scope(places))
        succeeds("systemctl", "stop", _scope(places))
    folders = cgroups.existing(places.name)
    for pid in sorted(cgroups.processes(folders)):
        _kill(pid)
    cgroups.remove(folders)


def _kill(pid: int | None) -> None:
    with contextlib.suppress(ProcessLookupError):
        if pid is not None:
            ProcessId.of(pid).end(patience=0)


def _scope(places: Places) -> str:
    return f"picoclaw-lab-{places.name}.scope"
