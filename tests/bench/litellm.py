"""What a provider costs that litellm translates: memory of each container, first answers, the image."""

from __future__ import annotations

from tests import litellm_box
from tests.bench import measures
from tests.bench.measures import Row
from tests.chats import chats
from tests.litellm_box import LLM
from tests.stack import Stack

MESSAGES = 20


def rows(stack: Stack) -> list[Row]:
    """Deploy with Anthropic's model, measure, and go back: name, value, unit, goal."""
    with litellm_box.deployed(stack, **litellm_box.model("anthropic")):
        stack.lab.ssh(f"docker restart {LLM}", check=True)
        stack.wait_healthy(LLM)
        parent = measures.rss(stack, LLM)
        asleep = measures.idle_memory(stack)
        chat = chats(stack.fakes)[0]
        cold, warm = (measures.answered(chat, "hello", 120) for _ in range(2))
        took = measures.message_to_reply(chat, MESSAGES)
        loaded = measures.idle_memory(stack, settle_s=5)
        peak = {name: stack.peak_memory(name) / measures.MIB for name in loaded}
        worker = measures.rss_of_child(stack, LLM)
        size = measures.image_size(stack, LLM)
    return [
        *((f"Anthropic, idle memory, {name}", value, "MiB", None) for name, value in asleep.items()),
        ("Anthropic, idle memory of the whole stack", sum(asleep.values()), "MiB", 64),
        *((f"Anthropic, litellm loaded, {name}", value, "MiB", None) for name, value in loaded.items()),
        *((f"Anthropic, peak memory, {name}", value, "MiB", None) for name, value in peak.items()),
        ("picoclaw-llm, parent's RSS while asleep", parent, "MiB", 12),
        ("picoclaw-llm, worker's RSS", worker, "MiB", 220),
        ("Anthropic, first answer, litellm not loaded", cold, "s", None),
        ("Anthropic, answer, litellm loaded", warm, "s", None),
        ("Anthropic, message to reply, p50", measures.percentile(took, 50), "ms", None),
        ("image, compressed: llm", size, "MB", 110),
    ]
