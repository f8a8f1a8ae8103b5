"""What is expected of a container, one row for each control. Nothing here touches the kernel."""

from agent.confinement.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Outcome = tuple[str, str, bool]  # expected, seen, whether that is well

MEBIBYTE = 1024 * 1024
UID = "1000"
_PIDS, _TMP, _SHM = 64, 32 * MEBIBYTE, 8 * MEBIBYTE
# Values are written in signs that need no translation.
_NONE, _UNLIMITED = "–", "∞"
_CAPABILITIES = ("CapBnd", "CapPrm", "CapEff", "CapInh", "CapAmb")
# Docker's own, in every container: tmpfs and pseudo file systems in which uid 1000 owns nothing, and devices of /dev.
_DOCKERS = ("/proc", "/dev", "/dev/pts", "/dev/mqueue", "/dev/shm", "/sys/fs/cgroup", "/tmp")  # noqa: S108
# fmt: off
_DEVICES = frozenset((
    "console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout",
    "tty", "urandom", "zero",
))
# The kernel puts these, down, into every network namespace once their module is loaded on the host.
_FALLBACK_TUNNELS = frozenset((
    "erspan0", "gre0", "gretap0", "ip6_vti0", "ip6gre0", "ip6tnl0", "ip_vti0", "sit0", "tunl0",
))
# fmt: on


class Role:
    """What a container has that the others have not; `volume` is where its data lie, mounted with `options`."""

    __slots__ = ("interfaces", "memory", "options", "read_only", "volume", "writable")

    def __init__(  # noqa: PLR0913, PLR0917 - a table's columns
        self,
        volume: str,
        options: tuple[str, ...],
        writable: tuple[str, ...],
        read_only: tuple[str, ...],
        interfaces: tuple[str, ...],
        memory: int = 128 * MEBIBYTE,
    ) -> None:
        self.memory = memory
        self.volume = volume
        self.options = options
        self.writable = frozenset((volume, *writable))
        self.read_only = read_only
        self.interfaces = frozenset(interfaces)


ROLES = {
    # Its socket for picoclaw-llm is there only with that one.
    "gateway": Role(
        "/var/lib/picoclaw",
        ("nosuid", "nodev", "noexec"),
        ("/run/sandbox", "/run/egress"),
        ("/etc/picoclaw",),
        ("lo", "eth0"),
    ),
    "sandbox": Role("/workspace", ("nosuid", "nodev"), (), ("/run/sandbox",), ("lo",)),
    "llm": Role("/run/llm", ("nosuid", "nodev", "noexec"), (), ("/run/egress",), ("lo",), 256 * MEBIBYTE),
}


class Row:
    """A control, what is expected and what was seen."""

    __slots__ = ("expected", "id", "ok", "seen")

    def __init__(self, control: str, expected: str, seen: str, ok: bool) -> None:
        self.id = control
        self.expected = expected
        self.seen = seen
        self.ok = ok


def rows(view: View, role: Role) -> list[Row]:
    """Every control, in the order of the README's table."""
    checks = _CHECKS if len(role.interfaces) == 1 else {**_CHECKS, "firewall": _firewall}
    return [Row(control, *check(view, role)) for control, check in checks.items()]


def problem(found: list[Row]) -> str:
    """One sentence that names what is missing; empty when nothing is."""
    missing = [f"{row.id} (expected {row.expected}, found {row.seen})" for row in found if not row.ok]
    if not missing:
        return ""
    return (
        f"this container is confined more weakly than it should be, so it does not serve: {'; '.join(missing)}. "
        "Run the deploy again, which makes the container anew as it should be"
    )


def _read_only(view: View, role: Role) -> "Outcome":
    points = ("/", *role.read_only)
    loose = [point for point in points if (m := view.mounts.get(point)) is None or "ro" not in m.options]
    expected = f"{', '.join(points)}: ro"
    return expected, f"{', '.join(loose)}: rw" if loose else expected, not loose


def _writable(view: View, role: Role) -> "Outcome":
    found = {
        point
        for point, mount in view.mounts.items()
        if "rw" in mount.options and point not in _DOCKERS and not point.startswith("/proc/") and point != "/"
    }
    return ", ".join(sorted(role.writable)), ", ".join(sorted(found)) or _NONE, found <= role.writable


def _volume(view: View, role: Role) -> "Outcome":
    mount = view.mounts.get(role.volume)
    there = [option for option in role.options if mount is not None and option in mount.options]
    return (
        f"{role.volume}: {', '.join(role.options)}",
        f"{role.volume}: {', '.join(there) or _NONE}",
        len(there) == len(role.options),
    )


def _capabilities(view: View, _: Role) -> "Outcome":
    held = {name: int(view.status.get(name, "f"), 16) for name in _CAPABILITIES}
    seen = ", ".join(f"{name} {value:x}" for name, value in held.items() if value)
    return _NONE, seen or _NONE, not seen


def _no_new_privileges(view: View, _: Role) -> "Outcome":
    seen = view.status.get("NoNewPrivs", "?")
    return "1", seen, seen == "1"


def _seccomp(view: View, _: Role) -> "Outcome":
    # The mode alone proves nothing in LXC, which filters everything; the probe is refused by this project's profiles.
    seen = f"{view.status.get('Seccomp', '?')}, memfd_create {view.probe}"
    return "2, memfd_create EPERM", seen, seen == "2, memfd_create EPERM"


def _user(view: View, _: Role) -> "Outcome":
    ids = {*view.status.get("Uid", "?").split(), *view.status.get("Gid", "?").split()}
    ids |= set(view.status.get("Groups", "").split())
    return UID, " ".join(sorted(ids)), ids == {UID}


def _memory(view: View, role: Role) -> "Outcome":
    return _at_most(role.memory, view.memory, MEBIBYTE, " MB")


def _swap(view: View, _: Role) -> "Outcome":
    if not view.swap_counted:  # nor can anybody limit it then: cgroup v1 without `swapaccount`
        return "≤ 0 MB", "?", True
    return _at_most(0, view.swap, MEBIBYTE, " MB")


def _cpu(view: View, _: Role) -> "Outcome":
    if view.cpu_quota is None or not view.cpu_period:
        return "≤ 1", _UNLIMITED, False
    cpus = view.cpu_quota / view.cpu_period
    return "≤ 1", f"{cpus:g}", cpus <= 1


def _pids(view: View, _: Role) -> "Outcome":
    return _at_most(_PIDS, view.pids, 1, "")


def _at_most(wanted: int, seen: int | None, unit: int, name: str) -> "Outcome":
    text = _UNLIMITED if seen is None else f"{seen // unit}{name}"
    return f"≤ {wanted // unit}{name}", text, seen is not None and seen <= wanted


def _tmp(view: View, _: Role) -> "Outcome":
    return _memory_disk(view, "/tmp", _TMP)  # noqa: S108


def _shm(view: View, _: Role) -> "Outcome":
    return _memory_disk(view, "/dev/shm", _SHM)  # noqa: S108


def _memory_disk(view: View, point: str, most: int) -> "Outcome":
    """A tmpfs from which nothing runs, and whose size is limited."""
    wanted = ("noexec", "nosuid", "nodev")
    expected = f"{', '.join(wanted)}, ≤ {most // MEBIBYTE} MB"
    mount = view.mounts.get(point)
    if mount is None or mount.kind != "tmpfs":
        return expected, mount.kind if mount else _NONE, False
    there = [option for option in wanted if option in mount.options]
    size = _kibibytes(mount.super_options)
    seen = [*there, _UNLIMITED if size is None else f"{size // 1024} MB"]
    return expected, ", ".join(seen), len(there) == len(wanted) and size is not None and size * 1024 <= most


def _kibibytes(super_options: frozenset[str]) -> int | None:
    """The kernel writes a tmpfs's size in KiB: `size=8192k`."""
    sizes = [option[5:-1] for option in super_options if option.startswith("size=") and option.endswith("k")]
    return int(sizes[0]) if sizes and sizes[0].isdigit() else None


def _core_dumps(view: View, _: Role) -> "Outcome":
    line = next((line for line in view.limits.splitlines() if line.startswith("Max core file size")), "")
    words = line.split()[4:6]
    return "0", words[1] if len(words) > 1 else "?", words == ["0", "0"]


def _namespaces(view: View, _: Role) -> "Outcome":
    # Process 1 here is this container's own; with --pid=host it is the host's, which is root's.
    ids = set(view.first.get("Uid", "?").split())
    return f"/proc/1: uid {UID}", f"/proc/1: uid {' '.join(sorted(ids))}", ids == {UID}


def _kernel_files(view: View, _: Role) -> "Outcome":
    points = ("/proc/sys", "/sys")
    loose = [point for point in points if (m := view.mounts.get(point)) is None or "ro" not in m.options]
    # Which of these there are differs between kernels; `systempaths=unconfined` and `--privileged` uncover them all.
    if not any(point in view.mounts for point in ("/proc/kcore", "/proc/keys", "/proc/timer_list")):
        loose.append("/proc/kcore")
    return "/proc/sys, /sys: ro", f"{', '.join(loose)}: rw" if loose else "/proc/sys, /sys: ro", not loose


def _devices(view: View, _: Role) -> "Outcome":
    more = sorted(view.devices - _DEVICES)
    return "null, zero, tty …", ", ".join(more) or "null, zero, tty …", not more


def _docker_socket(view: View, _: Role) -> "Outcome":
    return _NONE, ", ".join(view.sockets) or _NONE, not view.sockets


def _network(view: View, role: Role) -> "Outcome":
    found = view.interfaces - _FALLBACK_TUNNELS
    return ", ".join(sorted(role.interfaces)), ", ".join(sorted(found)) or _NONE, found <= role.interfaces


def _firewall(view: View, _: Role) -> "Outcome":
    # Loaded before Docker starts; but somebody may have flushed it since, or it may not have loaded. Then the host's
    # own kernel answers.
    seen = view.host_answer or _NONE
    return "EHOSTUNREACH", seen, seen not in ("ECONNREFUSED", "connected")


_CHECKS: "dict[str, Callable[[View, Role], Outcome]]" = {
    "read-only": _read_only,
    "writable": _writable,
    "volume": _volume,
    "capabilities": _capabilities,
    "no-new-privileges": _no_new_privileges,
    "seccomp": _seccomp,
    "user": _user,
    "memory": _memory,
    "swap": _swap,
    "cpu": _cpu,
    "pids": _pids,
    "docker-socket": _docker_socket,
    "network": _network,
    "tmp": _tmp,
    "shm": _shm,
    "core-dumps": _core_dumps,
    "namespaces": _namespaces,
    "kernel-files": _kernel_files,
    "devices": _devices,
}
