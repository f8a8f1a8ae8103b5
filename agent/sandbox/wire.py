"""JSON on the sandbox's side, by the interpreter's own accelerator.

The `json` package pulls in `re` and `enum`: 1.1 MB of memory on the owner's VPS for what `_json` does alone.
"""

import _json

from agent.sandbox.protocol import MalformedError


def _refuse(what: object) -> None:
    raise ValueError(f"{what!r} is not JSON")


class _Options:
    strict = True
    object_hook = None
    object_pairs_hook = None
    array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_refuse)  # NaN, Infinity


_scan = _json.make_scanner(_Options)  # type: ignore[arg-type]
_encode = _json.make_encoder(None, _refuse, _json.encode_basestring, None, ":", ",", False, False, False)


def loads(body: bytes) -> dict[str, object]:
    """The JSON object in `body`; MalformedError when it holds anything else."""
    try:
        text = body.decode()
        value, end = _scan(text, 0)
    except (ValueError, StopIteration, RecursionError) as error:
        raise MalformedError("a frame that is not JSON") from error
    if not isinstance(value, dict) or end != len(text):
        raise MalformedError("a frame that is not one JSON object")
    return value


def dumps(value: dict[str, object]) -> bytes:
    """`value` as JSON; a lone surrogate, which UTF-8 cannot hold, becomes a question mark."""
    return "".join(_encode(value, 0)).encode("utf-8", "replace")
