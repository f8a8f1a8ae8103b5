"""What each chat service costs: memory, the way to the first contact, the time of an answer, a burst of messages."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tests.bench import measures
from tests.chats import CHANNELS, Chat, chats
from tests.lab.progress import step
from tests.stack import CONFIG, GATEWAY, Stack

MESSAGES = 50
BURST = 50
_MARK = re.compile(r"\bb(\d+)\b")

Row = tuple[str, float, str]


def rows(stack: Stack) -> list[Row]:
    """Each service alone, then all three at once; the host's config.json is as before afterwards."""
    original = stack.lab.ssh(f"cat {CONFIG}", check=True).stdout
    try:
        return [row for chosen in ([0], [1], [2], [0, 1, 2]) for row in _measured(stack, original, chosen)]
    finally:
        stack.write_config(original)
        stack.wait_ready()


def _measured(stack: Stack, original: str, chosen: Sequence[int]) -> Iterator[Row]:
    document: dict[str, Any] = json.loads(original)
    document.pop("channel", None)
    document["channels"] = [CHANNELS[place] for place in chosen]
    places = [chats(stack.fakes)[place] for place in chosen]
    name = " + ".join(place.name for place in places)
    with step(f"Channels: {name}"):
        stack.fakes.reset()
        stack.write_config(json.dumps(document))
        connected = _first_contact(stack, places)
        stack.wait_ready()
        idle = measures.idle_memory(stack, 15.0)
        yield f"{name}: idle memory, gateway", idle[GATEWAY], "MiB"
        yield f"{name}: idle memory, whole stack", sum(idle.values()), "MiB"
        if len(places) == 1:
            yield f"{name}: start to first contact", connected, "s"
            took = [_asked(stack, places[0], f"m{number}") for number in range(MESSAGES)]
            yield f"{name}: message to reply, p50", measures.percentile(took, 50), "ms"
            yield f"{name}: message to reply, p95", measures.percentile(took, 95), "ms"
            yield f"{name}: {BURST} messages at once, all answered in order", _burst(stack, places[0]), "s"


def _first_contact(stack: Stack, places: list[Chat]) -> float:
    """Seconds from the container's start until each service has seen the bot."""
    deadline = time.monotonic() + 60
    started = measures.started(stack)
    while not all(_seen(stack, place.name, started) for place in places):
        if time.monotonic() > deadline:
            raise TimeoutError(stack.logs()[-2000:])
        time.sleep(0.01)
    return time.time() - started


def _seen(stack: Stack, name: str, since: float) -> bool:
    if name == "telegram":
        return bool(stack.fakes.calls("getUpdates", since=since))
    return stack.fakes.discord_status().connected if name == "discord" else stack.fakes.slack_status().connections > 0


def _asked(stack: Stack, place: Chat, text: str) -> float:
    """Milliseconds from a message entering the service to the reply entering it."""
    before, began = len(place.shown()), time.time()
    place.write(text)
    stack.wait_for(lambda: len(place.shown()) > before, 30, stack.logs)
    return (place.shown()[before].time - began) * 1000


def _burst(stack: Stack, place: Chat) -> float:
    """Seconds until the last of many messages is answered; they must come in their order."""
    before, began = len(place.shown()), time.time()
    for number in range(BURST):
        place.write(f"b{number}")
    stack.wait_for(lambda: len(place.shown()) >= before + BURST, 120, stack.logs)
    answers = place.shown()[before:]
    order = [int(found[1]) for answer in answers if (found := _MARK.search(answer.text))]
    if order != list(range(BURST)):
        raise AssertionError(f"{place.name}: answered in the order {order}")
    return answers[-1].time - began
