"""Started by the parent by its path: `python3 -IBSOO .../worker/__main__.py LISTENING HEARTBEAT [CONNECTION ...]`.

The arguments are the numbers of inherited descriptors. `--check` instead: import everything, serve nothing; the image
build runs it.
"""

# ruff: noqa: PTH100, PTH120, PTH123
import os
import sys

if not __package__:
    _ROOT = os.path.abspath(__file__)
    for _ in range(4):
        _ROOT = os.path.dirname(_ROOT)
    sys.path.insert(0, _ROOT)

_OOM_FIRST = "1000"


def main(arguments: list[str]) -> int:
    """The exit code of the worker."""
    from agent.llm_container.worker import settings

    settings.before_import()
    if arguments == ["--check"]:
        return settings.check()
    _prefer_for_oom_kill()
    from agent.llm_container.worker.server import serve

    listening, heartbeat, *connections = map(int, arguments)
    return serve(listening, heartbeat, connections)


def _prefer_for_oom_kill() -> None:
    """The parent must outlive the worker, to start another and to say what happened."""
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(_OOM_FIRST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
