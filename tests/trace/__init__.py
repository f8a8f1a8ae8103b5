"""Derives what the seccomp profiles allow: runs real containers under strace and notes the system calls they make.

`make trace` writes roles/seccomp/traced/*.json anew. How: strace is attached, from this machine, to the lab host's
containerd, so that it follows every container from runc's first step. A system call counts from the moment at which
runc has loaded the container's filter; what comes before that is not the filter's business.
"""
