"""`python3 -ISOO .../agent/llm_container/__main__.py`: the main process of the container `picoclaw-llm`.

Started by its path, because the isolated interpreter has no search path on which `-m` could find it.
"""

# ruff: noqa: PTH100, PTH120
import os
import sys

if not __package__:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from agent.llm_container.front import clear
from agent.llm_container.parent import SOCKET_PATH, serve, stand_by
from agent.llm_container.process import worker_command
from agent.pid1.selfcheck import weakness


def main() -> int:
    """The exit code of the container."""
    clear(os.path.dirname(SOCKET_PATH))
    problem = weakness("llm")
    if problem:
        sys.stderr.write(f"llm: {problem}\n")
        stand_by(problem, SOCKET_PATH)
        return 1
    return serve(SOCKET_PATH, worker_command(os.path.abspath(__file__)))


if __name__ == "__main__":
    sys.exit(main())
