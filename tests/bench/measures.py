"""What is measured, and how."""

from __future__ import annotations

import re
import statistics
import time
from datetime import datetime

from tests.stack import GATEWAY, Stack

MIB = 1024 * 1024


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


def message_to_reply(stack: Stack, messages: int) -> list[float]:
    """Milliseconds from the owner's message entering Telegram to the reply entering it, the model being instant."""
    stack.ask("/new")  # the provider's own time grows with the history
    took = []
    for number in range(messages):
        sent = stack.fakes.user_message(f"message {number}")
        reply = stack.fakes.wait_for_reply(after=sent.message_id, timeout=10)[0]
        took.append((reply.time - sent.time) * 1000)
    return took


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
