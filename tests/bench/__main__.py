"""`python -m tests.bench [PART]...`: measures each budget of the design, and what an operator does, beside its goal."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import click

from tests.bench import channels, litellm, measures, operations, overhead, peers
from tests.bench.measures import Row
from tests.chats import chats
from tests.lab import Lab
from tests.lab.lab import remove
from tests.lab.progress import say, step
from tests.stack import GATEWAY, SANDBOX, Stack

NAME = "picoclaw-bench"
MESSAGES = 100
_WIDTH = 58


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
        return f"{self.what:{_WIDTH}} {self.value:8.1f} {self.unit:4}  {verdict}"


def gateway(stack: Stack) -> list[Row]:
    """Telegram with an instant model, in the order of the design's table."""
    noop = [timed_deploy(stack, "No-op deploy") for _ in range(3)]
    stack.wait_ready()
    starts = [measures.start_to_first_poll(stack) for _ in range(5)]
    stack.wait_ready()
    with step("Idling"):
        idle = measures.idle_memory(stack)
    sandbox_rss = measures.rss(stack, SANDBOX)
    chat = chats(stack.fakes)[0]
    with step(f"{2 * MESSAGES} messages"):
        took = measures.message_to_reply(chat, MESSAGES // 2)
        after_50 = measures.rss(stack, GATEWAY)
        took += measures.message_to_reply(chat, MESSAGES // 2)
        after_100 = measures.rss(stack, GATEWAY)
        took += measures.message_to_reply(chat, MESSAGES)
        after_200 = measures.rss(stack, GATEWAY)
    peaks = {name: stack.peak_memory(name) / measures.MIB for name in idle}
    sizes = {name: measures.image_size(stack, name) for name in (GATEWAY, SANDBOX)}
    return [
        *((f"idle memory, {name}", value, "MiB", None) for name, value in idle.items()),
        ("idle memory of the whole stack", sum(idle.values()), "MiB", 64),
        ("gateway RSS after 100 messages", after_100, "MiB", 55),
        ("gateway RSS after 200 messages", after_200, "MiB", 55),
        ("gateway growth between message 50 and 200", after_200 - after_50, "MiB", 0.5),
        ("sandbox server RSS, idle", sandbox_rss, "MiB", 12),
        ("gateway start to first poll, median of 5", sorted(starts)[2], "s", 1),
        ("message to reply, instant model, p50", measures.percentile(took, 50), "ms", 15),
        ("message to reply, instant model, p95", measures.percentile(took, 95), "ms", 40),
        ("no-op deploy, best of 3", min(noop), "s", 4),
        ("image, compressed: gateway", sizes[GATEWAY], "MB", 40),
        ("image, compressed: sandbox", sizes[SANDBOX], "MB", None),
        *((f"peak memory, {name}", value, "MiB", None) for name, value in peaks.items()),
    ]


def translated(stack: Stack) -> list[Row]:
    """What litellm adds."""
    with step("The same with Anthropic, through litellm"):
        return litellm.rows(stack)


PARTS: dict[str, Callable[[Stack], list[Row]]] = {
    "gateway": gateway,
    "channels": channels.rows,
    "litellm": translated,
    "overhead": lambda _: overhead.rows(),
    "peers": peers.rows,
    "operations": lambda stack: operations.rows(stack.lab.name),
}


@click.command()
@click.option("--lab", "name", default=NAME, show_default=True, help="The host to raise, in place of one so called.")
@click.option("--keep", is_flag=True, help="Go on with the lab host that there is, and leave it.")
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(name: str, keep: bool, parts: tuple[str, ...]) -> None:
    """Print the table, or PARTS of it; fails only when something could not be measured.

    `operations` raises six hosts of its own, one after the other and five at once.
    """
    if not keep:
        remove(name)
    lab = Lab.up(name)
    try:
        stack = Stack(lab)
        first = timed_deploy(stack, "First deploy")
        stack.wait_ready()
        figures = [Figure(*row) for part in parts or PARTS for row in PARTS[part](stack)]
        if not keep:
            figures.append(Figure("first deploy (installs Docker, builds both images)", first, "s"))
        stack.close()
    finally:
        if not keep:
            lab.down()
    click.echo(f"\n{platform.machine()}, kernel {platform.release()}, one run\n")
    click.echo(f"{'what':{_WIDTH}} {'measured':>8}       goal")
    for figure in figures:
        click.echo(figure.row())


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
