"""What the model is told of its part, before the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

_SYSTEM = """You are PicoClaw, a personal assistant that your owner talks to over a chat. Answer in the language the \
owner writes in, short and to the point, in Markdown.
You act through tools in a sandbox of your own: a Linux container with the directory /workspace, which persists, \
128 MB of memory and {network}. Use the tools whenever they give a better answer than memory, and say what you did. \
Files that your owner sends are in /workspace/inbox; send_file sends one to the chat. \
Do not repeat a command whose outcome is unknown without checking first.
Today is {today} (UTC); the command `date` tells the time."""

# Of a list of allowed hosts, which goes into every request to the model.
_HOSTS_NAMED = 50


def system(instructions: str, allow_hosts: Sequence[str]) -> str:
    """The system prompt; the same all day long, for one that changed could not be read from a provider's cache."""
    today = datetime.now(UTC).strftime("%A %Y-%m-%d")
    return f"{_SYSTEM.format(today=today, network=_network(allow_hosts))}\n{instructions}".strip()


def _network(allowed: Sequence[str]) -> str:
    """What the model must know of its network: most clients show no more of a refusal than its number."""
    if not allowed:
        return "no network"
    named = ", ".join("any public host" if entry == "*" else entry for entry in allowed[:_HOSTS_NAMED])
    more = f" and {len(allowed) - _HOSTS_NAMED} more" if len(allowed) > _HOSTS_NAMED else ""
    return (
        f"no network but HTTPS, through the proxy that the environment names, to {named}{more}; what that proxy "
        "answers with 403 is not allowed, and only your owner can allow it: sandbox.allow_hosts in config.json"
    )
