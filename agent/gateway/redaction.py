"""Keeping the config's secrets out of whatever is said, stored, logged or handed to the model and its commands.

No command of the model can read them; but an owner pastes a key into the chat, or a provider repeats it in an error.
"""

from __future__ import annotations

from collections.abc import Iterable

STAND_IN = "***"
# Below this, a "key" such as `ollama` for a server that wants none is a word that people use.
SHORTEST = 16


class Redaction:
    """Replaces every secret wherever in a text it turns up."""

    def __init__(self, secrets: Iterable[str] = (), shortest: int = SHORTEST) -> None:
        # Longest first: one secret may begin with another.
        self._secrets = sorted({secret for secret in secrets if len(secret) >= shortest}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without them."""
        for secret in self._secrets:
            text = text.replace(secret, STAND_IN)
        return text
