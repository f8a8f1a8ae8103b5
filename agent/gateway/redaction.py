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

    def beginning(self, text: str) -> str:
        """As above, of a text that goes on: without an end that may be the beginning of a secret."""
        safe = self(text)
        held = max((_begun(secret, safe) for secret in self._secrets), default=0)
        return safe[: len(safe) - held]


def _begun(secret: str, text: str) -> int:
    """How many characters of the secret's beginning the text ends with."""
    longest = min(len(secret) - 1, len(text))
    return next((length for length in range(longest, 0, -1) if text.endswith(secret[:length])), 0)
