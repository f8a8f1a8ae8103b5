"""What is allowed though the tracer did not see it, and why.

`TWINS` are names of one and the same ability: which of them a program uses depends on the libc, the kernel and the
architecture (aarch64 has only the newest of each), so all of them are allowed as soon as one was traced.
"""

TWINS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "accept accept4",
        "access faccessat faccessat2",
        "alarm getitimer setitimer",
        "chmod fchmodat fchmodat2",
        "chown fchownat lchown",
        "clock_nanosleep nanosleep",
        "copy_file_range sendfile",
        "creat open openat",
        "dup2 dup3",
        "epoll_create epoll_create1",
        "epoll_pwait epoll_pwait2 epoll_wait",
        "eventfd eventfd2",
        "fork vfork",
        "fstat lstat newfstatat stat statx",
        "fstatfs statfs",
        "futimesat utime utimensat utimes",
        "getdents getdents64",
        "getpgid getpgrp",
        "getrlimit prlimit64 setrlimit",
        "inotify_init inotify_init1",
        "link linkat",
        "mkdir mkdirat",
        "mknod mknodat",
        "pause ppoll poll",
        "pipe pipe2",
        "pread64 preadv preadv2",
        "pselect6 select",
        "pwrite64 pwritev pwritev2",
        "readlink readlinkat",
        "recvmmsg recvmsg",
        "rename renameat renameat2",
        "rmdir unlink unlinkat",
        "sched_getattr sched_getparam sched_getscheduler",
        "sched_setattr sched_setparam sched_setscheduler",
        "sendmmsg sendmsg",
        "signalfd signalfd4",
        "symlink symlinkat",
    )
)

EVERYWHERE: dict[str, tuple[str, ...]] = {
    "the kernel itself puts it in when a signal interrupts a sleep": ("restart_syscall",),
    "clocks that the vDSO cannot read on some virtual machines": (
        "clock_getres",
        "clock_gettime",
        "getcpu",
        "gettimeofday",
        "time",
    ),
    "abort() and failed assertions: a crash must be seen as one": ("tgkill", "tkill"),
    "threads that wait for each other or end: which call is a matter of timing": (
        "exit",
        "futex",
        "membarrier",
        "sched_yield",
    ),
    "memory that grows: which call is a matter of sizes": ("madvise", "mprotect", "mremap", "munmap"),
    "start of programs on other libc and kernel versions": (
        "close_range",
        "getrandom",
        "rseq",
        "set_robust_list",
        "set_tid_address",
    ),
}
GATEWAY: dict[str, tuple[str, ...]] = {}
SANDBOX: dict[str, tuple[str, ...]] = {}

OF_CONTAINER = {"gateway": {**EVERYWHERE, **GATEWAY}, "sandbox": {**EVERYWHERE, **SANDBOX}}
