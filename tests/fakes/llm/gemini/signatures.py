"""Signatures of thought: a model that thinks signs its calls, and wants the signatures back."""

import base64
import hashlib

_MARK = b"stand-in:"
_WAIVERS = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")


def signature(name: str) -> str:
    """For a call of this function."""
    return base64.b64encode(_MARK + hashlib.sha256(name.encode()).digest()).decode()


def is_signature(value: bytes | None) -> bool:
    """Whether it is one of ours, or one of the documented words that stand in for one."""
    if value is None:
        return False
    words = [word.encode() for word in _WAIVERS]
    decoded = [base64.urlsafe_b64decode(word + b"=" * (-len(word) % 4)) for word in words]
    return value.startswith(_MARK) or value in words + decoded
