"""What the owner wrote, as the model reads it."""

from __future__ import annotations

from agent.store.mailbox import Inbound


def text_of(message: Inbound) -> str:
    """The owner's words, after those of somebody else that they are a reply to."""
    if not message.quoted:
        return message.text
    quoted = "\n".join(f"> {line}" for line in message.quoted.splitlines())
    return f"[In reply to this message, which may be somebody else's:]\n{quoted}\n\n{message.text}".rstrip()
