"""`python3 -I -S -OO .../agent/sandbox/__main__.py`: the main process of the container `picoclaw-sandbox`.

Started by its path, because the isolated interpreter has no search path on which `-m` could find it.
"""

# ruff: noqa: PTH100, PTH120
import os
import sys

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from agent.pid1.selfcheck import weakness
from agent.sandbox.protocol import SOCKET_PATH, WORKSPACE

_USAGE = "usage: python3 -I -S -OO __main__.py [SOCKET [WORKSPACE]]\n"


def main(arguments: list[str]) -> int:
    """The exit code of the sandbox server."""
    if len(arguments) > 2:
        sys.stderr.write(_USAGE)
        return 2
    if os.getpid() != 1:
        sys.stderr.write(
            "sandbox: must be PID 1 of a PID namespace of its own, for it ends every process it sees; "
            "run it as the main process of its container\n"
        )
        return 2
    problem = weakness("sandbox")
    if problem:
        from agent.pid1.standby import stand_by

        sys.stderr.write(f"sandbox: {problem}\n")
        stand_by(problem)
        return 1
    from agent.sandbox.server import serve

    socket_path, workspace, *_ = [*arguments, *(SOCKET_PATH, WORKSPACE)[len(arguments) :]]
    return serve(socket_path, workspace)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
