"""What a hostile Python program in the sandbox starts with: ways to try a thing and say how it went."""

from __future__ import annotations

PRELUDE = r'''
import ctypes, errno, os, platform, signal, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
COLUMN = 0 if platform.machine() == "x86_64" else 1
NUMBERS = dict(
    acct=(163, 89), add_key=(248, 217), bpf=(321, 280), chroot=(161, 51), clock_settime=(227, 112), clone=(56, 220),
    clone3=(435, 435), delete_module=(176, 106), execveat=(322, 281), fanotify_init=(300, 262), finit_module=(313, 273),
    fsopen=(430, 430), init_module=(175, 105), io_setup=(206, 0), io_uring_setup=(425, 425), kcmp=(312, 272),
    kexec_load=(246, 104), keyctl=(250, 219), landlock_create_ruleset=(444, 444), lookup_dcookie=(212, 18),
    mbind=(237, 235), memfd_create=(319, 279), memfd_secret=(447, 447), mount=(165, 40), mount_setattr=(442, 442),
    move_mount=(429, 429), move_pages=(279, 239), name_to_handle_at=(303, 264), open_by_handle_at=(304, 265),
    open_tree=(428, 428), perf_event_open=(298, 241), personality=(135, 92), pidfd_getfd=(438, 438),
    pidfd_open=(434, 434), pivot_root=(155, 41), prlimit64=(302, 261), process_madvise=(440, 440),
    process_vm_readv=(310, 270), process_vm_writev=(311, 271), ptrace=(101, 117), quotactl=(179, 60),
    reboot=(169, 142), request_key=(249, 218), seccomp=(317, 277), sched_setattr=(314, 274),
    sched_setscheduler=(144, 119), setdomainname=(171, 162), setgid=(106, 144), setgroups=(116, 159),
    sethostname=(170, 161), setns=(308, 268), setpriority=(141, 140), setresuid=(117, 147), settimeofday=(164, 170),
    setuid=(105, 146), shmget=(29, 194), swapoff=(168, 225), swapon=(167, 224), syslog=(103, 116), umount2=(166, 39),
    unshare=(272, 97), userfaultfd=(323, 282), vhangup=(153, 58), vmsplice=(278, 75),
)
def refused(name, code):
    print(name, "refused", errno.errorcode.get(code, code), flush=True)
def call(name, *arguments, label=""):
    """A bare system call; -1 arguments and null pointers tell the filter's EPERM from the kernel's EBADF or EFAULT."""
    words = [word if isinstance(word, (bytes, ctypes.Array, ctypes.Structure)) else ctypes.c_long(word)
             for word in arguments]
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(NUMBERS[name][COLUMN]), *words)
    if result == -1: refused(label or name, ctypes.get_errno())
    else: print(label or name, "PWNED", result, flush=True)
    return result
def attempt(name, do, *arguments):
    """Anything that raises OSError when it is refused."""
    try: result = do(*arguments)
    except socket.gaierror as error: print(name, "refused", "EAI" + str(error.errno), flush=True)
    except TimeoutError: refused(name, errno.ETIMEDOUT)
    except OSError as error: refused(name, error.errno)
    else: print(name, "PWNED", repr(result)[:200], flush=True)
def connect(family, kind, address, timeout=1.5):
    with socket.socket(family, kind) as s:
        s.settimeout(timeout)
        s.connect(address)
        s.send(b"GET / HTTP/1.0\r\n\r\n")
        return s.recv(200)
'''


def script(program: str) -> str:
    """The shell command that runs `program` after the prelude."""
    return f"exec python3 -I - <<'END_OF_PROGRAM'\n{PRELUDE}{program}\nEND_OF_PROGRAM"
