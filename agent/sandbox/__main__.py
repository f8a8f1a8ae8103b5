"""`python3 -I -S -OO .../agent/sandbox/__main__.py`: the main process of the container `picoclaw-sandbox`.

Started by its path, because the isolated interpreter has no search path on which `-m` could find it.
"""

# ruff: noqa: PTH100, PTH120
import os
import sys

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

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
    problem = _weakness()
    if problem:
        from agent.sandbox.standby import stand_by

        sys.stderr.write(f"sandbox: {problem}\n")
        stand_by(problem)
        return 1
    from agent.sandbox.server import serve

    socket_path, workspace, *_ = [*arguments, *(SOCKET_PATH, WORKSPACE)[len(arguments) :]]
    return serve(socket_path, workspace)


def _weakness() -> str:
    """Why this container must not serve. A child looks, so that what looking takes is not the server's to keep."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, _look().encode())
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:  # noqa: PTH123
        problem = pipe.read()
    _, status = os.waitpid(pid, 0)
    return problem if status == 0 else "the confinement check was killed, so it is not known how this container runs"


def _look() -> str:
    try:
        from agent.confinement.checks import ROLES, problem, rows
        from agent.confinement.view import View

        return problem(rows(View(), ROLES["sandbox"]))
    except Exception as error:  # noqa: BLE001 - whatever it is, a container that cannot look at itself must not serve
        return f"the confinement check failed ({type(error).__name__}: {error}); see that /proc is mounted"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
