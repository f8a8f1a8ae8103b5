"""What each chat service costs: memory, the first contact, an answer, a burst of messages, the way back."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tests.bench import measures
from tests.bench.measures import Row
from tests.chats import CHANNELS, Chat, chats
from tests.fakes import wire
from tests.lab.progress import step
from tests.stack import CONFIG, GATEWAY, Stack

MESSAGES = 50
BURST = 50
# How long a service is away, in each of these ways.
OUTAGE_S = 10.0
OUTAGES: dict[wire.NetworkMode, str] = {"reset": "resets", "refuse": "refuses", "silence": "is silent"}
_BACK_S = 180.0
_MARK = re.compile(r"\bb(\d+)\b")


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
        yield f"{name}: idle memory, gateway", idle[GATEWAY], "MiB", None
        yield f"{name}: idle memory, whole stack", sum(idle.values()), "MiB", 64
        if len(places) == 1:
            yield f"{name}: start to first contact", connected, "s", 1
            yield from _in_use(stack, places[0])


def _in_use(stack: Stack, chat: Chat) -> Iterator[Row]:
    took = measures.message_to_reply(chat, MESSAGES)
    yield f"{chat.name}: message to reply, p50", measures.percentile(took, 50), "ms", 15
    yield f"{chat.name}: message to reply, p95", measures.percentile(took, 95), "ms", 40
    yield f"{chat.name}: {BURST} messages at once, all answered in order", _burst(stack, chat), "s", None
    yield f"{chat.name}: answered after the connection is lost", _after_a_loss(chat), "s", None
    for mode, words in OUTAGES.items():
        yield f"{chat.name}: back after it {words} for {OUTAGE_S:g} s", _after_an_outage(stack, chat, mode), "s", None


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


def _burst(stack: Stack, chat: Chat) -> float:
    """Seconds until the last of many messages is answered; they must come in their order."""
    before, began = len(chat.shown()), time.time()
    for number in range(BURST):
        chat.write(f"b{number}")
    stack.wait_for(lambda: len(chat.shown()) >= before + BURST, 120, stack.logs)
    answers = chat.shown()[before:]
    order = [int(found[1]) for answer in answers if (found := _MARK.search(answer.text))]
    if order != list(range(BURST)):
        raise AssertionError(f"{chat.name}: answered in the order {order}")
    return answers[-1].time - began


def _after_a_loss(chat: Chat) -> float:
    """Seconds until a message is answered that is written when every connection has just been lost."""
    chat.lose()
    return measures.answered(chat, "are you there?", _BACK_S)


def _after_an_outage(stack: Stack, chat: Chat, mode: wire.NetworkMode) -> float:
    """Seconds from the end of an outage until a message is answered that was written while it lasted."""
    stack.lab.ssh(f"docker restart {GATEWAY}", check=True)  # which forgets the failures before
    stack.wait_ready()
    for host in chat.hosts:
        stack.fakes.network(host, mode)
    time.sleep(OUTAGE_S / 2)
    before = len(chat.shown())
    chat.write("are you there?")
    time.sleep(OUTAGE_S / 2)
    for host in chat.hosts:
        stack.fakes.network(host, "ok")
    well = time.time()
    stack.wait_for(lambda: len(chat.shown()) > before, _BACK_S, stack.logs)
    return chat.shown()[before].time - well
