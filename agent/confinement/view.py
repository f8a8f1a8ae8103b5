"""What the kernel tells a container about itself, read once."""

# pathlib would cost the idle sandbox 1 MB, were it imported by it.
# ruff: noqa: PTH110, PTH123, PTH208

import _socket
import errno
import os

from agent import cgroup

_MFD_CLOEXEC = 1
_DISCARD, _PATIENCE_S = 9, 1.0
# Anything below these would hand the host to the container.
_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock")


class Mount:
    """A line of mountinfo: `options` are those of the mount and of its super block, the latter only where it is new."""

    __slots__ = ("kind", "options", "point", "super_options")

    def __init__(self, line: str) -> None:
        left, _, right = line.partition(" - ")
        fields, (kind, _, super_options) = left.split(" "), right.split(" ", 2)
        self.point = fields[4]
        self.options = frozenset(fields[5].split(","))
        self.kind = kind
        self.super_options = frozenset(super_options.split(","))


class View:
    """Everything that the checks look at."""

    def __init__(self) -> None:
        #: /proc/self/status and /proc/1/status by field; the latter empty when it cannot be read
        self.status = fields(_read("/proc/self/status"))
        self.first = fields(_read("/proc/1/status"))
        #: by mount point; of several at one point the last, which covers the others
        self.mounts = mounts(_read("/proc/self/mountinfo"))
        self.interfaces = interfaces(_read("/proc/net/dev"))
        self.limits = _read("/proc/self/limits")
        self.devices = frozenset(os.listdir("/dev"))
        self.sockets = [path for path in _SOCKETS if os.path.exists(path)]
        #: the answer to a call that Docker's own seccomp profile allows and this project's do not
        self.probe = _probe()
        #: the host's answer on the bridge; "" where there is no way to it
        self.host_answer = _ask_host()
        #: bytes; None where there is no limit. `swap` is what may be used beyond `memory`
        self.memory = cgroup.number(cgroup.read("memory", "memory.limit_in_bytes", "memory.max"))
        self.swap_counted, self.swap = _swap_on_top(self.memory)
        self.pids = cgroup.number(cgroup.read("pids", "pids.max", "pids.max"))
        #: microseconds
        self.cpu_quota, self.cpu_period = _cpu()


def fields(status: str) -> dict[str, str]:
    """`Name:<tab>value` lines by name."""
    return dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)


def mounts(mountinfo: str) -> dict[str, Mount]:
    """The mounts by mount point."""
    found = (Mount(line) for line in mountinfo.splitlines())
    return {mount.point: mount for mount in found}


def interfaces(dev: str) -> frozenset[str]:
    """The names in /proc/net/dev."""
    return frozenset(line.split(":")[0].strip() for line in dev.splitlines() if ":" in line)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _probe() -> str:
    try:
        os.close(os.memfd_create("picoclaw-confinement", _MFD_CLOEXEC))
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error.errno))
    return "allowed"


def gateway_address(route: str) -> str:
    """The address of the default route in /proc/net/route, whose words are little-endian; empty when there is none."""
    for line in route.splitlines()[1:]:
        words = line.split()
        if words[1] == "00000000" and words[2] != "00000000":
            return ".".join(str(byte) for byte in reversed(bytes.fromhex(words[2])))
    return ""


def _ask_host() -> str:
    """A port that nobody serves: the firewall's refusal is another than the kernel's own (ECONNREFUSED)."""
    address = gateway_address(_read("/proc/net/route"))
    if not address:
        return ""
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    connection.settimeout(_PATIENCE_S)
    try:
        code = connection.connect_ex((address, _DISCARD))
    except TimeoutError:
        return "ETIMEDOUT"
    finally:
        connection.close()
    return errno.errorcode.get(code, str(code)) if code else "connected"


def _swap_on_top(memory: int | None) -> tuple[bool, int | None]:
    beyond = cgroup.read("memory", "", "memory.swap.max")
    both = cgroup.read("memory", "memory.memsw.limit_in_bytes", "")
    total = cgroup.number(both)
    if beyond or total is None or memory is None:
        return bool(beyond or both), cgroup.number(beyond)
    return True, total - memory


def _cpu() -> tuple[int | None, int | None]:
    quota, _, period = cgroup.read("cpu", "cpu.cfs_quota_us", "cpu.max").partition(" ")
    return cgroup.number(quota), cgroup.number(period or cgroup.read("cpu", "cpu.cfs_period_us", ""))
