"""`python -m tests.hostile.weaken --lab NAME CONTROL`: makes a lab's sandbox or gateway anew without it, by hand only.

Then run the battery with PICOCLAW_AS_IT_IS=1 and see which cases notice; `pyinfra inventory deploy.py` repairs it.
A sandbox that is confined more weakly than it should be does not serve: so its own check is silenced with each.
None of these gives a command root together with an unmasked /proc: /proc/sysrq-trigger and the clock are the real
machine's. Limits are widened, not removed, so that a bomb stays one.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable
from dataclasses import dataclass

import click

from roles.common.names import GATEWAY, SANDBOX
from tests.lab import Lab
from tests.stack import REPOSITORY, Stack
from tests.weakened import create_arguments, deployed

_LIBRARY = "/opt/picoclaw/agent"
_MUTANT = "/root/mutant"
_KEY = "$(grep -o 'sk-or-[^\"]*' /opt/stacks/picoclaw/config/config.json)"
_DOCKERS_GROUP = "$(getent group docker | cut -d: -f3)"


@dataclass(frozen=True)
class Change:
    """Options of `docker create` that are left out (by how they begin) and put in; `arguments` go to the program."""

    drop: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mutant:
    """What a container's program does of its own accord, taken out of its code."""

    file: str
    old: str
    new: str
    container: str = SANDBOX


SILENCED = {
    SANDBOX: Mutant("sandbox/__main__.py", 'problem = weakness("sandbox")', 'problem = ""'),
    GATEWAY: Mutant("gateway/__main__.py", 'selfcheck.seen("gateway")', '""', GATEWAY),
}

CONTROLS: dict[str, Change] = {
    "seccomp": Change(("--security-opt=seccomp",), ("--security-opt=seccomp=unconfined",)),
    "seccomp-of-docker": Change(("--security-opt=seccomp",)),
    "privileged": Change((), ("--privileged",)),
    # Root without a capability is not let in to the gateway's socket: the sandbox then does not serve at all.
    "capabilities": Change(("--user", "--cap-drop"), ("--user=0:0",)),
    # Without it runc loads the filter before it changes the user, which that filter refuses: nothing starts.
    "no-new-privileges": Change(("--security-opt=seccomp", "--security-opt=no-new-privileges")),
    "read-only": Change(("--read-only",)),
    "tmp": Change(("--tmpfs=/tmp",), ("--tmpfs=/tmp:rw,exec,nosuid,nodev,size=64m",)),
    "shm": Change(("--tmpfs=/dev/shm",), ("--shm-size=100m",)),
    "memory": Change(("--memory",), ("--memory=300m", "--memory-swap=300m")),
    "pids": Change(("--pids-limit",), ("--pids-limit=200",)),
    "ulimits": Change(("--ulimit",), ("--ulimit=core=-1:-1",)),
    "network-host": Change(("--network",), ("--network=host",)),
    "network-bridge": Change(("--network",), ("--network=picoclaw-net",)),
    "network-gateway": Change(("--network", "--hostname"), ("--network=container:picoclaw",)),
    "ipc": Change(("--ipc",), ("--ipc=host",)),
    "cgroupns": Change(("--cgroupns",), ("--cgroupns=host",)),
    "docker-socket": Change((), ("--volume=/run/docker.sock:/run/docker.sock", f"--group-add={_DOCKERS_GROUP}")),
    "config": Change((), ("--volume=/opt/stacks/picoclaw/config:/etc/picoclaw",)),
    "state": Change((), ("--volume=picoclaw-state:/var/lib/picoclaw",)),
    "socket": Change(
        ("--mount=type=volume,source=picoclaw-sandbox-socket",), ("--volume=picoclaw-sandbox-socket:/run/sandbox",)
    ),
    "environment": Change((), (f"--env=API_KEY={_KEY}",)),
    # The interpreter without its flags, which keep PYTHONPATH and the like out of PID 1.
    "isolated-python": Change((), ("--entrypoint=/usr/bin/python3",), (f"{_LIBRARY}/sandbox/__main__.py",)),
}

MUTANTS = {
    "not-dumpable": Mutant("sandbox/limits.py", "libc.set_dumpable(False)", "libc.set_dumpable(True)"),
    "signals-of-children": Mutant("sandbox/server.py", "code == libc.SI_USER and sender == 0", "True"),
    "time-limit": Mutant("sandbox/jobs.py", "elif now >= job.deadline:", "elif now >= job.deadline + 100:"),
    "output-cut": Mutant("sandbox/output.py", "del self._tail[:-OUTPUT_TAIL]", "pass"),
    "end-of-strays": Mutant("sandbox/jobs.py", "if count is None or not self._end_strays():", "if count is None:"),
    "end-when-link-drops": Mutant("sandbox/server.py", 'self._jobs.end_everything("")', "pass"),
    "end-when-crowded": Mutant(
        "sandbox/jobs.py", "if not self._by_id and self._overflowed() and self._orphans():", "if False:"
    ),
    "room-for-the-next": Mutant(
        "sandbox/jobs.py",
        "            self.end_everything(note)\n            job.notes",
        "            job.notes",
    ),
    "ceilings": Mutant("sandbox/limits.py", "for which, ceiling in _CEILINGS:", "for which, ceiling in ():"),
    "drain": Mutant("sandbox/jobs.py", "_DRAIN_S = 0.2", "_DRAIN_S = 1e9"),
    "regular-files": Mutant("sandbox/pieces.py", "os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY", "os.O_RDONLY"),
    "descriptors": Mutant("sandbox/spawn.py", "os.closerange(_FIRST_INHERITED, _BEYOND_LAST)", "pass"),
    "only-files": Mutant("sandbox/pieces.py", "    require_regular(path, os.fstat(fd).st_mode)\n", ""),
    "one-file": Mutant("sandbox/client.py", "    return piece.file == first.file and ", "    return True or ", GATEWAY),
    "files-of-a-turn": Mutant("gateway/outgoing.py", "MOST_FILES = 10", "MOST_FILES = 10_000", GATEWAY),
    "size-of-a-file": Mutant("store/spool.py", "if size > most_bytes:", "if False:", GATEWAY),
    "names-sent": Mutant("gateway/outgoing.py", "self._redact(one_line(name))", "name", GATEWAY),
    "names-received": Mutant(
        "gateway/attachments.py", 'cleaned = _UNSAFE.sub("_", name).strip(" .-_") or "file"', "return name", GATEWAY
    ),
    "growing-files": Mutant(
        "sandbox/client.py", "(unchanged or piece.size_bytes > first.size_bytes)", "unchanged", GATEWAY
    ),
    "kinds-of-pictures": Mutant(
        "gateway/pictures.py", "kind = kind_of(bytes(content[:16]))", 'kind = "image/png"', GATEWAY
    ),
}


@click.command()
@click.option("--lab", "name", required=True, help="A lab with PicoClaw on it.")
@click.argument("control", type=click.Choice([*CONTROLS, *MUTANTS]))
def main(name: str, control: str) -> None:
    """Take CONTROL away from the containers of a lab."""
    stack = Stack(Lab.open(name))
    change, mutants = CONTROLS.get(control, Change()), [MUTANTS[control]] if control in MUTANTS else []
    container = mutants[0].container if mutants else SANDBOX
    spec = deployed(stack)[container]
    library = _mutated(stack, [SILENCED[container], *mutants])
    mount = f"--mount=type=bind,source={library},target={_LIBRARY},readonly"
    words = [*create_arguments(spec, change.drop, (mount, *change.add)), *change.arguments]
    stack.lab.ssh(f"docker rm -f {container}; docker create {_quoted(words)} && docker start {container}", check=True)
    stack.wait_ready()


def _quoted(words: Iterable[str]) -> str:
    """For the host's shell, which fills in what only the host knows."""
    return " ".join(f'"{word}"' if "$(" in word else shlex.quote(word) for word in words)


def _mutated(stack: Stack, mutants: Iterable[Mutant]) -> str:
    """A directory on the host with the package as it is here, so mutated: the gateway's image holds no sources."""
    place = stack.lab.places.root / _MUTANT.lstrip("/")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(REPOSITORY / "agent", place, ignore=shutil.ignore_patterns("__pycache__", "operator"))
    for mutant in mutants:
        code = (place / mutant.file).read_text(encoding="utf-8")
        if mutant.old not in code:
            raise click.ClickException(f"{mutant.file} has no {mutant.old!r} any more; choose another mutation")
        (place / mutant.file).write_text(code.replace(mutant.old, mutant.new), encoding="utf-8")
    stack.lab.ssh(f"chown -R 0:0 {_MUTANT} && chmod -R a+rX {_MUTANT}", check=True)
    return _MUTANT


if __name__ == "__main__":
    main()
