"""`picoclaw task` and `picoclaw pair`: the script's end of the gateway's socket (agent.channels.script)."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

from agent.cli_words import say
from agent.errors import PicoClawError
from agent.messages import spelled
from agent.sockets import TASKS

DONE, FAILED, USAGE, TIMEOUT = 0, 1, 2, 3
EXIT_CODES = {"done": DONE, "failed": FAILED, "timeout": TIMEOUT}
# A gateway that was restarted is back within this; one that is not running at all is not waited for much longer.
ABSENCE_S = 20.0
_AGAIN_S = 0.5
_GRACE_S = 10.0


class NoGatewayError(PicoClawError):
    """Nobody listens."""


def run(request: dict[str, Any], seconds: float, *, as_json: bool, language: str = "en", address: str = TASKS) -> int:
    """Give a task, or wait for one, and print what comes of it; the exit code."""
    try:
        found = ask(request, seconds, address, language)
    except PicoClawError as error:
        found = {"id": request["id"], "status": "failed", "answer": str(error)}
    if found["status"] == "unknown":
        found = {"id": request["id"], "status": "failed", "answer": say("no_task", language, task=request["id"])}
    status, answer = found["status"], found.get("answer", "")
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    elif status == "done":
        sys.stdout.write(f"{answer}\n")
    elif status == "failed":
        sys.stderr.write(f"{answer}\n")
    else:
        sys.stderr.write(say("not_yet", language, task=request["id"]) + "\n")
    return EXIT_CODES[status]


def ask(request: dict[str, Any], seconds: float, address: str = TASKS, language: str = "en") -> dict[str, Any]:
    """The gateway's last word on a request; asked again when it goes away meanwhile.

    Args:
        request: as agent.channels.script expects it, without `seconds`.
        seconds: how long to wait for the answer.
        address: where the gateway listens.
        language: of what is said here.

    Raises:
        NoGatewayError: there is none.
        PicoClawError: it refuses the request.
    """
    deadline = time.monotonic() + seconds
    seen, queued = time.monotonic(), False
    while True:
        left = max(deadline - time.monotonic(), 0.0)
        try:
            with _connected(left, address) as connection:
                for line in _lines(connection, {**request, "seconds": left}):
                    if "refused" in line:
                        raise PicoClawError(str(line["refused"]))
                    if "status" in line:
                        _show("")
                        return line
                    queued = queued or "queued" in line
                    _show(str(line.get("progress", say("working", language))))
                seen = time.monotonic()
        except ConnectionRefusedError:
            if time.monotonic() - seen > ABSENCE_S:
                break
        except OSError:
            seen = time.monotonic()
        if time.monotonic() > deadline + ABSENCE_S:
            break
        time.sleep(_AGAIN_S)
    if queued:
        return {"id": request["id"], "status": "timeout"}
    raise NoGatewayError(say("no_gateway", language, command="task ..."))


def codes(address: str = TASKS, language: str = "en") -> list[dict[str, Any]]:
    """For each channel its pairing code, or who is allowed there; raise NoGatewayError when nobody tells."""
    try:
        with _connected(0.0, address) as connection:
            for line in _lines(connection, {"do": "pair"}):
                return list(line["channels"])
    except OSError:
        pass
    raise NoGatewayError(say("no_gateway", language, command="pair"))


def pairing(found: list[dict[str, Any]], language: str = "en") -> str:
    """The codes as a person reads them."""
    return "\n".join(_pairing(one, language) for one in found)


def _pairing(one: dict[str, Any], language: str) -> str:
    channel = one["channel"]
    if "code" not in one:
        return say("pair_allowed", language, channel=channel, users=", ".join(one["allowed"]))
    minutes, command = max(one["seconds"] // 60, 1), spelled("/pair", channel)
    return say("pair_code", language, channel=channel, minutes=minutes, command=command, code=one["code"])


def _connected(seconds: float, address: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(seconds + _GRACE_S)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _lines(connection: socket.socket, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    connection.sendall(json.dumps(request).encode() + b"\n")
    with connection.makefile("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                raise ConnectionResetError("the gateway went away in the middle of a line")
            yield json.loads(line)


def _show(progress: str) -> None:
    """One line that replaces the last, on a terminal alone."""
    if sys.stderr.isatty():
        line = " ".join(progress.split())[:100]
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
