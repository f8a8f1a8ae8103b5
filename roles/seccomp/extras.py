"""What is allowed though the tracer did not see it, and why.

`TWINS` are names of one and the same ability: which of them a program uses depends on the libc, the kernel and the
architecture (aarch64 has only the newest of each), or is a detail of the program. All of them are allowed as soon as
one was traced.
"""

TWINS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "accept accept4",
        "access faccessat faccessat2",
        "alarm getitimer setitimer",
        "chmod fchmod fchmodat fchmodat2",
        "chown fchown fchownat lchown",
        "clock_nanosleep nanosleep",
        "copy_file_range sendfile",
        "creat open openat",
        "dup2 dup3",
        "epoll_create epoll_create1",
        "epoll_pwait epoll_pwait2 epoll_wait",
        "eventfd eventfd2",
        "chdir fchdir",
        "fdatasync fsync",
        "fgetxattr getxattr lgetxattr",
        "flistxattr listxattr llistxattr",
        "fork vfork",
        "fstat lstat newfstatat stat statx",
        "fstatfs statfs",
        "fsetxattr lsetxattr setxattr",
        "ftruncate truncate",
        "futimesat utime utimensat utimes",
        "getdents getdents64",
        "getpgid getpgrp",
        "getrlimit prlimit64 setrlimit",
        "inotify_add_watch inotify_init inotify_init1 inotify_rm_watch",
        "link linkat",
        "mkdir mkdirat",
        "mknod mknodat",
        "pause ppoll poll",
        "pidfd_open pidfd_send_signal",
        "pipe pipe2",
        "pread64 preadv preadv2 readv",
        "pselect6 select",
        "pwrite64 pwritev pwritev2 writev",
        "readlink readlinkat",
        "recvmmsg recvmsg sendmmsg sendmsg",
        "rename renameat renameat2",
        "rmdir unlink unlinkat",
        "sched_getattr sched_getparam sched_getscheduler",
        "sched_setattr sched_setparam sched_setscheduler",
        "signalfd signalfd4",
        "symlink symlinkat",
        "timer_create timer_delete timer_getoverrun timer_gettime timer_settime",
        "wait4 waitid",
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
    "abort() and failed assertions: a crash must be seen as one": ("gettid", "kill", "tgkill", "tkill"),
    "threads that wait for each other or end: which call is a matter of timing": (
        "exit",
        "futex",
        "membarrier",
        "sched_yield",
    ),
    "memory that grows: which call is a matter of sizes": ("madvise", "mprotect", "mremap", "munmap"),
    "start of programs on other libc and kernel versions": (
        "getrandom",
        "rseq",
        "set_robust_list",
        "set_tid_address",
    ),
    "runc of other versions, between loading the filter and starting the program: it closes what is open": (
        "close_range",
        "dup3",
        "fcntl",
        "fstatfs",
        "getppid",
        "openat2",
        "prctl",
        "readlinkat",
        "rt_sigprocmask",
        "sigaltstack",
        "statx",
        "uname",
    ),
}
GATEWAY: dict[str, tuple[str, ...]] = {
    "names are looked up at a resolver; the lab's stand in /etc/hosts": (
        "bind",
        "connect",
        "getpeername",
        "poll",
        "recvfrom",
        "recvmsg",
        "sendmmsg",
        "sendto",
    ),
    "SQLite's rarer steps: checkpoints, recovery after a crash, a disk that is full": (
        "fdatasync",
        "fsync",
        "ftruncate",
        "lseek",
        "pread64",
        "pwrite64",
        "unlink",
    ),
    "what Python's standard library does at rarer moments": (
        "dup",
        "getrusage",
        "pipe2",
        "pselect6",
        "shutdown",
        "sysinfo",
        "umask",
        "writev",
    ),
}
SANDBOX: dict[str, tuple[str, ...]] = {
    "signals that are queued or waited for: Python's signal.sigwait, shells' job control": (
        "rt_sigpending",
        "rt_sigqueueinfo",
        "rt_sigtimedwait",
    ),
    "attributes taken away again, where giving them was traced": ("fremovexattr", "lremovexattr", "removexattr"),
    "asking who and where one is": ("getpgid", "getresgid", "getresuid", "getsid", "times"),
    "databases that map their files": ("msync",),
    "event loops of other runtimes: Boost.Asio, libevent, sd-event": (
        "eventfd2",
        "signalfd4",
        "timerfd_create",
        "timerfd_gettime",
        "timerfd_settime",
    ),
    "scheduling classes, which chrt and thread libraries ask for": (
        "sched_get_priority_max",
        "sched_get_priority_min",
    ),
}

LLM: dict[str, tuple[str, ...]] = {
    "what Python's standard library does at rarer moments": GATEWAY[
        "what Python's standard library does at rarer moments"
    ],
}

OF_CONTAINER = {
    "gateway": {**EVERYWHERE, **GATEWAY},
    "sandbox": {**EVERYWHERE, **SANDBOX},
    "llm": {**EVERYWHERE, **LLM},
}
