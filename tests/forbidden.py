"""The system calls that the project promises to refuse in every container; taken from its issues, not from its code."""

_NAMES = """
ptrace process_vm_readv process_vm_writev bpf perf_event_open userfaultfd lookup_dcookie
io_uring_setup io_uring_enter io_uring_register keyctl add_key request_key
mount umount2 fsopen fsmount fsconfig fspick move_mount open_tree mount_setattr pivot_root chroot
init_module finit_module delete_module kexec_load kexec_file_load unshare setns pidfd_getfd kcmp
memfd_create vmsplice name_to_handle_at open_by_handle_at quotactl acct swapon swapoff reboot
settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname syslog personality
setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset
modify_ldt iopl ioperm seccomp
"""
FORBIDDEN = frozenset(_NAMES.split())
