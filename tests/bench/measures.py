"""What is measured, and how."""

from __future__ import annotations

import re
import statistics
import time
from datetime import datetime

from tests.chats import Chat
from tests.stack import GATEWAY, Stack

MIB = 1024 * 1024
_LOOK_S = 0.02  # the stand-ins note the times; looking more often would only disturb what is measured

# What, its value, the unit, and the goal if there is one; lower is better.
Row = tuple[str, float, str, float | None]


def idle_memory(stack: Stack, settle_s: float = 30.0) -> dict[str, float]:
    """MiB of each container by `docker stats`, after a while without a message."""
    time.sleep(settle_s)
    stats = "docker stats --no-stream --format '{{.Name}} {{.MemUsage}}'"
    lines = stack.lab.ssh(stats, check=True).stdout.splitlines()
    return {line.split()[0]: _mebibytes(line.split()[1]) for line in lines if line.startswith("picoclaw")}


def rss(stack: Stack, container: str) -> float:
    """MiB of a container's main process."""
    pid = stack.inspect(container)["State"]["Pid"]
    status = stack.lab.ssh(f"grep VmRSS /proc/{pid}/status", check=True).stdout
    return int(status.split()[1]) / 1024


def start_to_first_poll(stack: Stack) -> float:
    """Seconds from the container's start to the first getUpdates that reaches Telegram."""
    before = time.time()
    stack.lab.ssh(f"docker restart {GATEWAY}", check=True)
    call = stack.fakes.wait_for_call("getUpdates", since=before, timeout=30)
    return call.time - started(stack)


def started(stack: Stack) -> float:
    """When the gateway's container was started, in Unix time."""
    return _timestamp(stack.inspect()["State"]["StartedAt"])


def message_to_reply(chat: Chat, messages: int) -> list[float]:
    """Milliseconds from the owner's message entering the service to the reply entering it, the model being instant."""
    answered(chat, "/new")  # the provider's own time grows with the history
    return [1000 * answered(chat, f"message {number}") for number in range(messages)]


def answered(chat: Chat, text: str, timeout: float = 30.0) -> float:
    """Seconds from the owner's message entering the service to the reply entering it.

    Raises:
        TimeoutError: there was none within `timeout` seconds.
    """
    before, deadline = len(chat.messages()), time.monotonic() + timeout
    chat.write(text)
    while not (replies := [one for one in chat.messages()[before:] if one.from_bot]):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{text!r} was not answered on {chat.name} within {timeout:g} s")
        time.sleep(_LOOK_S)
    asked = next(one for one in chat.messages()[before:] if not one.from_bot)
    return replies[0].time - asked.time


def percentile(values: list[float], percent: int) -> float:
    """The value that `percent` of all stay under."""
    return statistics.quantiles(values, n=100)[percent - 1]


def image_size(stack: Stack, container: str) -> float:
    """MB of a container's image as it would travel: saved and compressed."""
    image = stack.inspect(container)["Config"]["Image"]
    return int(stack.lab.ssh(f"docker save {image} | gzip | wc -c", check=True).stdout) / 1e6


def rss_of_child(stack: Stack, container: str) -> float:
    """MiB of the one process that a container's main process has started."""
    pid = stack.inspect(container)["State"]["Pid"]
    status = f"grep VmRSS /proc/$(cat /proc/{pid}/task/{pid}/children | cut -d' ' -f1)/status"
    return int(stack.lab.ssh(status, check=True).stdout.split()[1]) / 1024


def _mebibytes(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(KiB|MiB|GiB|B)", text)
    if match is None:
        raise ValueError(f"docker stats said {text!r} where a size was expected")
    return float(match[1]) * {"B": 1 / MIB, "KiB": 1 / 1024, "MiB": 1, "GiB": 1024}[match[2]]


def _timestamp(text: str) -> float:
    """Docker's nanoseconds, which datetime does not read."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*Z", r"\1+00:00", text)).timestamp()
