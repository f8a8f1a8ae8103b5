"""The confinement self-check: each container looks at itself before it serves.

A container that was started by hand, or on a host that does not do what Docker was told, is weaker than the deploy
made it. It then names what is missing and refuses to serve. The check reads only what the kernel says to the container
itself (`/proc`, its cgroup, `/dev`) and tries one system call; every container runs it, so it imports next to nothing.

    view.py     what the kernel says
    checks.py   what is expected of it: pure, a row each
    words.py    the rows' names in English and Polish
    report.py   the table that a person reads
"""
