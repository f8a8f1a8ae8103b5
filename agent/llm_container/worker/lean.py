"""What litellm loads and the worker never uses: 42 of its 190 MB.

Both are tables for counting tokens without asking the provider. The worker counts nothing: providers report usage, and
where one does not, an estimate by length stands in.
"""

from __future__ import annotations

import sys
from types import ModuleType

_ENCODING_MODULE = "litellm.litellm_core_utils.default_encoding"
_CHARACTERS_PER_TOKEN = 4


class RoughEncoding:
    """In place of tiktoken's cl100k_base, whose ranks take 34 MB: as many tokens as the text's length suggests."""

    name = "rough"

    def encode(self, text: str, **_: object) -> list[int]:
        """A token for every four characters."""
        return [0] * -(-len(text) // _CHARACTERS_PER_TOKEN)

    def decode(self, tokens: list[int], **_: object) -> str:
        """Text of about the length that so many tokens have."""
        return " " * (_CHARACTERS_PER_TOKEN * len(tokens))


def before_import() -> None:
    """Put the rough encoding where litellm looks for the table."""
    module = ModuleType(_ENCODING_MODULE)
    module.encoding = RoughEncoding()  # type: ignore[attr-defined]
    sys.modules[_ENCODING_MODULE] = module


def after_import() -> None:
    """Drop the tokenizer of Claude 2, which litellm has parsed and not used since."""
    utils = sys.modules["litellm.utils"]
    if hasattr(utils, "json_data"):
        setattr(utils, "json_data", {})  # noqa: B010 - not for the type checker to know
