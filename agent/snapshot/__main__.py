"""`python -m agent.snapshot WHAT ...`: what agent.operator.archive asks for on the host.

Data goes to standard output or comes from standard input; the last line of standard error is a JSON object, the report
or `{"error": CODE, "detail": ...}`.
"""

# ruff: noqa: PTH208

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from agent.snapshot import exchange, pack, state, unpack
from agent.snapshot.errors import SnapshotError

_BUFFER = 1024 * 1024
# Everything else on the host comes first.
_NICE = 19


def _state(file: str, memory: str) -> dict[str, object]:
    with open(1, "wb", buffering=_BUFFER, closefd=False) as output:
        state.copy(Path(file), output.write, Path(memory))
    return {"schema": state.schema()}


def _pack(root: str, most_bytes: str, most_files: str) -> dict[str, object]:
    limits = pack.Limits(int(most_bytes), int(most_files))
    with open(1, "wb", buffering=_BUFFER, closefd=False) as output:
        return _document(pack.Packer(root, output.write, limits).run())


def _stage(root: str, name: str, size: str) -> dict[str, object]:
    unpack.stage(sys.stdin.buffer, int(size), root, name)
    return {}


def _unpack(root: str, name: str, size: str, most_bytes: str, most_files: str) -> dict[str, object]:
    limits = unpack.Limits(int(most_bytes), int(most_files))
    return _document(unpack.unpack(sys.stdin.buffer, int(size), root, name, limits))


def _document(report: pack.Report | unpack.Report) -> dict[str, object]:
    """As JSON."""
    return {**vars(report), "left_out": dict(report.left_out)}


def _look(file: str, root: str) -> dict[str, object]:
    return {"schema": state.schema(), "held": state.held(Path(file)), "files": len(os.listdir(root))}


def _exchange(*roots: str) -> dict[str, object]:
    exchange.exchange(*roots)
    return {}


def _clean(*roots: str) -> dict[str, object]:
    exchange.clean(*roots)
    return {}


_ACTIONS: dict[str, Callable[..., dict[str, object]]] = {
    "state": _state,
    "pack": _pack,
    "stage": _stage,
    "unpack": _unpack,
    "look": _look,
    "exchange": _exchange,
    "clean": _clean,
}


def main(arguments: list[str]) -> int:
    """0, or 1 with a reason."""
    os.nice(_NICE)
    os.umask(0)
    try:
        report = _ACTIONS[arguments[0]](*arguments[1:])
    except SnapshotError as error:
        report = {"error": error.code, "detail": error.detail}
    except OSError as error:
        report = {"error": "failed", "detail": error.strerror or str(error)}
    print(json.dumps(report), file=sys.stderr)
    return 1 if "error" in report else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
