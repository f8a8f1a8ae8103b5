"""What the types of all stand-ins have in common."""

from typing import Literal

import msgspec

NetworkMode = Literal["ok", "silence", "reset", "refuse"]


class Form(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what the control API takes and gives."""


class NetworkSetting(Form):
    """How a host's sockets behave from now on; `host` may be `*`.

    silence: connections are accepted and never answered, TLS handshake included, and open ones fall silent;
    reset: open and new connections are reset; refuse: nobody listens.
    """

    host: str
    mode: NetworkMode


class Attachment(Form):
    """A file that a user sends; `content` is base64 on the wire."""

    name: str
    content: bytes
    mime_type: str = "application/octet-stream"
