"""`picoclaw task`: hands a task to the running gateway and waits for its answer, over restarts of the gateway too."""

from __future__ import annotations

import json
import socket
import time
import uuid
from dataclasses import dataclass
from typing import Any

from agent.errors import PicoClawError

ANSWERED, FAILED, USAGE, TIMED_OUT = 0, 1, 2, 3
_AGAIN_S = 0.5


class TaskError(PicoClawError):
    """The gateway does not take the task."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a task: `status` is done, failed or timeout."""

    id: str
    status: str
    answer: str
    seconds: float

    @property
    def exit_code(self) -> int:
        """For the shell."""
        return {"done": ANSWERED, "failed": FAILED, "timeout": TIMED_OUT}[self.status]

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {"id": self.id, "status": self.status, "answer": self.answer, "seconds": round(self.seconds, 1)}


def new_id() -> str:
    """An id that no other task has."""
    return uuid.uuid4().hex[:16]


def ask(order: dict[str, str], timeout: float) -> Outcome:
    """Hand an order in (agent.channels.tasks.Order) and wait; a gateway that restarts is asked again.

    Raises:
        TaskError: the gateway refuses it, or there is none in all that time.
    """
    began = time.monotonic()
    accepted = False
    while (left := timeout - (time.monotonic() - began)) > 0:
        try:
            for line in _lines(order, left):
                accepted = True
                if "error" in line:
                    raise TaskError(str(line["error"]))
                if "status" in line:
                    seconds = time.monotonic() - began
                    return Outcome(order["id"], str(line["status"]), str(line["answer"]), seconds)
        except TimeoutError:
            break
        except OSError:
            pass
        time.sleep(_AGAIN_S)
    if not accepted:
        raise TaskError("no gateway is running here; on the host: docker exec picoclaw picoclaw task ...")
    return Outcome(order["id"], "timeout", "", time.monotonic() - began)


def codes() -> dict[str, str | None]:
    """The pairing code of each channel; raise TaskError without a gateway."""
    try:
        for line in _lines({"do": "pair"}, 5.0):
            return dict(line["codes"])
    except OSError:
        pass
    raise TaskError("no gateway is running here; on the host: docker exec picoclaw picoclaw pair")


def _lines(order: dict[str, str], timeout: float) -> Any:  # noqa: ANN401 - a generator of JSON objects
    from agent.channels.tasks import ADDRESS

    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(ADDRESS)
        with connection.makefile("rw", encoding="utf-8") as stream:
            stream.write(json.dumps(order) + "\n")
            stream.flush()
            for line in stream:
                yield json.loads(line)
