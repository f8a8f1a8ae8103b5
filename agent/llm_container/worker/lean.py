"""What litellm loads and the worker never uses: 42 of its 190 MB.

All of it are tables for counting tokens without asking the provider. The worker counts nothing: providers report usage,
and where one does not, an estimate by length stands in.
"""

from __future__ import annotations

import sys

_CHARACTERS_PER_TOKEN = 4


class RoughEncoding:
    """In place of tiktoken's encodings, whose tables take 34 MB each: as many tokens as the length suggests."""

    name = "rough"

    def encode(self, text: str, **_: object) -> list[int]:
        """A token for every four characters."""
        return [0] * -(-len(text) // _CHARACTERS_PER_TOKEN)

    def decode(self, tokens: list[int], **_: object) -> str:
        """Text of about the length that so many tokens have."""
        return " " * (_CHARACTERS_PER_TOKEN * len(tokens))


def before_import() -> None:
    """Let tiktoken hand out the rough encoding, whichever is asked for.

    litellm loads one when it is imported, and others for the price of each call.
    """
    import tiktoken

    tiktoken.get_encoding = tiktoken.encoding_for_model = lambda *_, **__: RoughEncoding()


def after_import() -> None:
    """Drop the tokenizer of Claude 2, which litellm has parsed and not used since."""
    utils = sys.modules["litellm.utils"]
    if hasattr(utils, "json_data"):
        setattr(utils, "json_data", {})  # noqa: B010 - not for the type checker to know
