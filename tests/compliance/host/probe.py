"""Runs inside a container, by `docker exec`: tries what must be refused, and prints as JSON what the kernel answered.

It imports nothing of this repository, changes nothing that lasts, and waits for its standard input to close, so
that it can be looked at from outside meanwhile. Arguments: addresses to try (lines `address port`), the host's own
addresses, a port on which the host listens, and the name of a device file in the workspace.
"""

# A program for a bare interpreter, about what the kernel answers.
# ruff: noqa: PTH108, PTH112, PTH116, PTH118, PTH123, PTH208, S606

import ctypes
import errno
import json
import os
import resource
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable

DONE = "done"
PATIENCE = 1.0  # seconds; an address that does not answer is as good as refused

NUMBERS = {  # system calls by name: x86_64, aarch64
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "userfaultfd": (323, 282),
    "mount": (165, 40),
    "umount2": (166, 39),
    "fsopen": (430, 430),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "pivot_root": (155, 41),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "open_by_handle_at": (304, 265),
    "setns": (308, 268),
    "clone3": (435, 435),
    "unshare": (272, 97),
}
CLONE_NEWUSER = 0x10000000
FAMILIES = {"AF_NETLINK": (16, 3), "AF_PACKET": (17, 3), "AF_ALG": (38, 5), "AF_VSOCK": (40, 1)}
SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock")


def name(number: int | None) -> str:
    """The error's name."""
    return errno.errorcode.get(number or 0, str(number))


def attempt(action: Callable[[], object]) -> str:
    """`done`, or the name of the error."""
    try:
        action()
    except OSError as error:
        return name(error.errno)
    except ValueError:  # what `resource` makes of EPERM
        return "EPERM"
    return DONE


def write(directory: str) -> str:
    """Make a file in a directory, and take it away again."""
    path = os.path.join(directory, f".picoclaw-verify-{os.getpid()}")

    def make() -> None:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
        os.unlink(path)

    return attempt(make)


def execute(directory: str) -> str:
    """Run a file that is no program: where that may be run at all, the kernel answers ENOEXEC."""
    path = os.path.join(directory, f".picoclaw-verify-{os.getpid()}")
    try:
        file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o700)
        os.write(file, b"\0not a program")
        os.close(file)
        return attempt(lambda: os.execv(path, [path]))
    except OSError as error:
        return f"not written: {name(error.errno)}"
    finally:
        attempt(lambda: os.unlink(path))


def mount_points() -> list[str]:
    """The directories on which something is mounted."""
    with open("/proc/self/mounts", encoding="utf-8") as file:
        points = {line.split(" ")[1] for line in file}
    return sorted(point for point in points if os.path.isdir(point))


def new_namespace() -> str:
    """Make a user namespace; beside a second thread, which the kernel refuses by EINVAL where no filter does before."""
    end = threading.Event()
    beside = threading.Thread(target=end.wait)
    beside.start()
    try:
        return system_call("unshare")
    finally:
        end.set()
        beside.join()


def system_call(call: str) -> str:
    """What the kernel answers to a call with arguments that could do no harm if it were allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = NUMBERS[call][os.uname().machine == "aarch64"]
    arguments = (CLONE_NEWUSER,) if call == "unshare" else (-1, 0, 0, 0, 0, 0)
    ctypes.set_errno(0)
    answer = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    return DONE if answer != -1 else name(ctypes.get_errno())


def no_new_privileges() -> int:
    """The flag, after an attempt to switch it off."""
    libc = ctypes.CDLL(None)
    libc.prctl(38, 0, 0, 0, 0)
    return int(libc.prctl(39, 0, 0, 0, 0))


def connect(targets: list[tuple[str, int]]) -> dict[str, str]:
    """Open TCP connections to all of them at once; nothing is sent."""
    answers, waiting = {}, selectors.DefaultSelector()
    for address, port in targets:
        label = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            connection = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            answers[label] = name(error.errno)
            continue
        connection.setblocking(False)
        error_number = connection.connect_ex((address, port))
        if error_number == errno.EINPROGRESS:
            answers[label] = "no answer"
            waiting.register(connection, selectors.EVENT_WRITE, label)
        else:
            answers[label] = name(error_number) if error_number else "connected"
            connection.close()
    deadline = time.monotonic() + PATIENCE
    while waiting.get_map() and (left := deadline - time.monotonic()) > 0:
        for key, _ in waiting.select(left):
            found = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # type: ignore[union-attr]
            answers[key.data] = name(found) if found else "connected"
            waiting.unregister(key.fileobj)
    return answers


def size(path: str) -> int:
    """Bytes that a file system holds at most."""
    found = os.statvfs(path)
    return found.f_blocks * found.f_frsize


def readable(path: str) -> str:
    """Whether a kernel file that is to be masked gives anything away."""
    try:
        if os.path.isdir(path):
            return "readable" if os.listdir(path) else "empty"
        with open(path, "rb") as file:
            return "readable" if file.read(1) else "empty"
    except OSError as error:
        return name(error.errno)


def main(tried: str, own: str, port: str, device: str) -> None:
    """Try everything; the last of it is what could change this process."""
    targets = [(address, int(number)) for address, number in (line.split() for line in tried.splitlines() if line)]
    core = resource.getrlimit(resource.RLIMIT_CORE)[1]
    found = {
        "pid": os.getpid(),
        "visible": sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit()),
        "hostname": socket.gethostname(),
        "write": {path: write(path) for path in ("/", "/usr/bin", "/etc")},
        "writable": [path for path in mount_points() if write(path) == DONE],
        "execute": {path: execute(path) for path in ("/tmp", "/dev/shm")},
        "size": {path: size(path) for path in ("/tmp", "/dev/shm")},
        "sockets": {path: attempt(lambda path=path: os.stat(path)) for path in SOCKETS},  # type: ignore[misc]
        "config": attempt(lambda: os.stat("/etc/picoclaw/config.json")),
        "device": attempt(lambda: os.close(os.open(f"/workspace/{device}", os.O_RDONLY))),
        "devices": sorted(os.listdir("/dev")),
        "kernel": {path: readable(path) for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware")},
        "proc-sys": attempt(lambda: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))),
        "connect": connect([*targets, *((address, int(port)) for address in own.split())]),
        "core": attempt(lambda: resource.setrlimit(resource.RLIMIT_CORE, (core, core + 1 if core >= 0 else core))),
        "capabilities": {
            "chown": attempt(lambda: os.chown("/tmp", 0, 0)),
            "mknod": attempt(lambda: os.mknod(f"/tmp/.picoclaw-verify-{os.getpid()}", 0o20600, os.makedev(1, 3))),
            "chroot": attempt(lambda: os.chroot("/tmp")),
        },
        "root": {
            "setuid": attempt(lambda: os.setresuid(0, 0, 0)),
            "setgid": attempt(lambda: os.setresgid(0, 0, 0)),
        },
        "no-new-privileges": no_new_privileges(),
        "families": {
            family: attempt(lambda numbers=numbers: socket.socket(*numbers).close())  # type: ignore[misc]
            for family, numbers in FAMILIES.items()
        },
        "calls": {call: new_namespace() if call == "unshare" else system_call(call) for call in NUMBERS},
    }
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:5])
    sys.stdin.read()
