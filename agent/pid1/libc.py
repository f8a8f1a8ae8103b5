"""The system calls that Python's standard library does not offer, through ctypes.

Signal numbers and prctl options are those of Linux on x86_64 and aarch64, where they are the same.
"""

import ctypes
import os

SIGINT, SIGKILL, SIGTERM, SIGCHLD, SIGCONT, SIGSTOP = 2, 9, 15, 17, 18, 19
SIGXFSZ = 25

SI_USER = 0

_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_SIG_IGN = 1
_SIG_BLOCK, _SIG_SETMASK = 0, 2
_BEYOND_LAST_SIGNAL = 65
_SIGSET_BYTES = 128
_SIGINFO_BYTES = 128

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(option: int, value: int, what: str) -> None:
    # The kernel reads five full words, and ctypes would pass 32-bit ones.
    words = [ctypes.c_ulong(word) for word in (value, 0, 0, 0)]
    _check(_libc.prctl(option, *words), what)


def set_dumpable(value: bool) -> None:
    """Whether processes of the same uid may read this one's memory, environment and descriptors."""
    _prctl(_PR_SET_DUMPABLE, int(value), "PR_SET_DUMPABLE")


def set_subreaper() -> None:
    """Orphans among this process's descendants become its children; kept across exec."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1, "PR_SET_CHILD_SUBREAPER")


def set_no_new_privs() -> None:
    """No exec of this process or its descendants may gain privileges."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1, "PR_SET_NO_NEW_PRIVS")


def _sigset(signals: tuple[int, ...]) -> bytes:
    bits = sum(1 << (number - 1) for number in signals)
    return bits.to_bytes(_SIGSET_BYTES, "little")


def signal_fd(signals: tuple[int, ...]) -> int:
    """Block `signals` and return a non-blocking descriptor that delivers them."""
    _check(_libc.sigprocmask(_SIG_BLOCK, _sigset(signals), None), "sigprocmask")
    return _check(_libc.signalfd(-1, _sigset(signals), os.O_NONBLOCK | os.O_CLOEXEC), "signalfd")


def read_signals(fd: int) -> list[tuple[int, int, int]]:
    """The signals waiting on `fd` as (number, si_code, si_pid)."""
    try:
        data = os.read(fd, 16 * _SIGINFO_BYTES)
    except BlockingIOError:
        return []
    starts = range(0, len(data), _SIGINFO_BYTES)
    return [(_int32(data, start), _int32(data, start + 8), _int32(data, start + 12)) for start in starts]


def _int32(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 4], "little", signed=True)


def unblock_signals() -> None:
    """Undo `signal_fd` in a forked child."""
    _check(_libc.sigprocmask(_SIG_SETMASK, _sigset(()), None), "sigprocmask")


def default_signals() -> None:
    """Give every signal its default action back: Python ignores some, and whoever started the server may others."""
    for number in range(1, _BEYOND_LAST_SIGNAL):
        _libc.signal(number, None)  # SIGKILL, SIGSTOP and the two that glibc keeps to itself refuse


def ignore_signal(number: int) -> None:
    """Ignore a signal, programs that are executed later included."""
    _libc.signal(number, ctypes.c_void_p(_SIG_IGN))


def return_free_memory() -> None:
    """Give freed heap pages back to the kernel: a frame of megabytes would leave them resident."""
    _libc.malloc_trim(0)
