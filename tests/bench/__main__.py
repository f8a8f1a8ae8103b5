"""Measures each budget of the design on a fresh lab host and prints it beside its goal."""

from __future__ import annotations

import platform
import sys
import time
from dataclasses import dataclass

import click

from tests import labs
from tests.bench import channels, litellm, measures, operations, overhead
from tests.lab.progress import say, step
from tests.stack import GATEWAY, SANDBOX, Stack

NAME = "picoclaw-bench"
MESSAGES = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value and its goal, if the design sets one; lower is better."""

    what: str
    value: float
    unit: str
    goal: float | None = None

    def row(self) -> str:
        """One line of the table."""
        if self.goal is None:
            verdict = ""
        elif self.value <= self.goal:
            verdict = f"{self.goal:g} {self.unit}, met"
        else:
            verdict = f"{self.goal:g} {self.unit}, MISSED by {self.value - self.goal:.1f} {self.unit}"
        return f"{self.what:58} {self.value:8.1f} {self.unit:4}  {verdict}"


@click.command()
@click.argument("what", type=click.Choice(["budgets", "operations"]), nargs=-1)
def main(what: tuple[str, ...]) -> None:
    """Print the table of WHAT, all without it; exit code 1 only when something could not be measured.

    `budgets` are memory and times of the assistant, `operations` the times of what an operator does, on six hosts.
    """
    figures: list[Figure] = []
    if "budgets" in what or not what:
        with labs.raised(NAME) as stack:
            figures += measure(stack)
    if "operations" in what or not what:
        figures += [Figure(*row) for row in operations.rows(NAME)]
    print(f"\n{platform.machine()}, kernel {platform.release()}, one run\n")
    print(f"{'what':58} {'measured':>8}       goal")
    for figure in figures:
        print(figure.row())


def measure(stack: Stack) -> list[Figure]:
    """Every figure, in the order of the design's table."""
    first = timed_deploy(stack, "First deploy")
    noop = [timed_deploy(stack, "No-op deploy") for _ in range(3)]
    stack.wait_ready()
    starts = [measures.start_to_first_poll(stack) for _ in range(5)]
    stack.wait_ready()
    with step("Idling"):
        idle = measures.idle_memory(stack)
    sandbox_rss = measures.rss(stack, SANDBOX)
    with step(f"{2 * MESSAGES} messages"):
        half = measures.message_to_reply(stack, MESSAGES // 2)
        after_50 = measures.rss(stack, GATEWAY)
        half += measures.message_to_reply(stack, MESSAGES // 2)
        after_100 = measures.rss(stack, GATEWAY)
        rest = measures.message_to_reply(stack, MESSAGES)
        after_200 = measures.rss(stack, GATEWAY)
    peaks = {name: stack.peak_memory(name) / measures.MIB for name in idle}
    sizes = {name: measures.image_size(stack, name) for name in (GATEWAY, SANDBOX)}
    by_channel = channels.rows(stack)
    with step("The same with Anthropic, through litellm"):
        translated = litellm.rows(stack)
    return [
        *(Figure(f"idle memory, {name}", value, "MiB") for name, value in idle.items()),
        Figure("idle memory of the whole stack", sum(idle.values()), "MiB", 64),
        Figure("gateway RSS after 100 messages", after_100, "MiB", 55),
        Figure("gateway RSS after 200 messages", after_200, "MiB", 55),
        Figure("gateway growth between message 50 and 200", after_200 - after_50, "MiB", 0.5),
        Figure("sandbox server RSS, idle", sandbox_rss, "MiB", 12),
        Figure("gateway start to first poll, median of 5", sorted(starts)[2], "s", 1),
        Figure("message to reply, instant model, p50", measures.percentile(half + rest, 50), "ms", 15),
        Figure("message to reply, instant model, p95", measures.percentile(half + rest, 95), "ms", 40),
        Figure("first deploy (installs Docker, builds both images)", first, "s"),
        Figure("no-op deploy, best of 3", min(noop), "s", 4),
        Figure("image, compressed: gateway", sizes[GATEWAY], "MB", 40),
        Figure("image, compressed: sandbox", sizes[SANDBOX], "MB"),
        *(Figure(f"peak memory, {name}", value, "MiB") for name, value in peaks.items()),
        *(Figure(*row) for row in by_channel),
        *(Figure(*row) for row in translated),
        *(Figure(what, value, unit) for what, value, unit in overhead.rows()),
    ]


def timed_deploy(stack: Stack, title: str) -> float:
    """Seconds that `pyinfra inventory deploy.py` takes."""
    began = time.monotonic()
    done = stack.deploy("-y")
    took = time.monotonic() - began
    if done.returncode != 0:
        sys.exit(f"the deploy failed:\n{done.stdout}")
    say(f"{title}: {took:.1f} s")
    return took


if __name__ == "__main__":
    main()
