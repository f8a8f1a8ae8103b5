"""Whom a message of the bot notifies: what the text names, as far as `allowed_mentions` lets it."""

from __future__ import annotations

from typing import Any

from tests.fakes.discord.errors import form_error
from tests.fakes.discord.objects import Message
from tests.fakes.discord.world import World

_KINDS = {"roles", "users", "everyone"}


def pinged(message: Message, allowed: Any, world: World) -> list[str]:
    """User and role ids, and `everyone`; without `allowed` all that is named. Raises ApiError."""
    answered = message.answers.author.id if message.answers is not None else None
    named = [user for user in message.mentioned() if user in world.users and user != answered]
    everyone = ["everyone"] if message.names_everyone() is not None else []
    if allowed is None:
        return [*named, *message.mentioned_roles(), *everyone, *([answered] if answered else [])]
    parse = set(allowed.get("parse") or ())
    if parse - _KINDS:
        raise form_error("allowed_mentions.parse", "BASE_TYPE_CHOICES", f"Value must be one of {sorted(_KINDS)}.")
    for kind in ("users", "roles"):
        if kind in parse and allowed.get(kind):
            code, words = "MUTUALLY_EXCLUSIVE", f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            raise form_error("allowed_mentions", f"MESSAGE_ALLOWED_MENTIONS_PARSE_{code}", words)
    found = [user for user in named if "users" in parse or user in (allowed.get("users") or ())]
    found += [role for role in message.mentioned_roles() if "roles" in parse or role in (allowed.get("roles") or ())]
    found += everyone if "everyone" in parse else []
    return found + ([answered] if answered and allowed.get("replied_user") else [])
