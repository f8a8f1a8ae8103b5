"""Forking a child that can do no harm to the server: own session, no inherited descriptor, ceilings, clean signals."""

import os

from agent.pid1 import libc
from agent.sandbox.limits import confine_child, prefer_for_oom_kill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# What a shell reports for a command that could not be started.
CANNOT_START = 126
_FIRST_INHERITED = 3
# Not the soft limit, which a hostile child can lower from outside below a descriptor that is open.
_BEYOND_LAST = 4096


def spawn(work: "Callable[[], None]", memory_limit: int | None, *, may_write: bool) -> tuple[int, int]:
    """Run `work` in a forked child; the child's pid and the reading end of what it writes to stdout and stderr.

    `may_write`: see `confine_child`.
    Raises OSError when the kernel allows no further process.
    """
    reading, writing = os.pipe()
    try:
        pid = os.fork()
        if pid == 0:
            _child(work, writing, memory_limit, may_write)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    os.set_blocking(reading, False)
    return pid, reading


def _child(work: "Callable[[], None]", writing: int, memory_limit: int | None, may_write: bool) -> None:
    """Never returns: an exception that reached the server's loop would make a second server of the child."""
    code = CANNOT_START
    try:
        os.setsid()
        _only_standard_descriptors(writing)
        libc.unblock_signals()
        confine_child(memory_limit, may_write=may_write)
        work()
        code = 0
    except BaseException as error:  # noqa: BLE001 - see above
        os.write(2, f"picoclaw: {describe(error)}\n".encode("utf-8", "replace"))
    finally:
        os._exit(code)


def _only_standard_descriptors(writing: int) -> None:
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(writing, 1)
    os.dup2(writing, 2)
    # The connection to the gateway and the health socket are among these.
    os.closerange(_FIRST_INHERITED, _BEYOND_LAST)


def describe(error: BaseException) -> str:
    """One line for whoever asked for the work."""
    if isinstance(error, OSError) and error.strerror:
        name = error.filename if isinstance(error.filename, str) else ""
        return f"{name}: {error.strerror}" if name else error.strerror
    return f"{type(error).__name__}: {error}"


def enter(workspace: str) -> None:
    """Go into the workspace, which a command may have closed to its own owner."""
    try:
        os.chdir(workspace)
    except PermissionError:
        os.chmod(workspace, 0o700)  # noqa: PTH101 - pathlib costs 1 MB
        os.chdir(workspace)


def become_shell(command: str, cwd: str, home: str, more: "dict[str, str]", *, may_write: bool) -> None:
    """Replace the forked child by bash running `command`; raises OSError when `cwd` cannot be entered.

    `more` comes on top of its environment.
    """
    enter(home)
    os.chdir(cwd)
    libc.set_subreaper()
    libc.default_signals()
    if not may_write:
        libc.ignore_signal(libc.SIGXFSZ)  # a program then reads "File too large" instead of being killed
    prefer_for_oom_kill()
    os.execve("/bin/bash", ["bash", "-c", command], _environment(home) | more)  # noqa: S606 - a shell is the job


def _environment(home: str) -> dict[str, str]:
    return {
        "HOME": home,
        "LANG": "C.UTF-8",
        "LOGNAME": "picoclaw",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SHELL": "/bin/bash",
        "TERM": "dumb",
        "USER": "picoclaw",
    }
