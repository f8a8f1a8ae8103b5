"""Every way in which a container made by hand can lack or exceed the specification, and by what name it must be told.

`record.py` makes each of them on a real Docker and keeps what `docker inspect` said; the tests read that.
"""

from __future__ import annotations

from dataclasses import dataclass

from roles.common.spec import ContainerSpec, Mount

NAME = "picoclaw-recorded"
NETWORK = "picoclaw-recorded"
IMAGE = "picoclaw-recorded:latest"
CONFIG = "/opt/picoclaw-recorded"
SECCOMP_PATH = f"{CONFIG}/seccomp.json"
OTHER_SECCOMP_PATH = f"{CONFIG}/other-seccomp.json"
SECCOMP = '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["vmsplice"], "action": "SCMP_ACT_ERRNO"}]}'
OTHER_SECCOMP = '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}'
# The volume is the container's only writable place besides /tmp; another container has it for `--volumes-from`.
VOLUME = "picoclaw-recorded"
NEIGHBOUR = "picoclaw-recorded-neighbour"

SPEC = ContainerSpec(
    name=NAME,
    image=IMAGE,
    seccomp_path=SECCOMP_PATH,
    seccomp=SECCOMP,
    network=NETWORK,
    mounts=(
        Mount("bind", CONFIG, "/etc/picoclaw", read_only=True),
        Mount("volume", VOLUME, "/var/lib/picoclaw", read_only=False),
    ),
    tmpfs=(("/tmp", "rw,noexec,nosuid,nodev,size=16m"),),
    extra_hosts=("model.example:192.0.2.7",),
)


@dataclass(frozen=True)
class Mutation:
    """Create the container without the options that begin with `drop`, with `add`, and expect `named` as the drift."""

    named: tuple[str, ...]
    drop: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What is done, in short."""
        words = [f"no {option}" for option in self.drop] + [*self.add, *self.command]
        return " ".join(words)

    def arguments(self) -> list[str]:
        """The words after `docker create`."""
        *options, image = SPEC.create_arguments()
        kept = [option for option in options if not option.startswith(self.drop)] if self.drop else options
        return [*kept, *self.add, image, *self.command]


_MOUNT = "--mount=type=volume"

MUTATIONS = (
    Mutation(("spec",), drop=("--label=picoclaw.spec",)),
    Mutation(("spec",), add=("--label=picoclaw.spec=0123",)),
    Mutation(("read-only",), drop=("--read-only",)),
    Mutation(("cap-drop",), drop=("--cap-drop",)),
    Mutation(("cap-add",), add=("--cap-add=NET_RAW",)),
    Mutation(("no-new-privileges",), drop=("--security-opt=no-new",)),
    Mutation(("seccomp",), drop=("--security-opt=seccomp",)),
    Mutation(("seccomp",), drop=("--security-opt=seccomp",), add=("--security-opt=seccomp=unconfined",)),
    Mutation(("seccomp",), drop=("--security-opt=seccomp",), add=(f"--security-opt=seccomp={OTHER_SECCOMP_PATH}",)),
    Mutation(("security-opt",), add=("--security-opt=apparmor=unconfined",)),
    Mutation(("masked-paths", "read-only-paths"), add=("--security-opt=systempaths=unconfined",)),
    # Docker puts label=disable into SecurityOpt by itself where a container shares something with the host.
    Mutation(("privileged", "security-opt", "masked-paths", "read-only-paths"), add=("--privileged",)),
    Mutation(("user",), drop=("--user",), add=("--user=0",)),
    Mutation(("user",), drop=("--user",)),
    Mutation(("group-add",), add=("--group-add=0",)),
    Mutation(("memory", "memory-swap"), drop=("--memory",)),
    Mutation(("memory-swap",), drop=("--memory-swap",)),
    Mutation(("memory-swap",), drop=("--memory-swap",), add=("--memory-swap=-1",)),
    Mutation(("cpus",), drop=("--cpus",)),
    Mutation(("cpus", "cpu-period", "cpu-quota"), drop=("--cpus",), add=("--cpu-period=50000", "--cpu-quota=100000")),
    Mutation(("cpuset",), add=("--cpuset-cpus=0",)),
    Mutation(("pids-limit",), drop=("--pids-limit",)),
    Mutation(("ulimits",), drop=("--ulimit",)),
    Mutation(("ulimits",), drop=("--ulimit=core",)),
    Mutation(("oom-kill-disable",), add=("--oom-kill-disable",)),
    Mutation(("oom-score-adj",), add=("--oom-score-adj=-500",)),
    Mutation(("cgroup-parent",), add=("--cgroup-parent=/other",)),
    Mutation(("cgroupns",), drop=("--cgroupns",), add=("--cgroupns=host",)),
    Mutation(("pid", "security-opt"), add=("--pid=host",)),
    Mutation(("ipc", "security-opt"), drop=("--ipc",), add=("--ipc=host",)),
    Mutation(("uts", "hostname"), drop=("--hostname",), add=("--uts=host",)),
    Mutation(("hostname",), drop=("--hostname",), add=("--hostname=other",)),
    Mutation(("userns",), add=("--userns=host",)),
    Mutation(("network", "networks", "network-id"), drop=("--network",), add=("--network=host",)),
    Mutation(("network", "networks", "network-id"), drop=("--network",)),
    Mutation(("publish",), add=("--publish=127.0.0.1:18790:18790",)),
    Mutation(("publish-all",), add=("--publish-all",)),
    Mutation(("add-host",), add=("--add-host=other.example:192.0.2.8",)),
    Mutation(("dns",), add=("--dns=192.0.2.53",)),
    Mutation(("mounts",), drop=(_MOUNT,)),
    Mutation(("mounts",), drop=(_MOUNT,), add=(f"{_MOUNT},source={VOLUME},target=/var/lib/picoclaw,readonly",)),
    Mutation(("mounts",), add=("--volume=/run/docker.sock:/run/docker.sock",)),
    Mutation(("mounts",), add=("--volume=/anonymous",)),
    Mutation(
        ("mounts",),
        drop=("--mount=type=bind",),
        add=(f"--mount=type=bind,source={CONFIG},target=/etc/picoclaw,readonly,bind-propagation=rshared",),
    ),
    Mutation(("mounts", "volumes-from"), add=(f"--volumes-from={NEIGHBOUR}",)),
    Mutation(("tmpfs",), drop=("--tmpfs",)),
    Mutation(("tmpfs",), drop=("--tmpfs",), add=("--tmpfs=/tmp:rw,nosuid,nodev,size=16m",)),
    Mutation(("tmpfs",), add=("--tmpfs=/run",)),
    Mutation(("devices",), add=("--device=/dev/null",)),
    Mutation(("device-cgroup-rules",), add=("--device-cgroup-rule=c 1:3 rwm",)),
    Mutation(("sysctls",), add=("--sysctl=net.ipv4.ip_forward=1",)),
    Mutation(("restart",), drop=("--restart",)),
    Mutation(("log",), drop=("--log-opt=max-size",)),
    Mutation(("log",), drop=("--log-",), add=("--log-driver=none",)),
    Mutation(("env",), add=("--env=AWS_SECRET_ACCESS_KEY=do-not-show-me",)),
    Mutation(("entrypoint", "command"), add=("--entrypoint=/bin/sleep",)),
    Mutation(("command",), command=("--other",)),
    Mutation(("workdir",), add=("--workdir=/tmp",)),
    Mutation(("healthcheck",), add=("--no-healthcheck",)),
    Mutation(("healthcheck",), add=("--health-cmd=/bin/true",)),
    Mutation(("stop-signal",), add=("--stop-signal=SIGUSR1",)),
    Mutation(("tty",), add=("--tty",)),
    Mutation(("interactive",), add=("--interactive",)),
    Mutation(("init",), add=("--init",)),
)
