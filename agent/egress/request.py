"""The line with which a client asks for a tunnel (RFC 9110, CONNECT), read strictly."""

from __future__ import annotations

import re

from agent.egress import addresses, names, rules
from agent.egress.errors import RefusedError
from agent.egress.rules import Target

_LINE = re.compile(rb"(?P<method>[A-Z]{1,20}) (?P<target>[!-~\x80-\xff]+)(?P<version> HTTP/1\.[01])?\r")
_TARGET = re.compile(r"(?:\[(?P<literal>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:@/?#\\]+)):(?P<port>[^:]*)")


def target(line: bytes) -> Target:
    """What the client asks for; `line` is without its final LF. RefusedError for anything but a CONNECT."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise RefusedError(400, "The request line is not HTTP: it must be CONNECT host:port HTTP/1.1")
    if match["method"] != b"CONNECT":
        raise RefusedError(
            405, "Only CONNECT is served here: use an https address, and HTTPS_PROXY rather than HTTP_PROXY"
        )
    if match["version"] is None:
        raise RefusedError(400, "The request line ends without HTTP/1.1")
    try:
        return _target(match["target"].decode())
    except ValueError as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise RefusedError(400, f"The target of CONNECT must be host:port, but {reason}") from None


def _target(text: str) -> Target:
    match = _TARGET.fullmatch(text)
    if match is None:
        raise ValueError("it is not of that form")
    port = rules.port_number(match["port"])
    literal = match["literal"] or match["name"]
    try:
        address = addresses.parse(literal)
    except ValueError:
        address = None
    if address is None and match["literal"] is not None:
        raise ValueError("its brackets hold no IPv6 address")
    if address is None:
        return Target(names.canonical(literal), port)
    if match["literal"] is not None and ":" not in literal:
        raise ValueError("its brackets hold no IPv6 address")
    return Target(str(address), port, address)
