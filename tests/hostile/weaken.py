"""`python -m tests.hostile.weaken --lab NAME CONTROL`: makes a lab's sandbox anew without that control, by hand only.

Then run the battery with PICOCLAW_AS_IT_IS=1 and see which cases notice; `pyinfra inventory deploy.py` repairs it.
None of these gives a command root together with an unmasked /proc: /proc/sysrq-trigger and the clock are the real
machine's. Limits are widened, not removed, so that a bomb stays one.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable

import click

from roles.common.names import SANDBOX
from roles.containers.specs import sandbox
from tests.lab import Lab
from tests.stack import Stack

Words = list[str]
_LIBRARY = "/opt/picoclaw/agent"
_MUTANT = "/root/mutant"


def _with(*words: str) -> Callable[[Words], Words]:
    return lambda arguments: [*words, *arguments]


def _without(prefix: str, *instead: str) -> Callable[[Words], Words]:
    return lambda arguments: [*instead, *(word for word in arguments if not word.startswith(prefix))]


def _changed(old: str, new: str) -> Callable[[Words], Words]:
    return lambda arguments: [word.replace(old, new) for word in arguments]


CONTROLS: dict[str, Callable[[Words], Words]] = {
    "seccomp": _without("--security-opt=seccomp", "--security-opt=seccomp=unconfined"),
    "seccomp-of-docker": _without("--security-opt=seccomp"),
    "privileged": _with("--privileged"),
    # Root without a capability is not let in to the gateway's socket: the sandbox then does not serve at all.
    "capabilities": lambda words: _without("--user", "--user=0:0")(_without("--cap-drop")(words)),
    # Without it runc loads the filter before it changes the user, which that filter refuses: nothing starts.
    "no-new-privileges": lambda words: _without("--security-opt=seccomp")(
        _without("--security-opt=no-new-privileges")(words)
    ),
    "read-only": _without("--read-only"),
    "tmp": _changed("rw,noexec,nosuid,nodev,size=32m,nr_inodes=8k", "rw,exec,nosuid,nodev,size=64m"),
    "shm": _without("--tmpfs=/dev/shm", "--shm-size=100m"),
    "memory": _without("--memory", "--memory=300m", "--memory-swap=300m"),
    "pids": _without("--pids-limit", "--pids-limit=200"),
    "ulimits": _without("--ulimit", "--ulimit=core=-1:-1"),
    "network-host": _without("--network", "--network=host"),
    "network-bridge": _without("--network", "--network=picoclaw-net"),
    "network-gateway": lambda words: [
        word for word in _without("--network", "--network=container:picoclaw")(words) if "hostname" not in word
    ],
    "ipc": _without("--ipc", "--ipc=host"),
    "cgroupns": _without("--cgroupns", "--cgroupns=host"),
    "docker-socket": _with(
        "--mount=type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock", "--group-add=DOCKER"
    ),
    "config": _with("--mount=type=bind,source=/opt/stacks/picoclaw/config,target=/etc/picoclaw"),
    "state": _with("--mount=type=volume,source=picoclaw-state,target=/var/lib/picoclaw"),
    "socket": _changed("target=/run/sandbox,readonly", "target=/run/sandbox"),
    "environment": _with("--env=API_KEY=$(grep -o 'sk-or-[^\"]*' /opt/stacks/picoclaw/config/config.json)"),
}

# What the server does of its own accord, taken out of its code: file, what stands there, what stands there instead.
MUTANTS = {
    "not-dumpable": ("sandbox/limits.py", "libc.set_dumpable(False)", "libc.set_dumpable(True)"),
    "signals-of-children": ("sandbox/server.py", "code == libc.SI_USER and sender == 0", "True"),
    "time-limit": ("sandbox/jobs.py", "elif now >= job.deadline:", "elif now >= job.deadline + 100:"),
    "output-cut": ("sandbox/output.py", "del self._tail[:-OUTPUT_TAIL]", "pass"),
    "end-of-strays": ("sandbox/jobs.py", "if count is None or not self._end_strays():", "if count is None:"),
    "end-when-link-drops": ("sandbox/server.py", 'self._jobs.end_everything("")', "pass"),
    "end-when-crowded": (
        "sandbox/jobs.py",
        "if not self._by_id and self._overflowed() and self._orphans():",
        "if False:",
    ),
    "room-for-the-next": (
        "sandbox/jobs.py",
        "            self.end_everything(note)\n            job.notes",
        "            job.notes",
    ),
    "ceilings": ("sandbox/limits.py", "for which, ceiling in _CEILINGS:", "for which, ceiling in ():"),
    "drain": ("sandbox/jobs.py", "_DRAIN_S = 0.2", "_DRAIN_S = 1e9"),
    "regular-files": ("sandbox/files.py", "os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY", "os.O_RDONLY"),
    "descriptors": ("sandbox/spawn.py", "os.closerange(_FIRST_INHERITED, _BEYOND_LAST)", "pass"),
    "isolated-python": ("", "", ""),
}


@click.command()
@click.option("--lab", "name", required=True, help="A lab with PicoClaw on it.")
@click.argument("control", type=click.Choice([*CONTROLS, *MUTANTS]))
def main(name: str, control: str) -> None:
    """Take CONTROL away from the sandbox of a lab."""
    stack = Stack(Lab.open(name))
    tag = stack.inspect(SANDBOX)["Config"]["Image"].rpartition(":")[2]
    arguments = sandbox(tag).create_arguments()
    if control in CONTROLS:
        arguments = CONTROLS[control](arguments)
    elif control == "isolated-python":
        arguments = ["--entrypoint=/usr/bin/python3", *arguments, f"{_LIBRARY}/sandbox/__main__.py"]
    else:
        arguments = [_mutant(stack, *MUTANTS[control]), *arguments]
    group = stack.lab.ssh("getent group docker", check=True).stdout.split(":")[2]
    words = " ".join(word if "$(" in word else shlex.quote(word) for word in arguments).replace("DOCKER", group)
    stack.lab.ssh(f"docker rm -f {SANDBOX}; docker create {words} && docker start {SANDBOX}", check=True)
    stack.wait_ready()


def _mutant(stack: Stack, file: str, old: str, new: str) -> str:
    copy = (
        f"rm -rf {_MUTANT}; made=$(docker create $(docker inspect --format '{{{{.Config.Image}}}}' {SANDBOX})) && "
        f"docker cp $made:{_LIBRARY} {_MUTANT} && docker rm $made >/dev/null && cat {_MUTANT}/{file}"
    )
    code = stack.lab.ssh(copy, check=True).stdout
    if old not in code:
        raise click.ClickException(f"{file} has no {old!r} any more; choose another mutation")
    stack.lab.ssh(
        f"cat > {_MUTANT}/{file} && find {_MUTANT} -name __pycache__ -exec rm -r {{}} + && chmod -R a+rX {_MUTANT}",
        stdin=code.replace(old, new),
        check=True,
    )
    return f"--mount=type=bind,source={_MUTANT},target={_LIBRARY},readonly"


if __name__ == "__main__":
    main()
